"""The board itself: what needs a person, how the till is, and the room."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ordering.board import halted, health, pages, room
from ordering.board.access import Role, for_staff
from ordering.board.needs import needs
from ordering.models import Restaurant

# An outage of an evening: the page stays small, and the oldest are on it.
SHOWN = 50


@for_staff
def board(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    """One request every few seconds; nothing is sent where nothing has changed (F20, F72)."""
    now = timezone.now()
    found = needs(restaurant, now)
    return pages.show(
        request, restaurant, role, "board/board.html", every=pages.EVERY,
        needs=found[:SHOWN], count=len(found), more=max(0, len(found) - SHOWN),
        health=health.told(restaurant, now), halted=halted.told(restaurant, now),
        tiles=room.tiles(restaurant, found, now),
    )  # fmt: skip
