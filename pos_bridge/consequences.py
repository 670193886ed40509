"""What an addition comes to after a try, from what the register has answered and what was tried before."""

from datetime import datetime
from typing import Any

from pos_bridge import attempts, retry
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Rejected, Uncertain
from pos_bridge.models import Addition, Attempt
from pos_bridge.registers import kinds_that_drop_doubles, kinds_that_look_up
from pos_bridge.registers.base import Receipt
from pos_bridge.times import seconds

State = Addition.State

LOOK_FIRST = 1.0  # after an unclear outcome the lists are read before anything is sent again
CRASHES = 3  # of our own on one addition, then a person looks (F36)


def believed(
    addition: Addition, outcome: Receipt | DeliveryError | None
) -> Receipt | DeliveryError | None:
    """That it is there already proves something only after a try that may have brought it."""
    if not isinstance(outcome, Receipt) or not outcome.repeat:
        return outcome
    if attempts.may_have_booked(addition):
        return outcome
    return Uncertain("number_taken", http_status=outcome.http_status, answer=outcome.answer)


def consequence(
    addition: Addition, was: State, outcome: Receipt | DeliveryError | None, now: datetime
) -> tuple[State, dict[str, Any]]:
    """Where an addition goes after a try, and what is written with it. `was`: its state before."""
    if isinstance(outcome, Receipt):
        fields = {"accepted_at": now, "reason": "", "detail": "", "till_state": outcome.till_state}
        if outcome.state == "accepted":
            return State.ACCEPTED, fields
        return State.RECEIVED, {**fields, "received_at": now}
    if outcome is None:
        if crashes(addition) + 1 >= CRASHES:
            return State.HELD, {"reason": "crashes"}
        outcome = Uncertain("internal")
    fields = {"reason": outcome.reason[:50], "detail": attempts.storable(outcome.detail, 500)}
    wait = retry.delay(addition.tries, retry_after=outcome.retry_after)
    again = addition.register.kind in kinds_that_drop_doubles()
    if isinstance(outcome, NotSent):
        return was, {**fields, "next_try_at": now + seconds(wait)}
    if isinstance(outcome, Misconfigured):
        # Whoever answered has read the request, and may have booked it.
        read = outcome.http_status is not None
        return State.UNCERTAIN if read else was, {**fields, "next_try_at": now}
    if isinstance(outcome, Rejected):
        if attempts.may_have_booked(addition):
            # This try was refused; an earlier one may stand on the till, and must not be ordered again.
            return State.HELD, {**fields, "reason": "refused_late"}
        return State.REFUSED, fields
    soon = now + seconds(max(wait, LOOK_FIRST))
    at = soon if again or addition.register.kind in kinds_that_look_up() else None
    return State.UNCERTAIN, {**fields, "next_try_at": at}


def crashes(addition: Addition) -> int:
    """How often our own software was lost over it."""
    return Attempt.objects.filter(addition=addition, outcome__in=["lost", "crashed"]).count()
