"""Moving a party to another table, joining two, parting one; and what is to be done on the till then."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from ordering.board import access, pages
from ordering.board.access import Role, for_staff
from ordering.board.part import Part
from ordering.diner.pages import takes_a_form
from ordering.models import Restaurant, Table, Visit
from ordering.services import moves, visits
from ordering.services.moves import NotMoved


@dataclass(frozen=True)
class Seated:
    """What the table's page shows of moving: the party's form, and what is to be done on the till."""

    visit: Visit
    to_do: list[str]


@dataclass(frozen=True)
class Joinable:
    """Another party, and how many they are together: the most that a party may be here."""

    visit: Visit
    covers: int


def part_of_table(table: Table, visit: Visit | None, now: datetime) -> Part | None:
    """Of each party where strangers share the table."""
    here = visits.open_visits(table) if visit else []
    seated = [Seated(each, moves.to_do(each)) for each in here]
    return Part("board/_moves.html", seated) if seated else None


@for_staff
def page(request: HttpRequest, restaurant: Restaurant, role: Role, code: str) -> HttpResponse:
    visit = access.party_of(restaurant, code)
    if visit is None:
        return pages.done(request, pages.board(restaurant), str(NotMoved("gone")), ok=False)
    free, taken = moves.room(visit)
    most = restaurant.limit_covers
    return pages.show(
        request, restaurant, role, "board/move.html", visit=visit, table=visit.table,
        free=free, others=[Joinable(each, min(most, visit.covers + each.covers)) for each in taken],
        guests=visit.guests.filter(moved_to=None), to_do=moves.to_do(visit),
    )  # fmt: skip


@takes_a_form
@for_staff
def move(request: HttpRequest, restaurant: Restaurant, role: Role, code: str) -> HttpResponse:
    def act(visit: Visit) -> tuple[Visit, str]:
        to = _table(request, restaurant)
        moves.move(visit=visit, to_table=to, by=request.user)
        return visit, _("The party now sits at table %(number)s.") % {"number": to.number}

    return _done(request, restaurant, code, act)


@takes_a_form
@for_staff
def join(request: HttpRequest, restaurant: Restaurant, role: Role, code: str) -> HttpResponse:
    def act(visit: Visit) -> tuple[Visit, str]:
        into = access.party_of(restaurant, request.POST.get("into", ""))
        if into is None:
            raise NotMoved("gone")
        moves.join(visit=visit, into=into, covers=_number(request, "covers"), by=request.user)
        return into, _("The two are one party now, at table %(number)s.") % {
            "number": into.table.number
        }

    return _done(request, restaurant, code, act)


@takes_a_form
@for_staff
def part(request: HttpRequest, restaurant: Restaurant, role: Role, code: str) -> HttpResponse:
    def act(visit: Visit) -> tuple[Visit, str]:
        to = _table(request, restaurant)
        moves.part(
            visit=visit,
            guests=request.POST.getlist("guest"),
            covers=_number(request, "covers"),
            to_table=to,
            by=request.user,
        )
        said = _(
            "Some of the party sit at table %(number)s now. What was sent stays on table %(from)s."
        )
        return visit, said % {"number": to.number, "from": visit.table.number}

    return _done(request, restaurant, code, act)


def _done(
    request: HttpRequest,
    restaurant: Restaurant,
    code: str,
    act: Callable[[Visit], tuple[Visit, str]],
) -> HttpResponse:
    """To the table where they sit now, with what came of it; back to the form where nothing was changed."""
    try:
        visit = access.party_of(restaurant, code)
        if visit is None or str(visit.table.number) != request.POST.get("at"):
            raise NotMoved("gone")
        changed, said = act(visit)
    except NotMoved as refused:
        return pages.done(
            request, reverse("board:moves", args=[restaurant.slug, code]), str(refused), ok=False
        )
    changed.refresh_from_db()
    where = reverse("board:table", args=[restaurant.slug, changed.table.number])
    return pages.done(request, where, " ".join([said, *moves.to_do(changed)]), ok=True)


def _table(request: HttpRequest, restaurant: Restaurant) -> Table:
    found = access.tables_of(restaurant).filter(number=_number(request, "to")).first()
    if found is None:
        raise NotMoved("unknown")
    return found


def _number(request: HttpRequest, name: str) -> int:
    """0, which is no covers and no table, where it is none."""
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
