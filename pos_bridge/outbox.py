"""The only writer of an addition's state. Every arrow is one guarded UPDATE (`move`) whose row count is checked.

An order and its addition are born in one transaction (`enqueue`). A worker takes the register's lease, so
that one POST is in flight for each register, then an addition (`claim`), and commits before a socket opens:
that it may have been sent is known before it is. What came back is written by `settle`, which changes nothing
where the lease was lost meanwhile. A worker that was killed leaves a lease that runs out (`recover`). The
register's lists move on what it has (following.py), and so does a person (decisions.py); both by `move`.

Times are aware datetimes handed in as `now`; durations are seconds, divided by settings.TIME_DIVISOR.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pos_bridge import attempts, breaker, retry, taking, waiting, wake
from pos_bridge.arrows import ARROWS, EVENTS, ForbiddenArrow
from pos_bridge.consequences import CRASHES, LOOK_FIRST, believed, consequence, crashes
from pos_bridge.errors import DeliveryError, Misconfigured, Unsupported
from pos_bridge.models import Addition, AdditionEvent, Attempt, Register
from pos_bridge.prepared import Prepared, PreparedUpdate, update_where
from pos_bridge.registers import adapter_class
from pos_bridge.registers.base import Receipt
from pos_bridge.ticket import Ticket
from pos_bridge.times import seconds
from pos_bridge.waiting import LEASE

State = Addition.State

# A pause that only a person ends who has looked at the numbers (decisions.accept_numbers).
STRANGE_NUMBERS = "strange_numbers"
Guard = Q | Mapping[str, Any]
NONE: Guard = {}
SHORT_WAIT = 1.0  # for the lock; a lease that is shorter by this is as good


_take = PreparedUpdate(
    lambda register, now, owner, until: Register.objects.filter(
        waiting.lease_is_free(now), breaker.lets_through(), pk=register, paused_reason=""
    ),
    lambda register, now, owner, until: {"lease_owner": owner, "lease_until": until},
    lambda: settings.TIME_DIVISOR,
)


@dataclass(frozen=True)
class Claim:
    """An addition that its owner may send now, once."""

    addition: Addition
    owner: str
    attempt_id: int
    # Queued or uncertain: where it goes back to after a try that surely sent nothing.
    was: State
    # Nobody else takes it before; a POST that would not be over by then must not begin.
    until: datetime
    # The same on a clock that nobody sets (time.monotonic).
    until_monotonic: float


# --- For those who order ------------------------------------------------------------------------


def current_register(restaurant_id: int) -> Register | None:
    """The one that new orders go to, without its keys, or None."""
    return _current.first(restaurant_id)


def enqueue(
    *, order_id: int, register: Register, ticket: Ticket, waits_for: str = "", detail: str = ""
) -> Addition:
    """Freeze the ticket, its number and its exact body, and queue it, in the caller's transaction. `waits_for`: a
    reason of words.FOR_OK, and it is held until a person lets it go (approvals.py); `detail`: why, for staff.

    Raises Unsupported where the register cannot be told this order, and numbers.NumbersExhausted.
    """
    adapter = adapter_class(register.kind)
    if adapter is None:
        raise Unsupported(f"{register.get_kind_display()} is not spoken yet")
    now = timezone.now()
    uuid = uuid4() if adapter.needs_uuid else None
    with transaction.atomic():
        number = taking.take(register, now)
        addition = Addition.objects.create(
            order_id=order_id,
            position=waiting.last_position(order_id) + 1,
            register=register,
            number=number,
            uuid=uuid,
            ticket=ticket.to_json(),
            body=adapter.build(ticket, number, register.options, uuid),
            state=State.HELD if waits_for else State.QUEUED,
            reason=waits_for,
            detail=detail,
            next_try_at=None if waits_for else now,
        )
        transaction.on_commit(wake.ring)
    return addition


_current = Prepared(
    lambda restaurant: Register.objects.filter(restaurant_id=restaurant, current=True).defer(
        "credentials"
    )
)


def take_back(*, addition: Addition) -> bool:
    """A refused order's lines go back into the cart. False: somebody else was faster, or it is not refused."""
    return move(
        addition.pk,
        State.REFUSED,
        State.HANDLED,
        timezone.now(),
        handled_as=Addition.Handled.TAKEN_BACK,
    )


def resume(*, register: Register) -> bool:
    """A person has changed something: what waits is tried again at once."""
    paused = Register.objects.filter(pk=register.pk).exclude(
        paused_reason__in=["", STRANGE_NUMBERS]
    )
    return bool(paused.update(paused_reason=""))


def latest(order_id: int) -> Addition:
    """The addition of an order that counts. Raises Addition.DoesNotExist."""
    return Addition.objects.select_related("register").filter(order_id=order_id).latest("position")


# --- For workers: what time does ----------------------------------------------------------------


def hold(now: datetime) -> int:
    """What may not be sent by itself waits for a person: too old (P8), or bound to a register of before (F70)."""
    if not waiting.is_anything_to_hold(now):
        return 0
    held = 0
    for reason, additions in (
        ("register_changed", waiting.unbound()),
        ("stale", waiting.stale(now)),
    ):
        for addition in additions:
            source = State(addition.state)
            # A person may let it go on at this very moment.
            as_read = {"released_at": addition.released_at}
            held += move(
                addition.pk, source, State.HELD, now, as_read, reason=reason, next_try_at=None
            )
    return held


def recover(register_id: int, now: datetime) -> int:
    """Additions whose worker was lost: they may have been sent. Held where it has happened too often."""
    if not waiting.is_any_lost(register_id, now):
        return 0
    recovered = 0
    for addition in waiting.lost(now).filter(register=register_id):
        crashed = crashes(addition) + 1 >= CRASHES
        with transaction.atomic():
            moved = move(
                addition.pk,
                State.SENDING,
                State.HELD if crashed else State.UNCERTAIN,
                now,
                {"lease_owner": addition.lease_owner},
                reason="crashes" if crashed else "worker_lost",
                **_unleased(None if crashed else now),
            )
            if moved:
                tried = Attempt.objects.filter(addition=addition, number=addition.tries, outcome="")
                tried.update(outcome="lost", reason="worker_lost")
                recovered += 1
    return recovered


# --- For workers: send --------------------------------------------------------------------------


def claim(register_id: int, *, worker: str, now: datetime) -> Claim | None:
    """Take the register and its next addition, and write down that it is tried. None: nothing to do, or not our
    turn.
    """
    began = time.monotonic()
    if not waiting.is_any_due(register_id, now):
        return None  # a look costs no lock
    owner = _new_owner(worker)
    with transaction.atomic():
        if not _take.update(register_id, now, owner, now + seconds(LEASE)):
            return None
        # The lock may have been waited for: the lease runs from here.
        waited = timedelta(seconds=time.monotonic() - began)
        if waited > seconds(LEASE):
            # Seen from so long ago, a lease that was taken meanwhile looks like one of a clock that has jumped.
            transaction.set_rollback(True)
            return None
        now += waited
        until = now + seconds(LEASE)
        until_monotonic = time.monotonic() + seconds(LEASE).total_seconds()
        if waited > seconds(SHORT_WAIT):
            Register.objects.filter(pk=register_id).update(lease_until=until)
        else:
            # What was written runs out a little earlier, and a write is spared.
            until, until_monotonic = until - waited, until_monotonic - waited.total_seconds()
        addition = waiting.next_in_turn(register_id, now)
        claimed = (
            _claimed(addition, owner, worker, now, until, until_monotonic) if addition else None
        )
        if not claimed:
            _release(register_id, owner)
    return claimed


def settle(
    claim: Claim, outcome: Receipt | DeliveryError | None, *, now: datetime, duration: float
) -> bool:
    """Write what came of a try; None: our own software failed. `duration` in seconds, not divided.

    False: the lease was lost meanwhile, and whoever has it decides; the try is written down all the same.
    """
    addition = claim.addition
    with transaction.atomic(savepoint=False):
        outcome = believed(addition, outcome)
        moved = _written(claim, outcome, now, duration)
        # Looked for in the lists at once; a register that nothing can pass is asked now and then (P12).
        soon = seconds(breaker.PROBE if isinstance(outcome, Misconfigured) else 0)
        heard = breaker.after_try(outcome, now)
        _release(addition.register_id, claim.owner, next_poll_at=now + soon, **heard)
        if heard.get("failures") != 0:
            breaker.probe_later(addition.register_id, now)
        if isinstance(outcome, Receipt) and breaker.was_left_alone(addition.register):
            hasten(addition.register_id, now)
        if moved and isinstance(outcome, Misconfigured) and _is_as_it_was(addition.register):
            pause(addition.register_id, outcome.reason)
    return moved


def settle_and_claim(
    claim: Claim, outcome: Receipt, *, worker: str, now: datetime, duration: float
) -> tuple[bool, Claim | None]:
    """Settle, and take the register's next addition in the same transaction: a queue waits for one commit and not for
    two. None: nothing else is due, or something is in the way, and `claim` finds out what.
    """
    began = time.monotonic()
    register = claim.addition.register
    if outcome.repeat or breaker.was_left_alone(register):
        return settle(claim, outcome, now=now, duration=duration), None
    with transaction.atomic():
        moved = _written(claim, outcome, now, duration)
        heard = {"next_poll_at": now, **breaker.after_try(outcome, now)}
        now += timedelta(seconds=time.monotonic() - began)
        addition = waiting.next_in_turn(register.pk, now) if moved else None
        owner, until = _new_owner(worker), now + seconds(LEASE)
        until_monotonic = time.monotonic() + seconds(LEASE).total_seconds()
        # The lease goes on with the next one, where it is still ours and nobody has paused the register.
        mine = {"pk": register.pk, "lease_owner": claim.owner, "paused_reason": ""}
        lease = {"lease_owner": owner, "lease_until": until}
        if not addition or not update_where(Register, mine, {**lease, **heard}):
            _release(register.pk, claim.owner, **heard)
            return moved, None
        claimed = _claimed(addition, owner, worker, now, until, until_monotonic)
        if not claimed:
            _release(register.pk, owner)
    return moved, claimed


def _written(
    claim: Claim, outcome: Receipt | DeliveryError | None, now: datetime, duration: float
) -> bool:
    """Where the addition goes after the try, and the try. False: the lease was lost meanwhile."""
    target, fields = consequence(claim.addition, claim.was, outcome, now)
    moved = move(
        claim.addition.pk,
        State.SENDING,
        target,
        now,
        {"lease_owner": claim.owner},
        **{**_unleased(None), **fields},
    )
    told = {"duration_ms": int(duration * 1000), **attempts.told(outcome)}
    update_where(Attempt, {"pk": claim.attempt_id}, told)
    return moved


def _new_owner(worker: str) -> str:
    return f"{worker[:40]}:{secrets.token_hex(8)}"


def _claimed(
    addition: Addition,
    owner: str,
    worker: str,
    now: datetime,
    until: datetime,
    until_monotonic: float,
) -> Claim | None:
    """Of a register whose lease is the owner's. None: the addition is no longer as it was read."""
    was = State(addition.state)
    if not move(
        addition.pk,
        was,
        State.SENDING,
        now,
        {"tries": addition.tries},
        lease_owner=owner,
        lease_until=until,
        tries=addition.tries + 1,
    ):
        return None
    addition.state, addition.tries = State.SENDING, addition.tries + 1
    attempt = attempts.begin(addition, worker, now)
    return Claim(addition, owner, attempt, was, until, until_monotonic)


def pause(register_id: int, reason: str) -> None:
    """Nothing can pass until a person changes something; what waits, waits."""
    register = Register.objects.filter(pk=register_id).exclude(paused_reason=STRANGE_NUMBERS)
    register.update(paused_reason=reason)


def hasten(register_id: int, now: datetime, *, first_only: bool = False) -> None:
    """The register answers again: what waits for its next try need not wait longer. One POST is in flight at a time,
    so this is no rush.
    """
    waits = waiting.resent().filter(register=register_id, next_try_at__gt=now)
    if first_only:
        waits = waits.filter(pk__in=list(waits.order_by("number").values_list("pk", flat=True)[:1]))
    waits.update(next_try_at=now)


def put_off(register_id: int, now: datetime) -> None:
    """Nothing may be sent before the register's list has been read, which is tried again a little later."""
    wait = seconds(retry.delay(1) + LOOK_FIRST)
    waiting.resent().filter(register=register_id, next_try_at__lt=now + wait).update(
        next_try_at=now + wait
    )


def look_again(addition: Addition, now: datetime) -> None:
    """It was looked up and not found, which proves nothing: again later, ever more rarely, while it is fresh."""
    age = now - (addition.released_at or addition.created_at)
    at = now + max(seconds(LOOK_FIRST), age / 4) if age < seconds(waiting.FRESH) else None
    Addition.objects.filter(pk=addition.pk, state=State.UNCERTAIN).update(next_try_at=at)


def _is_as_it_was(tried: Register) -> bool:
    """Whether address and keys are still those of the try: new ones are not to blame for the old."""
    now = Register.objects.filter(pk=tried.pk, base_url=tried.base_url).defer("credentials").first()
    try:
        return now is not None and now.credentials == tried.credentials
    except ImproperlyConfigured:
        return True  # they cannot be read, which is what the try has ended in


# --- The one UPDATE, and what it is guarded by --------------------------------------------------


def move(
    pk: int, source: State, target: State, now: datetime, guard: Guard = NONE, **fields: Any
) -> bool:
    """Draw one arrow, with its event. False: the row is no longer as the caller has seen it, and nothing has
    changed. `guard`: what else must be so, {lookup: value} or a condition.
    """
    if target not in ARROWS[source]:
        raise ForbiddenArrow(f"{source} -> {target}")
    with transaction.atomic(savepoint=False):
        changed = {"state": target.value, "changed_at": now, **fields}
        moved = _update(guard, {"pk": pk, "state": source.value}, changed)
        if moved and target in EVENTS:
            AdditionEvent.objects.get_or_create(addition_id=pk, kind=EVENTS[target])
    return bool(moved)


def _update(guard: Guard, where: dict[str, Any], fields: dict[str, Any]) -> int:
    if isinstance(guard, Q):
        return Addition.objects.filter(guard, **where).update(**fields)
    return update_where(Addition, {**where, **guard}, fields)


def _unleased(next_try_at: datetime | None) -> dict[str, Any]:
    return {"lease_owner": "", "lease_until": None, "next_try_at": next_try_at}


def _release(register_id: int, owner: str, **fields: Any) -> None:
    mine = {"pk": register_id, "lease_owner": owner}
    update_where(Register, mine, {"lease_owner": "", "lease_until": None, **fields})
