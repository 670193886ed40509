"""The party at a table: it begins with the first answer to the covers and ends when it has paid."""

from django.db import IntegrityError, transaction
from django.db.models import F, Max, OuterRef, Q, Subquery
from django.utils import timezone

from ordering.models import Guest, Table, Visit
from ordering.services import house_rules
from ordering.services.problems import Problem, Refused
from pos_bridge.encryption import lookup_hash, lookup_hashes
from pos_bridge.models import Addition, AdditionEvent

State = Addition.State


class CoversNeeded(Exception):
    """No visit is open at the table, and nobody has said how many they are."""


class VisitEnded(Exception):
    """The party of this page has left: the code must be scanned again (P17)."""


def open_visit(table: Table) -> Visit | None:
    """The party that sits at the table now. One that the register says has paid is over, whoever has noticed yet."""
    visit = Visit.objects.filter(table=table, ended_at=None).first()
    return None if visit is None or is_over(visit) else visit


def is_over(visit: Visit) -> bool:
    """Whether the register says that the table has paid, and nothing of the visit is still on its way.

    A refused addition is surely not on the till: it must not let the next party into this one's visit.
    """
    states = set(_last_states(visit))
    return State.SETTLED in states and states <= {State.SETTLED, State.HANDLED, State.REFUSED}


def join(*, table: Table, secret: str, covers: int | None) -> Guest:
    """The phone's guest in the table's visit, opening the visit where there is none.

    Raises CoversNeeded, or Refused where the covers are out of the house's range.
    """
    if covers is not None:
        _check_covers(table, covers)
    try:
        return _join(table, secret, covers)
    except VisitEnded:
        # It ended between our look and our lock; the next look finds none, or the next party's.
        return _join(table, secret, covers)


def _join(table: Table, secret: str, covers: int | None) -> Guest:
    with transaction.atomic():
        visit = Visit.objects.filter(table=table, ended_at=None).first()
        if visit is not None and is_over(visit):
            end(visit=visit)
            visit = None
        if visit is None:
            if covers is None:
                raise CoversNeeded
            if problem := house_rules.may_open(table):
                raise Refused(problem)
            visit = _opened(table, covers)
        lock(visit)
        guest = Guest.objects.filter(visit=visit, secret_hash__in=lookup_hashes(secret)).first()
        if guest is None:
            last = visit.guests.aggregate(last=Max("number"))["last"] or 0
            guest = Guest.objects.create(
                visit=visit, secret_hash=lookup_hash(secret), number=last + 1
            )
        return guest


def set_covers(*, guest: Guest, covers: int) -> bool:
    """Correct the covers of the visit; True where they are others now. Raises Refused, VisitEnded."""
    _check_covers(guest.visit.table, covers)
    with transaction.atomic():
        lock(guest.visit)
        others = Visit.objects.filter(pk=guest.visit_id).exclude(covers=covers)
        return bool(others.update(covers=covers))


def end(*, visit: Visit) -> bool:
    """End the visit, once. The events of its additions that asked for it are consumed with it."""
    ended = Visit.objects.filter(pk=visit.pk, ended_at=None).update(ended_at=timezone.now())
    AdditionEvent.objects.filter(
        addition__order__visit=visit, kind=AdditionEvent.Kind.SETTLED, consumed_at=None
    ).update(consumed_at=timezone.now())
    return ended == 1


def lock(visit: Visit) -> None:
    """Put the writers of one visit in a row until the transaction ends. Raises VisitEnded."""
    if not Visit.objects.filter(pk=visit.pk, ended_at=None).update(
        cart_version=F("cart_version") + 1
    ):
        raise VisitEnded


def _opened(table: Table, covers: int) -> Visit:
    try:
        with transaction.atomic():
            return Visit.objects.create(table=table, covers=covers)
    except IntegrityError:
        # Another phone at the table was faster: its answer holds, and this one joins.
        visit = Visit.objects.filter(table=table, ended_at=None).first()
        if visit is None:
            raise VisitEnded from None
        return visit


def _check_covers(table: Table, covers: int) -> None:
    most = table.restaurant.limit_covers
    if not 1 <= covers <= most:
        raise Refused(Problem("covers", params={"max": most}))


def _last_states(visit: Visit) -> list[str]:
    last = Addition.objects.filter(order=OuterRef("order")).order_by("-position").values("pk")[:1]
    return list(
        Addition.objects.filter(Q(order__visit=visit), pk=Subquery(last)).values_list(
            "state", flat=True
        )
    )
