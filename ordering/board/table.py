"""One table: who sits there, and what can be done about it."""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ordering.board import access, card, pages, why
from ordering.board.access import Role, for_staff
from ordering.board.needs import needs
from ordering.board.part import Part
from ordering.models import Restaurant, Table, Visit
from ordering.services import visits

# Each is asked for the table and the party that sits there now, and says what to show of it, or None.
PARTS: list[Callable[[Table, Visit | None, datetime], Part | None]] = [why.part, card.part]


@for_staff
def page(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    table = access.table_of(restaurant, number)
    visit = visits.open_visit(table)
    now = timezone.now()
    parts = [part(table, visit, now) for part in PARTS]
    mine = [need for need in needs(restaurant, now) if need.table and need.table.pk == table.pk]
    return pages.show(
        request, restaurant, role, "board/table.html", every=pages.EVERY,
        table=table, visit=visit, needs=mine, parts=[part for part in parts if part],
    )  # fmt: skip
