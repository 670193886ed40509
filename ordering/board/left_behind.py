"""A party that has left without anybody having freed its table: the next one sits there, and the staff look after what
the first has left to pay.
"""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from ordering import undelivered
from ordering.board import access, pages
from ordering.board.access import Elsewhere, Role, for_staff
from ordering.board.need import Button, Need
from ordering.diner.pages import takes_a_form
from ordering.models import Restaurant, Visit
from ordering.services import floor, seating
from ordering.templatetags.diner import clock


def needs(restaurant: Restaurant, now: datetime) -> list[Need]:
    return [_need(restaurant, visit) for visit in seating.left_behind(restaurant)]


@takes_a_form
@for_staff
def seen(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    table = access.table_of(restaurant, number)
    try:
        visit = access.visit_of(table, request.POST.get("visit", ""))
    except Elsewhere as moved:
        return pages.done(request, pages.board(restaurant), str(moved), ok=False)
    if seating.confirm_left(visit=visit, by=request.user):
        return pages.done(request, pages.board(restaurant), _("Done: it is off this list."))
    said = _("Somebody has seen to it already; nothing was changed.")
    act = floor.last_act(table, "party_left")
    if act:
        said = f"{said} {undelivered.by_whom(act, restaurant.timezone)}"
    return pages.done(request, pages.board(restaurant), said, ok=False)


def _need(restaurant: Restaurant, visit: Visit) -> Need:
    at = visit.left_behind_at or visit.opened_at
    seated = _("They were seated at %(time)s, and the next party has come to their table.")
    return Need(
        kind="left",
        key=str(visit.pk),
        at=at,
        table=visit.table,
        title="",
        word=_("the party before has left"),
        reason=[
            seated % {"time": clock(visit.opened_at, restaurant.timezone)},
            _("Look on the till whether their bill is paid, before the next order is added to it."),
        ],
        buttons=[
            Button(
                _("I have seen to it"),
                reverse("board:left", args=[restaurant.slug, visit.table.number]),
                {"visit": visit.pk},
                main=True,
            )
        ],
        colour="wait",
    )
