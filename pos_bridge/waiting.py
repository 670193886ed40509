"""What waits for a worker: queries only, those that each look and each delivery ask with their SQL written once
(prepared.py). What is done about it is in outbox.py.

Times are aware datetimes handed in as `now`; durations are seconds, divided by settings.TIME_DIVISOR. A time
that lies further ahead than we ever write was written by a clock that has jumped, and counts as past (F38).
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)

from pos_bridge import breaker, retry
from pos_bridge.models import Addition, Register
from pos_bridge.prepared import Prepared
from pos_bridge.registers import (
    kinds_that_drop_doubles,
    kinds_that_list_states,
    kinds_that_look_up,
)
from pos_bridge.times import seconds

State = Addition.State

LEASE = 25.0  # longer than a POST may take (registers/http.py, 15 s) and the commits around it
FRESH = 20 * 60.0  # a main course printed hours late is a fault: older ones wait for a person (P8)
# So long the healthy ones go before an unclear addition that is due.
PATIENCE = 5.0
# So often an unclear addition keeps its table's later ones waiting, and no longer (P7).
TRANSIENT_TRIES = 3


def _written_out(*states: Addition.State) -> list[Func]:
    """In the SQL itself: SQLite uses an index with a condition only where it can see that the condition holds."""
    return [
        Func(template=f"'{state.value}'", output_field=CharField(max_length=10)) for state in states
    ]


# As the conditions of the indexes of models.Addition say it.
TO_SEND = _written_out(State.QUEUED, State.SENDING, State.UNCERTAIN)
TO_FOLLOW = _written_out(State.ACCEPTED, State.RECEIVED, State.UNCERTAIN, State.HELD, State.REFUSED)
TO_TROUBLE = _written_out(
    State.QUEUED, State.SENDING, State.ACCEPTED, State.REFUSED, State.UNCERTAIN, State.HELD
)
FOLLOWED_FOR = 24 * 3600.0  # after that no list moves it on: the table has long gone


def due(register: Any, now: datetime) -> QuerySet[Addition]:
    """What may be sent now: fresh, its waiting time over, and no earlier one of its table in the way."""
    # “+ 0”: the index of the numbers would lead SQLite through all that the register ever had.
    earlier = Addition.objects.alias(before=F("number") + 0).filter(
        Q(state__in=[State.QUEUED, State.SENDING])
        | Q(
            _resent(),
            state=State.UNCERTAIN,
            tries__lt=TRANSIENT_TRIES,
            next_try_at__isnull=False,  # what waits for a list (for_a_list) may wait for long
        ),
        state__in=TO_SEND,
        register=OuterRef("register"),
        order__table=OuterRef("order__table"),
        before__lt=OuterRef("number"),
    )
    on_time = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + seconds(2 * retry.LONGEST))
    return Addition.objects.filter(
        _resent(),
        _is_fresh(now),
        on_time,
        ~Exists(earlier),
        register=register,
        # A register of before takes nothing any more (F70).
        register__current=True,
        state__in=TO_SEND,
    )


def in_turn(additions: QuerySet[Addition], now: datetime) -> QuerySet[Addition]:
    """First come, first served; an unclear one waits behind the healthy (P7), but not for ever."""
    waits = Q(state=State.UNCERTAIN, next_try_at__gt=now - seconds(PATIENCE))
    unclear = Case(When(waits, then=Value(1)), default=Value(0), output_field=IntegerField())
    return additions.order_by(unclear, "number")


def resent() -> QuerySet[Addition]:
    """What is sent without a person, now or later."""
    return Addition.objects.filter(_resent(), state__in=TO_SEND)


def stale(now: datetime) -> QuerySet[Addition]:
    """What would be sent by itself and is too old for it."""
    return resent().exclude(_is_fresh(now))


def unbound() -> QuerySet[Addition]:
    """What would be sent by itself to a register that the restaurant no longer uses (F70)."""
    return resent().filter(register__current=False)


def for_a_list(register: Any) -> QuerySet[Addition]:
    """What a person sends again so late that the register may have forgotten its number: its lists are read before
    (F62).
    """
    return resent().filter(
        register=register, state=State.UNCERTAIN, released_at__isnull=False, next_try_at=None
    )


def to_be_looked_up(register: Any, now: datetime) -> QuerySet[Addition]:
    """What may be on a register that can be asked for one number, and that must not be sent twice."""
    return Addition.objects.filter(
        ~_resent(),
        Q(next_try_at__lte=now) | Q(next_try_at__gt=now + seconds(2 * retry.LONGEST)),
        register=register,
        register__kind__in=kinds_that_look_up(),
        # One that is silent is probed, and nothing else (P12).
        register__failures__lt=breaker.FAILURES,
        state__in=TO_SEND,
        state=State.UNCERTAIN,
    )


def _is_fresh(now: datetime) -> Q:
    """Young, or let go on by a person a short while ago (P8). What comes from far ahead is of an unknown age (F38)."""
    since, ahead = now - seconds(FRESH), now + seconds(FRESH)
    return Q(created_at__gt=since, created_at__lt=ahead) | Q(
        released_at__isnull=False, released_at__gt=since, released_at__lt=ahead
    )


def lost(now: datetime) -> QuerySet[Addition]:
    """What a worker took and has not given back in time."""
    return Addition.objects.filter(lease_is_free(now), state__in=TO_SEND, state=State.SENDING)


def followed(register: Any, now: datetime) -> QuerySet[Addition]:
    """What the lists of states may move on."""
    since = now - seconds(FOLLOWED_FOR)
    young = Q(created_at__gt=since) | Q(released_at__isnull=False, released_at__gt=since)
    return Addition.objects.filter(young, register=register, state__in=TO_FOLLOW)


def lease_is_free(now: datetime) -> Q:
    """Nobody's, or run out."""
    far = now + seconds(2 * LEASE)
    return Q(lease_owner="") | Q(lease_until__lte=now) | Q(lease_until__gt=far)


def poll_is_due(now: datetime) -> Q:
    far = now + seconds(2 * retry.LONGEST)
    return Q(next_poll_at__isnull=True) | Q(next_poll_at__lte=now) | Q(next_poll_at__gt=far)


def _resent() -> Q:
    """What is sent without a person: the queued, and the unclear where doubles are dropped."""
    return Q(state=State.QUEUED) | Q(
        state=State.UNCERTAIN, register__kind__in=kinds_that_drop_doubles()
    )


# --- Asked at each look, and for each delivery ----------------------------------------------------


def registers_to_serve(now: datetime) -> list[int]:
    """Registers with an addition to send or look up, a list to read or a probe to make, which nobody serves now."""
    return _to_serve.column(now)


def anything_open(now: datetime) -> bool:
    """Whether anything is on its way, so that a worker had better look often. What is old is in no hurry."""
    return _open.exists(now) or _to_follow.exists(now)


def is_anything_to_hold(now: datetime) -> bool:
    """Whether `stale` or `unbound` would find something."""
    return _unbound.exists() or _stale.exists(now)


def is_any_lost(register_id: int, now: datetime) -> bool:
    return _lost.exists(register_id, now)


def is_any_due(register_id: int, now: datetime) -> bool:
    return _due.exists(register_id, now)


def is_served(register_id: int, now: datetime) -> bool:
    """Whether a worker has the register's lease at this moment."""
    return _served.exists(register_id, now)


def next_in_turn(register_id: int, now: datetime) -> Addition | None:
    """Of what is due, with its register. The keys are read by whoever needs them, where it can be said that they cannot
    be read.
    """
    return _in_turn.first(register_id, now)


def last_position(order_id: int) -> int:
    """Of the order's additions; 0 where it has none."""
    return sum(_last_position.column(order_id))


def next_to_look_up(register_id: int, now: datetime) -> Addition | None:
    """With its register."""
    return _to_be_looked_up.first(register_id, now)


def _registers_to_serve(now: datetime) -> QuerySet[Register, int]:
    to_send = Q(Exists(due(OuterRef("pk"), now)), paused_reason="")
    to_look_up = Q(Exists(to_be_looked_up(OuterRef("pk"), now)))
    to_read = Q(Exists(followed(OuterRef("pk"), now)), kind__in=kinds_that_list_states())
    to_probe = Q(current=True) & breaker.is_probed()
    abandoned = Q(Exists(lost(now).filter(register=OuterRef("pk"))))
    return (
        Register.objects.filter(lease_is_free(now))
        # One that pauses or is silent takes nothing, and is asked what it has.
        .filter(
            abandoned
            | (poll_is_due(now) & (to_read | to_probe))
            | (breaker.lets_through() & (to_send | to_look_up))
        )
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _fresh(now: datetime) -> QuerySet[Addition]:
    return Addition.objects.filter(_is_fresh(now))


def _what_is_spoken() -> tuple[Any, ...]:
    """What stands in these queries beside what they are given."""
    kinds = (kinds_that_drop_doubles(), kinds_that_list_states(), kinds_that_look_up())
    return settings.TIME_DIVISOR, *map(tuple, kinds)


def _prepared(build: Any) -> Prepared[Any]:
    return Prepared(build, _what_is_spoken)


_to_serve = _prepared(lambda now: _registers_to_serve(now))
_open = _prepared(lambda now: _fresh(now).filter(state__in=TO_SEND))
_to_follow = _prepared(lambda now: _fresh(now).filter(state__in=TO_FOLLOW, state=State.ACCEPTED))
_unbound = _prepared(lambda: unbound())
_stale = _prepared(lambda now: stale(now))
_lost = _prepared(lambda register, now: lost(now).filter(register=register))
_due = _prepared(lambda register, now: due(register, now))
_served = _prepared(
    lambda register, now: Register.objects.filter(pk=register).exclude(lease_is_free(now))
)
_in_turn = _prepared(
    lambda register, now: (
        in_turn(due(register, now), now).select_related("register").defer("register__credentials")
    )
)
_to_be_looked_up = _prepared(
    lambda register, now: (
        to_be_looked_up(register, now).select_related("register").order_by("next_try_at")
    )
)
_last_position = Prepared(
    lambda order: (
        Addition.objects.filter(order_id=order).order_by("-position").values_list("position")[:1]
    )
)
