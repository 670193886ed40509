"""What a person decides about an addition. Each is one guarded UPDATE from the state that the person saw: it wins or
loses against the worker, and whoever loses is told what the addition has become.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Exists, Q
from django.utils import timezone

from pos_bridge import attempts, outbox, waiting, wake
from pos_bridge.consequences import LOOK_FIRST
from pos_bridge.models import Addition, Register, StrangeNumber
from pos_bridge.registers import kinds_that_drop_doubles, kinds_that_list_states
from pos_bridge.times import seconds
from pos_bridge.words import FOR_OK, ON_TILL_TOO

State = Addition.State
Handled = Addition.Handled

# A POST in flight is over by then (registers/http.py, 15 s): so long a click waits for it (F71); seconds.
IN_FLIGHT = 15.0


class Decision(StrEnum):
    """A button of the staff."""

    ON_TILL = "on_till"  # it is there: a person has looked
    BY_HAND = "by_hand"  # a person has typed it on the till
    CANCELLED = "cancelled"  # nobody wants it any more
    SEND_AGAIN = "send_again"  # the same number and the same bytes
    REPLACE = "replace"  # another addition of the same order: services/orders.py
    SEEN = "seen"  # it stands there although a person had dealt with it


# From which states each may be taken. None from `sending`: what is in flight is waited for.
FROM: Mapping[Decision, frozenset[State]] = {
    Decision.ON_TILL: frozenset({State.UNCERTAIN, State.ACCEPTED, State.HELD, State.REFUSED}),
    Decision.BY_HAND: frozenset(
        {State.QUEUED, State.UNCERTAIN, State.ACCEPTED, State.HELD, State.REFUSED}
    ),
    Decision.CANCELLED: frozenset(
        {State.QUEUED, State.UNCERTAIN, State.ACCEPTED, State.HELD, State.REFUSED}
    ),
    Decision.SEND_AGAIN: frozenset({State.QUEUED, State.UNCERTAIN, State.HELD}),
    Decision.REPLACE: frozenset({State.UNCERTAIN, State.HELD, State.REFUSED}),
    Decision.SEEN: frozenset({State.HANDLED}),
}
# Why the number that it has must not be sent again.
NUMBER_TAKEN = "number_taken"


@dataclass(frozen=True)
class Decided:
    """Whether the decision holds. `state` is what the addition is now, and where it does not hold, why."""

    won: bool
    state: State
    in_flight: bool = False


def possible(addition: Addition) -> list[Decision]:
    """The buttons that fit an addition as it stands. Reads its register."""
    state = State(addition.state)
    if state == State.HANDLED:
        return [Decision.SEEN] if addition.reason == ON_TILL_TOO else []
    if state == State.SENDING:
        # The click waits until it is over, and holds if nothing has become of it.
        state = State.QUEUED
    found = [decision for decision in Decision if state in FROM[decision]]
    again = _may_be_sent_again(addition)
    left_out = Decision.REPLACE if again else Decision.SEND_AGAIN
    return [decision for decision in found if decision != left_out]


def decide(
    addition: Addition,
    decision: Decision,
    *,
    wait: float = IN_FLIGHT,
    kept: Callable[[], object] | None = None,
) -> Decided:
    """Carry out what a person has decided on seeing this addition, `addition.state` and `.tries` as they saw them.

    Where it is being sent this very moment it waits, `wait` seconds at most, without a transaction; it holds only if
    the addition comes back as it was seen. `kept`: what is written down of it, in the same transaction. Raises
    ValueError for a decision that is not of this module (REPLACE).
    """
    if decision == Decision.REPLACE:
        raise ValueError("services/orders.py builds another addition")
    seen = State.QUEUED if addition.state == State.SENDING else State(addition.state)
    now = _state_when_idle(addition.pk, wait)
    if now == State.SENDING:
        return Decided(False, now, in_flight=True)
    if now != seen or now not in FROM[decision]:
        return Decided(False, now)
    with transaction.atomic():
        won = _carry_out(addition, decision, now)
        if won and kept is not None:
            kept()
    return Decided(won, State(Addition.objects.values_list("state", flat=True).get(pk=addition.pk)))


def replaced(addition: Addition, now: datetime) -> bool:
    """End an addition in favour of the next of its order, in the caller's transaction. False: somebody was faster, or
    its own number is the one to send.
    """
    source = State(addition.state)
    if Decision.REPLACE not in possible(addition):
        return False
    return outbox.move(
        addition.pk, source, State.HANDLED, now, handled_as=Handled.REPLACED, next_try_at=None
    )


def accept_numbers(register: Register, *, highest: int | None = None) -> int:
    """A person has looked at the numbers that were never given here, up to the highest that they saw: the register goes
    on, above them, unless another has come since. How many.
    """
    strange = StrangeNumber.objects.filter(register=register, settled_at=None)
    seen = strange if highest is None else strange.filter(number__lte=highest)
    settled = seen.update(settled_at=timezone.now())
    paused = Register.objects.filter(pk=register.pk, paused_reason=outbox.STRANGE_NUMBERS)
    paused.filter(~Exists(strange)).update(paused_reason="")
    wake.ring()
    return settled


def _may_be_sent_again(addition: Addition) -> bool:
    """Under its number, to its register: not after a refusal, nor where the number or the register is another's."""
    return (
        addition.state != State.REFUSED
        and addition.reason != NUMBER_TAKEN
        and addition.register.current
    )


def _state_when_idle(pk: int, wait: float) -> State:
    end = time.monotonic() + seconds(wait).total_seconds()
    while True:
        state = State(Addition.objects.values_list("state", flat=True).get(pk=pk))
        if state != State.SENDING or time.monotonic() >= end:
            return state
        threading.Event().wait(0.1)


def _carry_out(addition: Addition, decision: Decision, source: State) -> bool:
    now = timezone.now()
    if decision == Decision.SEEN:
        noted = Addition.objects.filter(pk=addition.pk, state=source, reason=ON_TILL_TOO)
        return bool(noted.update(reason="", changed_at=now))
    if decision == Decision.SEND_AGAIN:
        return _may_be_sent_again(addition) and _send_again(addition, source, now)
    return outbox.move(
        addition.pk,
        source,
        State.HANDLED,
        now,
        handled_as=Handled(decision.value),
        next_try_at=None,
    )


def _send_again(addition: Addition, source: State, now: datetime) -> bool:
    """The same number and the same bytes, fresh from now on; the lists are read before (F62)."""
    fields: dict[str, Any] = {"released_at": now, "reason": "", "detail": ""}
    register = Register.objects.filter(pk=addition.register_id)
    register.update(next_poll_at=None)
    kind = addition.register.kind
    drops = kind in kinds_that_drop_doubles()
    sent = source != State.QUEUED and attempts.may_have_booked(addition)
    target = State.UNCERTAIN if drops and sent else State.QUEUED
    is_old = addition.created_at <= now - seconds(waiting.FRESH)
    waits = is_old and target == State.UNCERTAIN and kind in kinds_that_list_states()
    # Old, and perhaps sent: whether the register still knows the number nobody says (waiting.for_a_list).
    fields["next_try_at"] = None if waits else now + seconds(LOOK_FIRST)
    if source == State.HELD and addition.reason in FOR_OK:
        fields["approved_at"] = now
    if source == target:
        same = Addition.objects.filter(pk=addition.pk, state=source, tries=addition.tries)
        won = bool(same.update(**fields))
    else:
        still_its_own = ~Q(reason=NUMBER_TAKEN)
        won = outbox.move(addition.pk, source, target, now, still_its_own, **fields)
    wake.ring()
    return won
