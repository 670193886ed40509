"""The tables as the house’s people see them, and what they do about one: verbs of the service, and who did them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from ordering.models import Act, CartLine, Restaurant, Table, Visit
from ordering.services import acts, visits
from pos_bridge import words
from pos_bridge.models import Addition
from pos_bridge.words import Word

Person = AbstractBaseUser | AnonymousUser

ON_TILL = {Word.ON_TILL, Word.PASSED_ON, Word.HANDLED_ON_TILL, Word.HANDLED_BY_HAND}


class State(StrEnum):
    """Of a table, the most urgent first; what needs a person is another thing, and goes before all of them."""

    ON_ITS_WAY = "sent"
    CHOOSING = "choosing"
    ON_TILL = "till"
    SEATED = "seated"
    FREE = "free"


@dataclass(frozen=True)
class Party:
    """A visit that is open, as it stands. `since`: when its state began."""

    visit: Visit
    state: State
    since: datetime


@dataclass(frozen=True)
class Seen:
    """A table with whoever sits there: nobody, a party, or several strangers."""

    table: Table
    parties: tuple[Party, ...] = ()

    @property
    def state(self) -> State:
        urgent = list(State)
        return min((party.state for party in self.parties), key=urgent.index, default=State.FREE)

    @property
    def since(self) -> datetime | None:
        return min((each.since for each in self.parties if each.state == self.state), default=None)

    @property
    def covers(self) -> int:
        return sum(party.visit.covers for party in self.parties)


def room(restaurant: Restaurant, now: datetime, table: Table | None = None) -> list[Seen]:
    """All tables by zone and number, or one of them, in three queries."""
    rows = restaurant.tables.order_by("zone", "number")
    tables = list(rows.filter(pk=table.pk) if table else rows.filter(enabled=True))
    sitting = list(_parties(restaurant, table))
    additions = _last_additions(sitting)
    at: dict[int, list[Party]] = {}
    by_pk = {each.pk: each for each in tables}
    for visit in sitting:
        if visit.table_id not in by_pk:
            continue  # its card is dead
        visit.table = by_pk[visit.table_id]
        visit.table.restaurant = restaurant
        party = _party(visit, additions.get(visit.pk, []), now)
        if party:
            at.setdefault(visit.table_id, []).append(party)
    return [Seen(each, tuple(at.get(each.pk, ()))) for each in tables]


def switch_ordering(*, table: Table, on: bool, by: Person) -> bool:
    """Whether the table may order by phone; False where it is so already."""
    with transaction.atomic():
        if not Table.objects.filter(pk=table.pk, ordering=not on).update(ordering=on):
            return False
        what = "table_ordering_on" if on else "table_ordering_off"
        acts.record(by=by, restaurant=table.restaurant, what=what, table=table)
    return True


def last_act(table: Table, *whats: str) -> Act | None:
    """Who did one of these to the table last."""
    acts_of_table = Act.objects.filter(restaurant=table.restaurant_id, table=table, what__in=whats)
    return acts_of_table.select_related("person").first()


def _parties(restaurant: Restaurant, table: Table | None) -> QuerySet[Visit]:
    lines = CartLine.objects.filter(visit=OuterRef("pk")).order_by().values("visit")
    in_cart = lines.annotate(count=Sum("quantity")).values("count")
    parties = Visit.objects.filter(table__restaurant=restaurant, ended_at=None)
    parties = parties.filter(table=table) if table else parties
    phones = Count("guests", filter=Q(guests__moved_to=None))
    counted = parties.annotate(in_cart=Coalesce(Subquery(in_cart), 0), phones=phones)
    return counted.order_by("opened_at")


def _last_additions(parties: Iterable[Visit]) -> dict[int, list[Addition]]:
    """By visit, the one that counts of each order; those of a party that has become part of it too."""
    open_now = [visit.pk for visit in parties]
    with_joined = Visit.objects.filter(Q(pk__in=open_now) | Q(moved_to__in=open_now)).order_by()
    additions = (
        Addition.objects.filter(order__visit__in=with_joined)
        .select_related("order__visit", "register")
        .only(
            "state", "handled_as", "reason", "created_at", "received_at", "approved_at",
            "order__visit__moved_to", "register__kind", "position",
        )
        .order_by("order", "position")
    )  # fmt: skip
    last: dict[int, Addition] = {addition.order_id: addition for addition in additions}
    found: dict[int, list[Addition]] = {}
    for addition in last.values():
        sent_by = addition.order.visit
        found.setdefault(sent_by.moved_to_id or sent_by.pk, []).append(addition)
    return found


def _party(visit: Visit, additions: list[Addition], now: datetime) -> Party | None:
    """None of one that has ended (visits.has_ended), whoever has noticed yet."""
    states = {addition.state for addition in additions}
    silent = visit.last_sign <= visits.silent_since(visit.table.restaurant)
    if visits.have_paid(states) or (silent and not states.intersection(visits.UNDELIVERED)):
        return None
    told = [(words.told(addition, now).word, addition) for addition in additions]
    sending = [addition.created_at for word, addition in told if word == Word.SENDING]
    there = [each.received_at or each.created_at for word, each in told if word in ON_TILL]
    if sending:
        return Party(visit, State.ON_ITS_WAY, min(sending))
    if getattr(visit, "in_cart", 0):
        return Party(visit, State.CHOOSING, visit.opened_at)
    if there:
        return Party(visit, State.ON_TILL, max(there))
    return Party(visit, State.SEATED, visit.opened_at)
