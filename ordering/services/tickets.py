"""An order as a register is told it: from the cart that becomes it, and again from the order's own lines."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ordering.models import Option, Order, OrderLine, Product, SetMenu, Table
from ordering.services import notes, serving
from ordering.services.options import PricedOption
from ordering.services.pricing import PricedCart, PricedLine
from ordering.texts import in_language
from pos_bridge.ticket import Ticket, TicketChoice, TicketLine, TicketOption

OptionPlace = tuple[str, str]  # the keys of the group and of the option


def of_cart(order: Order, table: Table, cart: PricedCart) -> Ticket:
    """What the register is told of this order, frozen with it."""
    house = table.restaurant.house_language  # the register's own
    return Ticket(
        order=order.number,
        table=table.number,
        table_register_id=table.register_id or None,
        covers=order.covers,
        lines=tuple(_cart_line(line, house) for line in cart.lines),
        serving=cart.serving,
        serving_words=serving.in_house_words(cart.serving, cart.courses, house),
    )


def _cart_line(line: PricedLine, house: str) -> TicketLine:
    return TicketLine(
        register_id=line.item.register_id or None,
        name=in_language(line.item.name, house),
        quantity=line.quantity,
        unit_price=line.price,
        vat=line.item.vat,
        course=line.course,
        note=notes.for_register(line.notes, line.line.note, house),
        options=of_options(line.options, house),
        choices=tuple(
            of_choice(choice.product, choice.supplement, of_options(choice.options, house), house)
            for choice in line.choices
        ),
    )


def of_choice(
    product: Product, supplement: int, options: tuple[TicketOption, ...], house: str
) -> TicketChoice:
    """A set menu's choice; `supplement` in cents TTC."""
    return TicketChoice(
        register_id=product.register_id or None,
        name=in_language(product.name, house),
        vat=product.vat,
        supplement=supplement,
        course=product.course,
        price_alone=product.price,
        options=options,
    )


def of_options(options: Iterable[PricedOption | Option], house: str) -> tuple[TicketOption, ...]:
    """In the order in which they were chosen."""
    return tuple(
        TicketOption(in_language(option.name, house), option.price, option.register_id or None)
        for option in options
    )


def of_order(order: Order) -> Ticket:
    """The same order once more: names, prices and VAT as they were sold, ids as the carte has them today. Where the
    carte has none any more, the ids of then.
    """
    house = order.restaurant.house_language
    lines = list(order.lines.order_by("position"))
    ids = _Ids(order.restaurant_id, lines)
    return Ticket(
        order=order.number,
        table=order.table.number,
        table_register_id=order.table.register_id or None,
        covers=order.covers,
        lines=tuple(
            TicketLine(
                register_id=ids.of_line(line),
                name=in_language(line.name, house),
                quantity=line.quantity,
                unit_price=line.unit_price,
                vat=line.vat,
                course=line.course,
                note=notes.for_register(line.notes, line.note, house),
                options=ids.options(line.options, house),
                choices=tuple(
                    TicketChoice(
                        register_id=ids.of_choice(choice),
                        name=in_language(choice["name"], house),
                        vat=Decimal(choice["vat"]),
                        supplement=choice["supplement"],
                        course=choice["turn"],
                        price_alone=choice["price_alone"],
                        options=ids.options(choice["options"], house),
                    )
                    for choice in line.choices
                ),
            )
            for line in lines
        ),
        serving=order.serving,
        serving_words=serving.in_house_words(order.serving, serving.of_order_lines(lines), house),
    )


class _Ids:
    """The register's ids of today for what an order's lines name by its key, in three queries."""

    def __init__(self, restaurant_id: int, lines: list[OrderLine]) -> None:
        inside = [choice for line in lines for choice in line.choices]
        keys = {line.product_key for line in lines} | {choice["key"] for choice in inside}
        products = Product.objects.filter(restaurant=restaurant_id, key__in=keys)
        menus = SetMenu.objects.filter(restaurant=restaurant_id, key__in=keys)
        self._products = dict(products.values_list("key", "register_id"))
        self._menus = dict(menus.values_list("key", "register_id"))
        chosen = [option for line in lines for option in line.options]
        chosen += [option for choice in inside for option in choice["options"]]
        options = Option.objects.filter(
            group__restaurant=restaurant_id, key__in={option["key"] for option in chosen}
        )
        self._options: dict[OptionPlace, str] = {
            (group, key): register_id
            for group, key, register_id in options.values_list("group__key", "key", "register_id")
        }

    def of_line(self, line: OrderLine) -> str | None:
        today = self._menus if line.is_menu else self._products
        return today.get(line.product_key) or line.register_id or None

    def of_choice(self, choice: Mapping[str, Any]) -> str | None:
        return self._products.get(choice["key"]) or choice["register_id"] or None

    def options(self, options: list[dict[str, Any]], house: str) -> tuple[TicketOption, ...]:
        return tuple(
            TicketOption(
                in_language(option["name"], house),
                option["price"],
                self._options.get((option["group"], option["key"]))
                or option["register_id"]
                or None,
            )
            for option in options
        )
