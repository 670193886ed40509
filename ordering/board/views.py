"""The board itself: what needs a person, and the room."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ordering.board import pages
from ordering.board.access import Role, for_staff
from ordering.board.needs import needs
from ordering.models import Restaurant


@for_staff
def board(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    """One request every few seconds; nothing is sent where nothing has changed (F20, F72)."""
    tables = restaurant.tables.order_by("zone", "number")
    return pages.show(
        request, restaurant, role, "board/board.html", every=pages.EVERY,
        needs=needs(restaurant, timezone.now()), tables=tables,
    )  # fmt: skip
