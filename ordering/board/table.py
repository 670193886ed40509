"""One table: who sits there, what came by phone, and what can be done about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering import undelivered
from ordering.board import access, card, moves, pages, room, why
from ordering.board.access import Elsewhere, Role, for_staff
from ordering.board.needs import needs
from ordering.board.part import Part
from ordering.diner.pages import takes_a_form
from ordering.models import Act, Order, Restaurant, Table, Visit
from ordering.services import floor, pricing, seating, visits
from ordering.services.floor import Party
from ordering.services.pricing import PricedCart
from ordering.services.problems import Refused
from ordering.services.visits import VisitEnded
from pos_bridge.models import Addition

UNWANTED = {Addition.Handled.CANCELLED, Addition.Handled.TAKEN_BACK}


# Each is asked for the table and the party that sits there now, and says what to show of it, or None.
PARTS: list[Callable[[Table, Visit | None, datetime], Part | None]] = [
    why.part,
    card.part,
    moves.part_of_table,
]


@dataclass(frozen=True)
class Round:
    """An order as staff read it. `state`: of the addition that counts; `is_wanted`: neither refused nor cancelled."""

    order: Order
    number: int
    state: str
    received_at: datetime | None
    is_wanted: bool


@dataclass(frozen=True)
class Sitting:
    """A party with all that it has ordered and not yet ordered."""

    party: Party
    rounds: list[Round]
    cart: PricedCart
    to_correct: list[str]

    @property
    def total(self) -> int:
        """Cents TTC of what was sent and is wanted."""
        return sum(each.order.total for each in self.rounds if each.is_wanted)


@for_staff
def page(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    table = access.table_of(restaurant, number)
    now = timezone.now()
    [seen] = floor.room(restaurant, now, table)
    visit = seen.parties[0].visit if seen.parties else None
    parts = [part(table, visit, now) for part in PARTS]
    mine = [need for need in needs(restaurant, now) if need.table and need.table.pk == table.pk]
    return pages.show(
        request, restaurant, role, "board/table.html", every=pages.EVERY,
        table=table, state=room.words(seen, restaurant.timezone), needs=mine, count=len(mine),
        sittings=[_sitting(table, party) for party in seen.parties],
        parts=[part for part in parts if part],
        covers=range(1, restaurant.limit_covers + 1),
    )  # fmt: skip


@takes_a_form
@for_staff
def free(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    """The form says which party it saw: never the next one's visit."""
    table = access.table_of(restaurant, number)
    try:
        visit = access.visit_of(table, request.POST.get("visit", ""))
    except Elsewhere as moved:
        return _done(request, table, str(moved), ok=False)
    if seating.free(visit=visit, by=request.user):
        return _done(request, table, _("The table is free."))
    act = floor.last_act(table, "table_freed")
    said = _("That party has left already; nothing was changed.")
    return _done(request, table, _with_whom(said, act, restaurant), ok=False)


@takes_a_form
@for_staff
def covers(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    table = access.table_of(restaurant, number)
    count = _covers_of(request)
    try:
        visit = access.visit_of(table, request.POST.get("visit", ""))
        to_do = seating.set_covers(visit=visit, covers=count, by=request.user)
    except Refused as refused:
        return _done(request, table, str(refused.problems[0]), ok=False)
    except Elsewhere as moved:
        return _done(request, table, str(moved), ok=False)
    except VisitEnded:
        return _done(request, table, _("That party has left; nothing was changed."), ok=False)
    said = _("The covers are %(count)s now. The register gets them with the next order.")
    return _done(request, table, " ".join([said % {"count": count}, *to_do]), ok=not to_do)


@takes_a_form
@for_staff
def seat(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    """Its phones join the party and are not asked how many they are."""
    table = access.table_of(restaurant, number)
    count = _covers_of(request)
    try:
        seating.seat(table=table, covers=count, by=request.user)
    except Refused as refused:
        return _done(request, table, str(refused.problems[0]), ok=False)
    said = ngettext("A party of %(count)s sits here.", "A party of %(count)s sits here.", count)
    return _done(request, table, said % {"count": count})


@takes_a_form
@for_staff
def ordering(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    """Whether the table's phones may send orders."""
    table = access.table_of(restaurant, number)
    on = request.POST.get("on") == "1"
    changed = floor.switch_ordering(table=table, on=on, by=request.user)
    said = (
        _("This table takes orders by phone.")
        if on
        else _(
            "This table takes no orders by phone any more. Its guests are asked to order from the team."
        )
    )
    if changed:
        return _done(request, table, said)
    act = floor.last_act(table, "table_ordering_on" if on else "table_ordering_off")
    return _done(request, table, _with_whom(_("It was so already."), act, restaurant), ok=False)


def _covers_of(request: HttpRequest) -> int:
    """0 is refused by whoever gets it."""
    wanted = request.POST.get("covers", "")
    return int(wanted) if wanted.isdecimal() and len(wanted) < 5 else 0


def _done(request: HttpRequest, table: Table, said: str, *, ok: bool = True) -> HttpResponse:
    address = reverse("board:table", args=[table.restaurant.slug, table.number])
    return pages.done(request, address, said, ok=ok)


def _with_whom(said: str, act: Act | None, restaurant: Restaurant) -> str:
    return f"{said} {undelivered.by_whom(act, restaurant.timezone)}" if act else said


def _sitting(table: Table, party: Party) -> Sitting:
    visit = party.visit
    visit.table = table
    additions = Prefetch("additions", Addition.objects.defer("body", "ticket"))
    found = visits.orders_of(visit).order_by("created_at").prefetch_related("lines", additions)
    for order in found:
        order.restaurant = table.restaurant
    rounds = [_round(order) for order in found]
    return Sitting(party, rounds, pricing.priced(visit), seating.covers_to_correct(visit))


def _round(order: Order) -> Round:
    addition = max(order.additions.all(), key=lambda each: each.position)
    state = undelivered.state_words(addition)
    is_wanted = addition.state != Addition.State.REFUSED and addition.handled_as not in UNWANTED
    return Round(order, addition.number, state, addition.received_at, is_wanted)
