"""An order as a register is told it: from the cart that becomes it, and again from the order's own lines."""

from ordering.models import Option, Order, OrderLine, Product, Table
from ordering.services.cart import PricedCart
from ordering.texts import in_language
from pos_bridge.ticket import Ticket, TicketLine, TicketOption

OptionPlace = tuple[str, str]  # the keys of the group and of the option


def of_cart(order: Order, table: Table, cart: PricedCart) -> Ticket:
    house = table.restaurant.house_language  # the register's own
    return Ticket(
        order=order.number,
        table=table.number,
        table_register_id=table.register_id or None,
        covers=order.covers,
        lines=tuple(
            TicketLine(
                register_id=line.product.register_id or None,
                name=in_language(line.product.name, house),
                quantity=line.quantity,
                unit_price=line.product.price,
                vat=line.product.vat,
                course=line.product.course,
                options=tuple(
                    TicketOption(
                        in_language(option.name, house), option.price, option.register_id or None
                    )
                    for option in line.options
                ),
            )
            for line in cart.lines
        ),
    )


def of_order(order: Order) -> Ticket:
    """The same order once more: names, prices and VAT as they were sold, ids as the carte has them today. Where the
    carte has none any more, the ids of then.
    """
    house = order.restaurant.house_language
    lines = list(order.lines.order_by("position"))
    products = _product_ids(order.restaurant_id, lines)
    options = _option_ids(order.restaurant_id, lines)
    return Ticket(
        order=order.number,
        table=order.table.number,
        table_register_id=order.table.register_id or None,
        covers=order.covers,
        lines=tuple(
            TicketLine(
                register_id=products.get(line.product_key) or line.register_id or None,
                name=in_language(line.name, house),
                quantity=line.quantity,
                unit_price=line.unit_price,
                vat=line.vat,
                course=line.course,
                options=tuple(
                    TicketOption(
                        in_language(option["name"], house),
                        option["price"],
                        options.get((option["group"], option["key"]))
                        or option["register_id"]
                        or None,
                    )
                    for option in line.options
                ),
            )
            for line in lines
        ),
    )


def _product_ids(restaurant_id: int, lines: list[OrderLine]) -> dict[str, str]:
    keys = {line.product_key for line in lines}
    products = Product.objects.filter(restaurant=restaurant_id, key__in=keys)
    return dict(products.values_list("key", "register_id"))


def _option_ids(restaurant_id: int, lines: list[OrderLine]) -> dict[OptionPlace, str]:
    keys = {option["key"] for line in lines for option in line.options}
    options = Option.objects.filter(group__restaurant=restaurant_id, key__in=keys)
    return {
        (group, key): register_id
        for group, key, register_id in options.values_list("group__key", "key", "register_id")
    }
