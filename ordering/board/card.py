"""The waiter card on the board: an order or a cart to type on the till, on one page that needs no network any more."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse

from ordering.board import access, pages
from ordering.board.access import Role, for_staff
from ordering.board.part import Part
from ordering.models import CartLine, Restaurant, Table, Visit
from ordering.services import evening, pricing, visits, waiter_card
from pos_bridge import outbox


@for_staff
def of_order(
    request: HttpRequest, restaurant: Restaurant, role: Role, order_code: str
) -> HttpResponse:
    """With its fate on top: what is on the till already must not be typed again."""
    order = access.order_of(restaurant, order_code)
    addition = outbox.latest(order.pk)
    return pages.show(
        request, restaurant, role, "board/card.html", table=order.table,
        card=waiter_card.of_order(order), fate=evening.fate(addition),
        is_on_till=evening.is_on_till(addition),
    )  # fmt: skip


@for_staff
def of_table(request: HttpRequest, restaurant: Restaurant, role: Role, number: int) -> HttpResponse:
    """What the party at the table has chosen and not sent."""
    table = access.table_of(restaurant, number)
    visit = visits.open_visit(table)
    card = None
    if visit is not None:
        visit.table = table
        card = waiter_card.of_cart(visit, pricing.priced(visit))
    return pages.show(request, restaurant, role, "board/card.html", table=table, card=card)


def part(table: Table, visit: Visit | None, now: datetime) -> Part | None:
    """The way there from the table's page, where there is something to type."""
    if visit is None or not CartLine.objects.filter(visit=visit).exists():
        return None
    return Part("board/_card_link.html", table)
