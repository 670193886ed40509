"""A table calls for a person. Nothing of it ever touches the register: a call works with the till dead, with ordering
closed or paused, and after last orders.
"""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ordering.models import Call, Guest, Order, Restaurant, Table, Visit
from ordering.services import acts, visits
from ordering.services.problems import Problem, Refused
from pos_bridge.encryption import lookup_hash, lookup_hashes

# So many new calls of a table within so long; a question about allergens is held against no other call.
MOST, WITHIN = 4, timedelta(minutes=10)
# Unanswered for so long, the phone says so, and to speak to a waiter.
ALONE_AFTER = timedelta(minutes=3)
# So long after its answer, the same button is a new call: whoever was coming has not come.
AGAIN_AFTER = timedelta(minutes=5)
# Then a call is no longer shown, though nobody has said that it was dealt with.
ANSWERED_FOR, UNANSWERED_FOR = timedelta(minutes=20), timedelta(hours=3)


def call(
    *, guest: Guest, kind: Call.Kind, pay: str = "", parts: int = 1, order: Order | None = None
) -> Call:
    """Call for the party. The same again is the same call, with what is wanted now.

    `order`, of the guest's party: what they have changed their mind about. `parts`: of the bill, 1 to the covers.
    Raises Refused where they have called too often, VisitEnded.
    """
    wanted = {
        "pay": Call.Pay(pay).value if pay else "",
        "parts": min(max(1, parts), guest.visit.covers),
    }
    now = timezone.now()
    with transaction.atomic():
        visits.lock_for(guest)
        calls = Call.objects.filter(visit=guest.visit)
        stands = calls.filter(kind=kind, order=order, closed_at=None).first()
        if stands is not None and not _is_over(stands, now):
            calls.filter(pk=stands.pk, closed_at=None).update(**wanted)
            return stands
        return _new(calls, stands, now, kind=kind, order=order, visit=guest.visit, guest=guest,
                    table=guest.visit.table, **wanted)  # fmt: skip


def ask(*, table: Table, secret: str) -> Call:
    """A question about allergens, of a phone that has scanned the table's card and joined no party; `secret`: its
    cookie's random value, for what somebody asks of their health is nobody else's business (T20).

    Raises Refused where the table's phones have asked too often.
    """
    now = timezone.now()
    calls = Call.objects.filter(table=table, visit=None)
    mine = calls.filter(kind=Call.Kind.ALLERGENS, asker__in=lookup_hashes(secret), closed_at=None)
    try:
        with transaction.atomic():
            stands = mine.first()
            if stands is not None and not _is_over(stands, now):
                return stands
            asker = lookup_hash(secret)
            return _new(calls, stands, now, kind=Call.Kind.ALLERGENS, table=table, asker=asker)
    except IntegrityError:
        # A second tap was faster: it is the same question.
        return mine.get()


def withdraw(*, call: Call) -> bool:
    """Somebody at the table needs nobody any more. False where it was dealt with already."""
    return _close(call)


def answer(*, call: Call, by: AbstractBaseUser | AnonymousUser, answer: Call.Answer) -> bool:
    """Tell the table. `call` as the person saw it: False where another has answered or closed it since."""
    with transaction.atomic():
        won = Call.objects.filter(pk=call.pk, closed_at=None, answer=call.answer).update(
            answer=answer, answered_at=timezone.now(), answered_by_id=by.pk
        )
        if won:
            _record(call, by, f"call_{answer.value}")
        return bool(won)


def done(*, call: Call, by: AbstractBaseUser | AnonymousUser) -> bool:
    """Somebody was there. False where another has said so, or the guest has."""
    with transaction.atomic():
        won = _close(call)
        if won:
            _record(call, by, "call_done")
        return won


def of_visit(visit: Visit, now: datetime) -> list[Call]:
    """What the party waits for, the oldest first."""
    return list(_open(now).filter(visit=visit).select_related("order"))


def of_phone(table: Table, secret: str, now: datetime) -> list[Call]:
    """What this phone, which joined no party, waits for at this table; what others have asked there is theirs."""
    return list(_open(now).filter(visit=None, table=table, asker__in=lookup_hashes(secret)))


def of_house(restaurant: Restaurant, now: datetime) -> list[Call]:
    """What the restaurant's tables wait for, the oldest first, in one query."""
    found = _open(now).filter(table__restaurant=restaurant)
    return list(found.select_related("table", "visit__table", "order__table", "answered_by"))


def is_alone(call: Call, now: datetime) -> bool:
    """Whether nobody has answered for so long that the table had better speak to somebody."""
    return not call.answer and call.at <= now - ALONE_AFTER


def _open(now: datetime) -> QuerySet[Call]:
    shown = Q(answer="", at__gt=now - UNANSWERED_FOR) | Q(answered_at__gt=now - ANSWERED_FOR)
    here = Q(visit=None) | Q(visit__ended_at=None)
    return Call.objects.filter(shown, here, closed_at=None).order_by("at", "pk")


def _is_over(call: Call, now: datetime) -> bool:
    if call.answered_at is not None:
        return call.answered_at <= now - AGAIN_AFTER
    return call.at <= now - UNANSWERED_FOR


def _new(
    calls: QuerySet[Call], before: Call | None, now: datetime, *, kind: Call.Kind, **fields: Any
) -> Call:
    """Another call, in the place of the one before."""
    recent = calls.filter(at__gt=now - WITHIN)
    if kind == Call.Kind.ALLERGENS:
        recent = recent.filter(kind=kind)
    if recent.count() >= MOST:
        raise Refused(Problem("too_many_calls"))
    if before is not None:
        _close(before)
    return Call.objects.create(kind=kind, at=now, **fields)


def _close(call: Call) -> bool:
    return bool(Call.objects.filter(pk=call.pk, closed_at=None).update(closed_at=timezone.now()))


def _record(call: Call, by: AbstractBaseUser | AnonymousUser, what: str) -> None:
    table = call.place
    acts.record(by=by, restaurant=table.restaurant, what=what, table=table)
