"""The party at a table: it begins with the first answer to the covers and ends when it has paid, when the staff free
the table (seating.py), after a silence, or when the next party says that it is another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone

from ordering.models import Call, Guest, Order, Restaurant, Table, Visit
from ordering.models.restaurant import SHORTEST_SILENCE
from ordering.services import house_rules
from ordering.services.problems import Problem, Refused
from pos_bridge.encryption import lookup_hash, lookup_hashes
from pos_bridge.models import Addition, AdditionEvent
from pos_bridge.prepared import Prepared, PreparedUpdate

State = Addition.State
# Its order is not on the till, or nobody knows whether it is: a machine or a person has still to act.
UNDELIVERED = [
    State.QUEUED, State.SENDING, State.ACCEPTED, State.REFUSED, State.UNCERTAIN, State.HELD,
]  # fmt: skip


class CoversNeeded(Exception):
    """No visit is open at the table, and nobody has said how many they are."""


class VisitEnded(Exception):
    """The party of this page has left: the code must be scanned again (P17)."""


class WhichParty(Exception):
    """A party has ordered here and been quiet: the phone is asked whether it belongs to it. Nothing of it is shown but
    since when it has been seated.
    """

    def __init__(self, visit: Visit) -> None:
        super().__init__("are you with the party that sits here?")
        self.seated_at = visit.opened_at


@dataclass(frozen=True)
class Answer:
    """What a phone says to WhichParty: whether it belongs to the party that was seated then."""

    seated_at: datetime
    belongs: bool


def open_visit(table: Table, secret: str | None = None) -> Visit | None:
    """The party that sits at the table now; where strangers share it, the party of the phone with this secret.

    One that the register says has paid, or that has been silent for too long, is over, whoever has noticed yet.
    """
    visit = current(table, secret)
    return None if visit is None or has_ended(visit) else visit


def open_visits(table: Table) -> list[Visit]:
    """All parties that sit at the table now, for the staff: where strangers share it there are several."""
    found = list(Visit.objects.filter(table=table, ended_at=None).order_by("opened_at"))
    for visit in found:
        visit.table = table
    return [visit for visit in found if not has_ended(visit)]


def current(table: Table, secret: str | None = None) -> Visit | None:
    """As `open_visit`, also one that is over and that nobody has ended yet."""
    visits = Visit.objects.filter(table=table, ended_at=None)
    if table.shared:
        visits = visits.filter(guests__secret_hash__in=lookup_hashes(secret or ""))
    else:
        visits = visits.filter(shared=False)
    visit = visits.first()
    if visit is not None:
        visit.table = table  # with its restaurant, which knows how long a silence is
    return visit


def has_ended(visit: Visit) -> bool:
    """Whether the party has left, whoever has noticed yet: it was ended, has been silent, or has paid."""
    return visit.ended_at is not None or is_silent(visit) or is_over(visit)


def is_over(visit: Visit) -> bool:
    """Whether the register says that the table has paid, and nothing of the visit is still on its way.

    A refused addition is surely not on the till: it must not let the next party into this one's visit.
    """
    return have_paid(set(_last_states.column(visit.pk)))


def have_paid(states: set[str]) -> bool:
    """The same, of the states of the last addition of each of the visit's orders."""
    return State.SETTLED in states and states <= {State.SETTLED, State.HANDLED, State.REFUSED}


def is_silent(visit: Visit) -> bool:
    """Whether the party has given no sign of life for so long that it has left. Never while an order of it is not on
    the till. Asks the database only where it has been as long.
    """
    if visit.last_sign > silent_since(visit.table.restaurant):
        return False
    return not _undelivered(visit.pk).exists()


def is_quiet(visit: Visit) -> bool:
    """Whether a new phone may be of the next party: this one has ordered, and since then called for the bill, or given
    no sign of life for a while.
    """
    last = orders_of(visit).order_by("created_at").last()
    if last is None:
        return False
    quiet = timedelta(minutes=visit.table.restaurant.quiet_minutes)
    bill = visit.calls.filter(kind=Call.Kind.BILL, at__gte=last.created_at)
    return visit.last_sign <= timezone.now() - quiet or bill.exists()


def orders_of(visit: Visit) -> QuerySet[Order]:
    """What the party has ordered, and the parties that have become part of it."""
    return Order.objects.filter(visit__in=with_joined(visit.pk))


def with_joined(party: int | OuterRef) -> QuerySet[Visit]:
    """The party, and those that have become part of it. A query of its own, by two indexes: as a condition on an
    order's party it would lead the database through all that there ever were.
    """
    return Visit.objects.filter(Q(pk=party) | Q(moved_to=party)).order_by()


def in_visit(guest: Guest, visit_id: int) -> Guest:
    """Who this guest is in that party: one that was led into it has another row there. Else the guest itself."""
    led = guest.moved_to
    return led if led and led.visit_id == visit_id else guest


def question(table: Table, secret: str) -> WhichParty | None:
    """What a phone must be asked before anything of the table's visit is shown to it."""
    visit = open_visit(table, secret)
    if visit is None or _guest(visit, secret) or not is_quiet(visit):
        return None
    return WhichParty(visit)


def join(*, table: Table, secret: str, covers: int | None, answer: Answer | None = None) -> Guest:
    """The phone's guest in the table's visit, opening the visit where there is none.

    Raises CoversNeeded, WhichParty, or Refused where the covers are out of the house's range or the party that the
    phone does not belong to is at it again.
    """
    if covers is not None:
        check_covers(table, covers)
    try:
        return _join(table, secret, covers, answer)
    except VisitEnded:
        # It ended between our look and our lock; the next look finds none, or the next party's.
        return _join(table, secret, covers, answer)


def _join(table: Table, secret: str, covers: int | None, answer: Answer | None) -> Guest:
    with transaction.atomic():
        visit = current(table, secret)
        if visit is not None and has_ended(visit):
            if not end_as_seen(visit=visit):
                raise VisitEnded  # or it is at it again: the next look tells
            visit = None
        guest = visit and _guest(visit, secret)
        if visit is not None and not guest and not _belongs(visit, answer):
            _leave_behind(visit)
            visit = None
        if visit is None:
            if covers is None:
                raise CoversNeeded
            if problem := house_rules.may_open(table):
                raise Refused(problem)
            visit = _opened(table, covers)
        lock(visit)
        guest = guest or _guest(visit, secret)
        if guest is None:
            last = visit.guests.aggregate(last=Max("number"))["last"] or 0
            guest = Guest.objects.create(
                visit=visit, secret_hash=lookup_hash(secret), number=last + 1
            )
        elif guest.moved_to_id is not None:
            # Parted from this table, and back at it.
            Guest.objects.filter(pk=guest.pk).update(moved_to=None)
        return guest


def _belongs(visit: Visit, answer: Answer | None) -> bool:
    """Whether a phone that is new here joins the visit, or the visit's party has left. Raises WhichParty, Refused."""
    asked = answer if answer and answer.seated_at == visit.opened_at else None
    if asked and asked.belongs:
        return True
    if not is_quiet(visit):
        if asked:
            raise Refused(Problem("party_active"))
        return True
    if asked is None:
        raise WhichParty(visit)
    return False


def _guest(visit: Visit, secret: str) -> Guest | None:
    return Guest.objects.filter(visit=visit, secret_hash__in=lookup_hashes(secret)).first()


def set_covers(*, guest: Guest, covers: int) -> bool:
    """Correct the covers of the visit; True where they are others now. Raises Refused, VisitEnded."""
    check_covers(guest.visit.table, covers)
    with transaction.atomic():
        lock_for(guest)
        others = Visit.objects.filter(pk=guest.visit_id).exclude(covers=covers)
        counted = {"covers_counted": Coalesce("covers_counted", "covers")}
        return bool(others.update(covers=covers, **counted))


def end(*, visit: Visit) -> bool:
    """End the visit, once, and forget its guests' names (P21). The events of its additions that asked for it are
    consumed with it.
    """
    return _end(visit, Visit.objects.filter(pk=visit.pk, ended_at=None))


def end_as_seen(*, visit: Visit) -> bool:
    """The same for a party that has left as far as was seen. False where it has given a sign of life since."""
    return _end(visit, Visit.objects.filter(pk=visit.pk, cart_version=visit.cart_version))


def end_silent() -> int:
    """End the visits that have been silent for too long, with their guests' names. How many."""
    now = timezone.now()
    old = Visit.objects.filter(
        ended_at=None, opened_at__lte=now - timedelta(minutes=SHORTEST_SILENCE)
    )
    # What gives a sign of life after our look has another version.
    return sum(
        _end(visit, Visit.objects.filter(pk=visit.pk, cart_version=visit.cart_version))
        for visit in old.select_related("table__restaurant")
        if is_silent(visit)
    )


def lock(visit: Visit) -> None:
    """Put the writers of one visit in a row until the transaction ends; a sign of life. Raises VisitEnded."""
    if not _alive(visit):
        raise VisitEnded


def lock_for(guest: Guest) -> None:
    """The same for what a guest does. Raises VisitEnded also where the staff have just led this phone elsewhere."""
    if _alive(guest.visit, guest.visit.partings):
        return  # nobody was led away since the guest was looked up
    lock(guest.visit)
    if Guest.objects.filter(pk=guest.pk, moved_to__isnull=False).exists():
        raise VisitEnded


def _alive(visit: Visit, *partings: int) -> int:
    since = silent_since(visit.table.restaurant)
    return _touch.update(visit.pk, since, timezone.now(), *partings)


def _living(visit: int, since: datetime, _: datetime, *partings: int) -> QuerySet[Visit]:
    """As `is_silent`, of the row as it is now; with partings, where there were as many."""
    signs = Q(touched_at__gt=since) | Q(touched_at=None, opened_at__gt=since)
    signs |= Q(Exists(_undelivered(visit)))
    as_parted = [Exact(F("partings"), Value(number)) for number in partings]
    return Visit.objects.filter(signs, *as_parted, pk=visit, ended_at=None)


def _sign(_: int, __: datetime, now: datetime, *___: int) -> dict[str, Any]:
    return {"cart_version": F("cart_version") + 1, "touched_at": now}


_touch = PreparedUpdate(_living, _sign)


def _undelivered(visit: int) -> QuerySet[Addition]:
    return Addition.objects.filter(order__visit__in=with_joined(visit), state__in=UNDELIVERED)


def _opened(table: Table, covers: int) -> Visit:
    try:
        with transaction.atomic():
            return Visit.objects.create(table=table, covers=covers, shared=table.shared)
    except IntegrityError:
        # Another phone at the table was faster: its answer holds, and this one joins.
        visit = current(table)
        if visit is None:
            raise VisitEnded from None
        return visit


def _leave_behind(visit: Visit) -> None:
    """End the visit and put it before the staff. Raises VisitEnded where it has changed since it was read."""
    same = Visit.objects.filter(pk=visit.pk, cart_version=visit.cart_version)
    if not _end(visit, same, {"left_behind_at": timezone.now()}):
        raise VisitEnded


def _end(visit: Visit, where: QuerySet[Visit], more: Mapping[str, datetime] | None = None) -> bool:
    now = timezone.now()
    with transaction.atomic():
        ended = where.filter(ended_at=None).update(ended_at=now, **(more or {}))
        if ended:
            Guest.objects.filter(visit=visit).exclude(name="").update(name="")
        if ended or Visit.objects.filter(pk=visit.pk).exclude(ended_at=None).exists():
            settled = AdditionEvent.objects.filter(
                addition__order__visit=visit, kind=AdditionEvent.Kind.SETTLED, consumed_at=None
            )
            settled.update(consumed_at=now)
    return ended == 1


def check_covers(table: Table, covers: int) -> None:
    """Raises Refused where they are not in the house's range."""
    most = table.restaurant.limit_covers
    if not 1 <= covers <= most:
        raise Refused(Problem("covers", params={"max": most}))


def silent_since(restaurant: Restaurant) -> datetime:
    """A party whose last sign of life is from before then has left."""
    return timezone.now() - timedelta(minutes=restaurant.silence_minutes)


def last_additions(visit: Visit) -> QuerySet[Addition]:
    """Of each order the addition that counts."""
    return _last_additions(visit.pk).select_related("order").order_by("order__created_at")


def _last_additions(visit: int) -> QuerySet[Addition]:
    last = Addition.objects.filter(order=OuterRef("order")).order_by("-position").values("pk")[:1]
    return Addition.objects.filter(order__visit__in=with_joined(visit), pk=Subquery(last))


_last_states = Prepared(
    lambda visit: _last_additions(visit).order_by().values_list("state", flat=True)
)
