"""What is left: sold out until a day of service, and portions that are counted down with the order that takes them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from ordering.models import Option, Order, Product, SetMenu
from ordering.models.sold_out import Counted
from ordering.services import carte
from ordering.services.options import PricedOption
from ordering.services.problems import Problem, Refused
from ordering.texts import in_language

if TYPE_CHECKING:
    from ordering.services.pricing import PricedCart, PricedLine


COUNTED: dict[str, type[Counted]] = {"products": Product, "options": Option, "set_menus": SetMenu}
"""What is counted by portions, as an order keeps what it took."""


def mark(things: Iterable[Product | Option | SetMenu], day: date) -> None:
    """Set `sold_out` of these, in memory alone, where they are sold out in any way on this day of service."""
    for thing in things:
        thing.sold_out = thing.is_sold_out(day)


def take(*, order: Order, cart: "PricedCart") -> None:
    """Take the cart's portions, in the order's own transaction and after its number: the restaurant's row is locked
    then, so that no two orders wait for each other.

    Raises Refused with every line that asks for more than there is; the caller's transaction must not be committed.
    """
    wanted: dict[type[Counted], Counter[int]] = {model: Counter() for model in COUNTED.values()}
    counted = [(line, *each) for line in cart.lines for each in _counted(line)]
    for line, model, pk, _name in counted:
        wanted[model][pk] += line.quantity
    if not counted:
        return
    short = {model: _take(model, counts) for model, counts in wanted.items()}
    problems = [
        _too_few(short[model][pk], line.code, name)
        for line, model, pk, name in counted
        if pk in short[model]
    ]
    if problems:
        raise Refused(*problems)
    taken = {
        name: {str(pk): count for pk, count in wanted[model].items()}
        for name, model in COUNTED.items()
    }
    Order.objects.filter(pk=order.pk).update(portions_taken=taken)
    # Only the last portion makes the pages old: the others change nothing that a phone shows.
    if any(
        model._default_manager.filter(pk__in=counts, portions=0).exists()
        for model, counts in wanted.items()
        if counts
    ):
        carte.changed(restaurant_id=order.restaurant_id)


def give_back(*, order_id: int) -> bool:
    """Put the portions of an order back that surely is not cooked. False where it has none, or they are back already.

    What is no longer counted stays so.
    """
    with transaction.atomic():
        order = Order.objects.get(pk=order_id)
        taken = order.portions_taken
        mine = Order.objects.filter(pk=order_id, portions_taken__isnull=False)
        if taken is None or not mine.update(portions_taken=None):
            return False
        # Before the products, as everywhere: the restaurant's row.
        carte.changed(restaurant_id=order.restaurant_id)
        for name, model in COUNTED.items():
            # Orders of before counted no set menus.
            counts = taken.get(name, {})
            for pk, count in sorted((int(pk), count) for pk, count in counts.items()):
                model._default_manager.filter(pk=pk, portions__isnull=False).update(
                    portions=F("portions") + count
                )
        return True


def _counted(line: "PricedLine") -> Iterator[tuple[type[Counted], int, str]]:
    """What of a line is counted, a set menu and its choices too: its model, its row, and what the guest calls it."""
    name = in_language(line.item.name)
    parts: list[tuple[Product | SetMenu, str, tuple[PricedOption, ...]]] = [
        (line.item, name, line.options)
    ]
    for choice in line.choices:
        parts.append(
            (choice.product, f"{name}, {in_language(choice.product.name)}", choice.options)
        )
    for item, said, options in parts:
        if item.portions is not None:
            yield type(item), item.pk, said
        for option in options:
            if option.counted:
                yield Option, option.counted, f"{said}, {in_language(option.name)}"


def _take(model: type[Counted], wanted: Counter[int]) -> dict[int, int]:
    """Those of which there are too few, each with what is left of it."""
    short = {}
    for pk in sorted(wanted):
        rows = model._default_manager.filter(pk=pk)
        counted = rows.filter(portions__gte=wanted[pk])
        if not counted.update(portions=F("portions") - wanted[pk]):
            left = rows.values_list("portions", flat=True).first()
            if left is not None:
                short[pk] = left
    return short


def _too_few(left: int, place: str, name: str) -> Problem:
    if not left:
        return Problem("sold_out", place, name=name)
    return Problem("portions", place, {"count": left}, name)
