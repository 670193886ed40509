"""The waiter card: what a person types on the till when a phone could not send it, as the till is told it: in the
house's language, with the register's codes.
"""

from dataclasses import dataclass

from ordering.languages import interface
from ordering.models import Order, Visit
from ordering.services import tickets
from ordering.services.pricing import PricedCart
from pos_bridge.ticket import Ticket


@dataclass(frozen=True)
class Card:
    """`language`: of the names; `interface`: of the words around them. No order: it is a cart."""

    ticket: Ticket
    language: str
    interface: str
    order: Order | None = None


def of_cart(visit: Visit, cart: PricedCart) -> Card:
    """What is chosen and not sent. Asks the database for nothing that the cart has not read."""
    # A round that is not numbered yet.
    unsent = Order(number=0, covers=visit.covers)
    house = visit.table.restaurant.house_language
    return Card(tickets.of_cart(unsent, visit.table, cart), house, interface(house))


def of_order(order: Order) -> Card:
    """What was sent, with the register's ids of today."""
    house = order.restaurant.house_language
    return Card(tickets.of_order(order), house, interface(house), order)
