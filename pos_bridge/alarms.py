"""Which alarms there are, asked of the database; each is a row while it lasts, and goes out once.

`reconcile` writes down what has begun and what is over. Who sends takes the alarms of one restaurant (`claim`) by a
guarded UPDATE, so that any number of `manage.py watch` may run, and says which addresses have them (`settle`). One that
is killed between the two leaves a lease that runs out, and the alarm goes out again: an alarm may come twice, and is
never lost.

Times are aware datetimes handed in as `now`; durations are seconds, divided by settings.TIME_DIVISOR.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from pos_bridge import breaker, heartbeat, numbers, retry
from pos_bridge.encryption import lookup_hash
from pos_bridge.models import Addition, Alarm, Heartbeat, Register, StrangeNumber
from pos_bridge.outbox import STRANGE_NUMBERS
from pos_bridge.times import SKEW, seconds
from pos_bridge.undelivered import undelivered
from pos_bridge.waiting import FRESH, lease_is_free
from pos_bridge.words import LATE, ON_TILL_TOO

State = Addition.State

SAME_AGAIN = 10 * 60.0  # an alarm that comes back within so long was never over
GATHER = 60.0  # so long later ones of the same cause wait for each other
LEASE = 30.0  # longer than a round of sending may take (ordering/alarm_rounds.py)
LATE_TOLD_FOR = 3600.0
# A worker that is started with us, or wakes with us from a machine's sleep, has so long to say that it lives.
WORKER_GRACE = 15.0
KEPT_FOR = 90 * 24 * 3600.0

# What each state of an undelivered addition is a trouble of. Between those of one kind it goes to and fro by itself.
KINDS: Mapping[State, str] = {
    State.QUEUED: "open",
    State.SENDING: "open",
    State.UNCERTAIN: "open",
    State.ACCEPTED: "accepted",
    State.REFUSED: "refused",
    State.HELD: "held",
    State.HANDLED: ON_TILL_TOO,
}


@dataclass(frozen=True)
class Trouble:
    """What an alarm is raised for. `hold_back`: seconds in which it may pass without anybody hearing of it."""

    key: str
    reason: str
    restaurant_id: int | None = None
    table: str = ""
    order_number: int | None = None
    hold_back: float = 0.0


# --- Which there are ------------------------------------------------------------------------------


def present(now: datetime) -> list[Trouble]:
    """All that a person must hear of now. A dozen queries, whatever the number of restaurants."""
    return [
        *_of_the_processes(now),
        *_of_registers(now),
        *_of_additions(now),
        *_of_the_late(now),
    ]


def _of_the_processes(now: datetime) -> Iterator[Trouble]:
    deliver = heartbeat.health(Heartbeat.Kind.DELIVER, now)
    # Where no register is set up there is nothing to deliver.
    if not deliver.alive and (deliver.last_at or Register.objects.filter(current=True).exists()):
        yield Trouble("deliver", "worker_dead", hold_back=WORKER_GRACE)
    if heartbeat.jump(now):
        yield Trouble("clock", "clock")


def _of_registers(now: datetime) -> Iterator[Trouble]:
    strange = StrangeNumber.objects.filter(settled_at=None)
    for pk, restaurant in strange.values_list("register", "register__restaurant").distinct():
        yield Trouble(f"register:{pk}:strange_numbers", "strange_numbers", restaurant)
    current = Register.objects.filter(current=True)
    paused = current.exclude(paused_reason__in=["", STRANGE_NUMBERS])
    for pk, restaurant, reason in paused.values_list("pk", "restaurant", "paused_reason"):
        yield Trouble(f"register:{pk}:paused:{reason}"[:100], reason[:50], restaurant)
    for reason, condition in (
        ("strange_numbers", Q(paused_reason=STRANGE_NUMBERS)),
        ("silent", breaker.silent(now)),
        ("numbers_end", Q(last_number__gte=numbers.ALARM_AT)),
    ):
        for pk, restaurant in current.filter(condition).values_list("pk", "restaurant"):
            yield Trouble(f"register:{pk}:{reason}", reason, restaurant)


def _of_additions(now: datetime) -> Iterator[Trouble]:
    for addition in undelivered(now):
        state = State(addition.state)
        without = "not_received" if state == State.ACCEPTED else "not_accepted"
        yield _of_addition(addition, KINDS[state], addition.reason or without)


def _of_the_late(now: datetime) -> Iterator[Trouble]:
    """What the till took when nobody counted on it any more (F63)."""
    late = Addition.objects.filter(
        received_at__gt=now - seconds(LATE_TOLD_FOR),
        received_at__lte=now + SKEW,
        received_at__gte=Coalesce("approved_at", "created_at") + seconds(FRESH),
        state__in=[State.RECEIVED, State.SETTLED],
    )
    for addition in late.select_related("order__table").defer("body", "ticket"):
        took = (addition.received_at or now) - (addition.approved_at or addition.created_at)
        yield _of_addition(addition, "late", f"{LATE}{int(took.total_seconds() // 60)}")


def _of_addition(addition: Addition, kind: str, reason: str) -> Trouble:
    order = addition.order
    return Trouble(
        key=f"addition:{addition.pk}:{kind}",
        reason=reason[:50],
        restaurant_id=order.restaurant_id,
        table=_name(order.table.number, order.table.label),
        order_number=order.number,
    )


def _name(number: int, label: str) -> str:
    label = " ".join(label.split())
    return (f"{number} ({label})" if label else str(number))[:100]


# --- Beginning and end ----------------------------------------------------------------------------


def reconcile(now: datetime, others: Iterable[Trouble] = ()) -> None:
    """Write down what has begun and what has passed; `others`: what a person must hear of beside the registers."""
    troubles = {trouble.key: trouble for trouble in [*present(now), *others]}
    lasting = set(Alarm.objects.filter(over_at=None).values_list("key", flat=True))
    if passed := lasting - troubles.keys():
        Alarm.objects.filter(key__in=passed, over_at=None).update(over_at=now)
    if begun := troubles.keys() - lasting:
        with transaction.atomic():
            taken_up = _take_up(begun, troubles, now)
            new = [_row(troubles[key], now) for key in troubles if key in begun - taken_up]
            # Another watch may have been faster, which is as well.
            Alarm.objects.bulk_create(new, ignore_conflicts=True)


def _take_up(keys: Iterable[str], troubles: Mapping[str, Trouble], now: datetime) -> set[str]:
    """Those that came back soon last on as the same; who has been told is not told again."""
    lately = Alarm.objects.filter(key__in=keys, over_at__gt=now - seconds(SAME_AGAIN))
    found = {alarm.key: alarm for alarm in lately.order_by("over_at", "pk")}
    for key, alarm in found.items():
        lasts = Alarm.objects.filter(key=key, over_at=None)
        if not lasts.exists():
            due = now + seconds(troubles[key].hold_back)
            Alarm.objects.filter(pk=alarm.pk).update(over_at=None, next_try_at=due)
    return set(found)


def _row(trouble: Trouble, now: datetime) -> Alarm:
    return Alarm(
        key=trouble.key,
        restaurant_id=trouble.restaurant_id,
        reason=trouble.reason,
        table=trouble.table,
        order_number=trouble.order_number,
        raised_at=now,
        next_try_at=now + seconds(trouble.hold_back),
    )


def forget(now: datetime) -> int:
    """Alarms of long ago."""
    return Alarm.objects.filter(over_at__lt=now - seconds(KEPT_FOR)).delete()[0]


# --- Sending --------------------------------------------------------------------------------------


def to_send(now: datetime) -> list[int | None]:
    """The restaurants that have alarms to hear of now, None for those of the whole installation. Those with something
    new come first: who cannot be reached keeps nobody else waiting.
    """
    waiting = list(_due(now).only("key", "tries", "restaurant"))
    takes = _may_go(waiting, now)
    fewest: dict[int | None, int] = {}
    for alarm in waiting:
        if takes(alarm):
            known = fewest.get(alarm.restaurant_id, alarm.tries)
            fewest[alarm.restaurant_id] = min(known, alarm.tries)
    return sorted(fewest, key=lambda restaurant: fewest[restaurant])


def claim(restaurant_id: int | None, owner: str, now: datetime) -> list[Alarm]:
    """Take all that a restaurant is to hear of now: what concerns all of it first, then the oldest."""
    token = f"{owner[:40]}:{secrets.token_hex(8)}"
    waiting = list(_due(now).filter(restaurant=restaurant_id).only("key", "tries", "restaurant"))
    takes = _may_go(waiting, now)
    _due(now).filter(pk__in=[alarm.pk for alarm in waiting if takes(alarm)]).update(
        lease_owner=token,
        lease_until=now + seconds(LEASE),
        tries=F("tries") + 1,
        first_tried_at=Coalesce("first_tried_at", Value(now)),
    )
    return list(
        Alarm.objects.filter(lease_owner=token)
        .select_related("restaurant")
        .order_by(F("order_number").asc(nulls_first=True), "raised_at", "pk")
    )


def _may_go(waiting: Iterable[Alarm], now: datetime) -> Callable[[Alarm], bool]:
    """The first of its cause goes at once and takes along what is there; later ones gather for a minute, so that a
    register that is down is no storm. What has failed is tried again whenever it is due.
    """
    lately = Alarm.objects.filter(
        first_tried_at__gt=now - seconds(GATHER), first_tried_at__lte=now + SKEW
    )
    told = {(each.restaurant_id, _cause(each)) for each in lately.only("key", "restaurant")}
    new = {
        alarm.restaurant_id
        for alarm in waiting
        if not alarm.tries and (alarm.restaurant_id, _cause(alarm)) not in told
    }
    return lambda alarm: alarm.tries > 0 or alarm.restaurant_id in new


def settle(alarms: Iterable[Alarm], wanted: set[str], now: datetime) -> None:
    """Each alarm's `served` says which addresses have it; `wanted` are the marks of those that should. What is missing
    is tried again as long as the alarm lasts. Nothing is written where the lease was lost meanwhile.
    """
    with transaction.atomic():
        for alarm in alarms:
            done = wanted <= set(alarm.served)
            Alarm.objects.filter(pk=alarm.pk, lease_owner=alarm.lease_owner).update(
                served=alarm.served,
                sent_at=now if done else None,
                next_try_at=None if done else now + seconds(retry.delay(alarm.tries)),
                lease_owner="",
                lease_until=None,
            )


def mark_of(address: str) -> str:
    """What stands in the database for an address that holds a password."""
    return lookup_hash(address)[:16]


def _due(now: datetime) -> QuerySet[Alarm]:
    """A time further ahead than we ever write was written by another clock (F38)."""
    on_time = Q(next_try_at__lte=now) | Q(next_try_at__gt=now + seconds(retry.LONGEST))
    return Alarm.objects.filter(on_time, lease_is_free(now), sent_at=None, over_at=None)


def _cause(alarm: Alarm) -> str:
    """ "addition:12:open" and "addition:13:open" are one cause."""
    parts = alarm.key.split(":")
    return parts[2] if len(parts) > 2 else parts[0]
