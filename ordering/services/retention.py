"""What is kept for a while and then deleted, as the page of /r/…/data/ says it (P21, P26, T36).

What is open stays, whatever its age: a person may still decide about it. The history of who changed prices, allergens
and configuration stays too: nothing of a guest is in it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from ordering.models import Act, Call, CartLine, Guest, Order, Visit
from pos_bridge import following
from pos_bridge.models import Addition, Alarm, Attempt, Heartbeat, StrangeNumber
from pos_bridge.words import ON_TILL_TOO

# Rows in one transaction (F30): whoever orders waits for no longer than that takes.
BATCH = 500
# Orders in one: each takes its lines, additions and tries with it.
ORDERS = 50
# Seconds between two of them. SQLite has one writer, and whoever waits looks only now and then whether it is free.
PAUSE = 0.1
# Of a cart that was not sent, after its visit: nobody looks at it any more.
CART_DAYS = 1
# The field of Guest that a person fills, where there is one.
NICKNAME = "name"

State = Addition.State
# What a person may still decide about needs to know whether it was ever sent (attempts.was_never_sent).
OPEN = [
    State.QUEUED, State.SENDING, State.ACCEPTED, State.REFUSED, State.UNCERTAIN, State.HELD,
]  # fmt: skip


@dataclass(frozen=True)
class Purged:
    """How many rows of a kind were deleted that were older than so many days."""

    kind: str
    days: int
    rows: int


@dataclass(frozen=True)
class _Kind:
    """`delete` is given the primary keys of some of `rows`, in a transaction, and says how many it has deleted."""

    name: str
    days: int
    rows: QuerySet[Any]
    delete: Callable[[list[Any]], int] | None = None
    batch: int = BATCH


def purge(
    *,
    days: int | None = None,
    address_days: int | None = None,
    now: datetime,
    pause: float = PAUSE,
) -> list[Purged]:
    """All of it. Orders and what belongs to them after `days` (settings.KEEP_DAYS), network addresses after
    `address_days` (settings.KEEP_ADDRESSES_DAYS).
    """
    found: dict[str, Purged] = {}
    for step in steps(days=days, address_days=address_days, now=now):
        before = found.get(step.kind)
        found[step.kind] = Purged(step.kind, step.days, step.rows + (before.rows if before else 0))
        if step.rows:
            Event().wait(pause)
    return list(found.values())


def steps(
    *, days: int | None = None, address_days: int | None = None, now: datetime
) -> Iterator[Purged]:
    """The same batch by batch, each committed before the next is asked for; the last of a kind has no rows."""
    for kind in _kinds(
        days or settings.KEEP_DAYS, address_days or settings.KEEP_ADDRESSES_DAYS, now
    ):
        last: Any = None
        while keys := _next(kind, last):
            with transaction.atomic():
                # Asked again: it may have been opened since.
                still = list(kind.rows.filter(pk__in=keys).values_list("pk", flat=True))
                rows = (kind.delete or _deleted(kind))(still)
            yield Purged(kind.name, kind.days, rows)
            last = keys[-1]
        yield Purged(kind.name, kind.days, 0)


def _kinds(days: int, address_days: int, now: datetime) -> list[_Kind]:
    before = now - timedelta(days=days)
    addresses = now - timedelta(days=address_days)
    tries = Attempt.objects.filter(started_at__lt=before).exclude(addition__state__in=OPEN)
    carts = CartLine.objects.filter(visit__ended_at__lt=now - timedelta(days=CART_DAYS))
    strange = StrangeNumber.objects.filter(settled_at__lt=before)
    return [
        _Kind("tries", days, tries),
        _Kind("carts that were not sent", CART_DAYS, carts),
        *_nicknames(now),
        _Kind("orders", days, _orders(before), _delete_orders, ORDERS),
        _Kind("calls", days, Call.objects.filter(at__lt=before)),
        _Kind("visits", days, _visits(before)),
        _Kind("acts of the house", days, Act.objects.filter(at__lt=before)),
        _Kind("alarms", days, Alarm.objects.filter(over_at__lt=before)),
        _Kind("numbers of somebody else", days, strange, _delete_strange),
        _Kind("heartbeats", days, Heartbeat.objects.filter(beat_at__lt=before)),
        *(
            _Kind(f"addresses of {what}", address_days, model.objects.filter(attempt_time__lt=addresses))
            for what, model in (
                ("failed logins", AccessAttempt),
                ("locked logins", AccessFailureLog),
                ("logins", AccessLog),
            )
        ),
        _Kind("sessions that are over", 0, Session.objects.filter(expire_date__lt=now)),
    ]  # fmt: skip


def _orders(before: datetime) -> QuerySet[Order]:
    """Old ones of visits that are over, of which no addition waits for anything or anybody."""
    wanted = Q(state__in=OPEN) | Q(state=State.HANDLED, reason=ON_TILL_TOO)
    waits = Addition.objects.filter(wanted, order=OuterRef("pk"))
    return Order.objects.filter(
        ~Exists(waits), created_at__lt=before, visit__ended_at__isnull=False
    )


def _visits(before: datetime) -> QuerySet[Visit]:
    """With the guests in them."""
    ordered = Order.objects.filter(visit=OuterRef("pk"))
    return Visit.objects.filter(~Exists(ordered), ended_at__lt=before)


def _delete_orders(keys: list[int]) -> int:
    additions = Addition.objects.filter(order__in=keys)
    following.forget(additions.values_list("register", "number"))
    additions.delete()
    Order.objects.filter(pk__in=keys).delete()
    return len(keys)


def _delete_strange(keys: list[int]) -> int:
    numbers = StrangeNumber.objects.filter(pk__in=keys)
    following.forget(numbers.values_list("register", "number"))
    return numbers.delete()[0]


def _nicknames(now: datetime) -> list[_Kind]:
    """Guests' own words for themselves end with the visit (P21); what was left over by a crash ends here."""
    if NICKNAME not in {field.name for field in Guest._meta.get_fields()}:
        return []
    nameless = {NICKNAME: ""}
    named = Guest.objects.filter(visit__ended_at__lt=now).exclude(**nameless)

    def forget(keys: list[int]) -> int:
        return Guest.objects.filter(pk__in=keys).update(**nameless)

    return [_Kind("nicknames", 0, named, forget)]


def _deleted(kind: _Kind) -> Callable[[list[Any]], int]:
    rows = kind.rows.model._default_manager

    def delete(keys: list[Any]) -> int:
        rows.filter(pk__in=keys).delete()
        return len(keys)

    return delete


def _next(kind: _Kind, last: Any) -> list[Any]:
    """By the primary key, so that none is looked at twice."""
    rows = kind.rows if last is None else kind.rows.filter(pk__gt=last)
    return list(rows.order_by("pk").values_list("pk", flat=True)[: kind.batch])
