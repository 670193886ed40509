"""The cart of a visit: chosen on the phones, priced here."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from ordering.models import (
    CartLine,
    CategoryItem,
    Course,
    Guest,
    Product,
    Restaurant,
    SetMenu,
    Visit,
)
from ordering.services import days, stock, visits
from ordering.services.options import Chosen, Groups, PricedOption, choose, groups_of
from ordering.services.problems import Problem, Refused
from ordering.services.set_menus import (
    Composed,
    Courses,
    PricedChoice,
    compose,
    courses_of,
    in_order,
)
from ordering.slots import is_open
from ordering.texts import in_language

Item = tuple[str, int]
"""A product or a set menu: which of the two, and its primary key."""


@dataclass(frozen=True)
class PricedLine:
    """A cart line at today's prices. `item`: the product or the set menu, which has choices. Money is cents TTC."""

    line: CartLine
    item: Product | SetMenu
    options: tuple[PricedOption, ...]
    problems: tuple[Problem, ...]
    choices: tuple[PricedChoice, ...] = ()

    @property
    def is_menu(self) -> bool:
        return isinstance(self.item, SetMenu)

    @property
    def course(self) -> int | None:
        """In which of the kitchen's turns; those of a set menu's choices are their own."""
        return None if isinstance(self.item, SetMenu) else self.item.course

    @property
    def code(self) -> str:
        return self.line.code

    @property
    def quantity(self) -> int:
        return self.line.quantity

    @property
    def unit_total(self) -> int:
        parts = [option.price for option in self.options]
        return self.item.price + sum(parts) + sum(choice.unit_total for choice in self.choices)

    @property
    def total(self) -> int:
        return self.quantity * self.unit_total

    @property
    def price_before(self) -> int | None:
        """What one unit cost when the guest chose it, where that has changed."""
        return self.line.shown_price if self.line.shown_price != self.unit_total else None


@dataclass(frozen=True)
class PricedCart:
    """All lines of a visit. `fingerprint` changes with all that the diner confirms: lines, prices, covers, table."""

    lines: tuple[PricedLine, ...]
    fingerprint: str

    @property
    def total(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def count(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def problems(self) -> list[Problem]:
        return [problem for line in self.lines for problem in line.problems]


def add(*, guest: Guest, product_key: str, quantity: int, chosen: Chosen) -> CartLine:
    """Put a product into the cart. The same product with the same options of the same guest is one line.

    Raises Refused (with every problem), VisitEnded.
    """
    restaurant = guest.visit.table.restaurant
    product = Product.objects.filter(restaurant=restaurant, key=product_key).first()
    if product is None:
        raise Refused(Problem("unknown_product"))
    groups = groups_of({product.pk})
    _mark(restaurant, [product], groups)
    options, problems = choose(groups[product.pk], chosen)
    problems += _item_problems(
        product, _not_served([product], _local(restaurant, [timezone.now()]))
    )
    unit_total = product.price + sum(option.price for option in options)
    wanted = sorted([group, key] for group, key in chosen)
    return _put(guest, quantity, unit_total, problems, product=product, chosen=wanted)


def add_menu(*, guest: Guest, menu_key: str, quantity: int, composed: Composed) -> CartLine:
    """Put a set menu into the cart. The same menu composed in the same way by the same guest is one line.

    Raises Refused (with every problem; those of a course have its key as their place), VisitEnded.
    """
    restaurant = guest.visit.table.restaurant
    menus = SetMenu.objects.filter(restaurant=restaurant, key=menu_key)
    menu = _with_gaps(menus.select_related("restaurant")).first()
    if menu is None:
        raise Refused(Problem("unknown_product"))
    courses, groups = offered(menu)
    now = _local(restaurant, [timezone.now()])
    choices, problems = compose(courses, groups, composed, now)
    problems += _item_problems(menu, _not_served([menu], now))
    unit_total = menu.price + sum(choice.unit_total for choice in choices)
    written = [] if problems else in_order(courses, composed)
    return _put(guest, quantity, unit_total, problems, set_menu=menu, composed=written)


def offered(menu: SetMenu) -> tuple[Courses, Mapping[int, Groups]]:
    """What a set menu offers, and by product what is asked and added; what is sold out in any way is `sold_out`."""
    courses = courses_of({menu.pk})[menu.pk]
    groups = groups_of({product.pk for product in _inside(courses)})
    _mark(menu.restaurant, [menu, *_inside(courses)], groups)
    return courses, groups


def _put(
    guest: Guest, quantity: int, unit_total: int, problems: list[Problem], **what: Any
) -> CartLine:
    """`what`: the fields that say what is ordered, by which a line is the same as another."""
    restaurant = guest.visit.table.restaurant
    if not 1 <= quantity <= restaurant.limit_quantity:
        problems.append(Problem("quantity", params={"max": restaurant.limit_quantity}))
    if unit_total < 0:
        problems.append(Problem("below_zero"))
    if not is_open(restaurant.hours, *_local(restaurant, [timezone.now()])):
        problems.append(Problem("closed"))  # the grace is for what stands in the cart
    if problems:
        raise Refused(*problems)
    with transaction.atomic():
        visits.lock(guest.visit)
        of = {name: what.get(name) for name in ("product", "set_menu")}
        mine = CartLine.objects.filter(visit=guest.visit, guest=guest, **of)
        same = next((line for line in mine if _is_same(line, what)), None)
        if same is not None:
            if same.quantity + quantity > restaurant.limit_quantity:
                raise Refused(Problem("quantity", params={"max": restaurant.limit_quantity}))
            CartLine.objects.filter(pk=same.pk).update(
                quantity=F("quantity") + quantity, shown_price=unit_total
            )
            same.quantity += quantity
            return same
        if CartLine.objects.filter(visit=guest.visit).count() >= restaurant.limit_lines:
            raise Refused(Problem("too_many_lines", params={"max": restaurant.limit_lines}))
        return CartLine.objects.create(
            visit=guest.visit, guest=guest, quantity=quantity, shown_price=unit_total, **what
        )


def _is_same(line: CartLine, what: dict[str, Any]) -> bool:
    return all(getattr(line, name) == what.get(name, []) for name in ("chosen", "composed"))


def update(*, guest: Guest, quantities: dict[str, int], covers: int | None) -> bool:
    """Save what stands on the guest's cart page: {code of an own line: quantity, 0 removes it}, and the covers.

    Codes that are not the guest's own are passed over. True where anything has changed.
    Raises Refused (with every problem), VisitEnded.
    """
    most = guest.visit.table.restaurant.limit_quantity
    problems = [
        Problem("quantity", place=code, params={"max": most})
        for code, quantity in quantities.items()
        if not 0 <= quantity <= most
    ]
    with transaction.atomic():
        visits.lock(guest.visit)
        changed = False
        if covers is not None:
            try:
                changed = visits.set_covers(guest=guest, covers=covers)
            except Refused as refused:
                problems += refused.problems
        mine = CartLine.objects.filter(visit=guest.visit, guest=guest, code__in=quantities)
        for line in mine:
            quantity = quantities[line.code]
            if quantity == line.quantity or not 0 <= quantity <= most:
                continue
            changed = True
            if quantity:
                CartLine.objects.filter(pk=line.pk).update(quantity=quantity)
            else:
                line.delete()
        if problems:
            raise Refused(*problems)  # and nothing of it is saved
        return changed


def remove(*, guest: Guest, line_code: str) -> bool:
    """Take a line out of the visit's cart, whoever's it is: a phone that has left must not block its table.

    False where it is gone already. Raises VisitEnded.
    """
    with transaction.atomic():
        visits.lock(guest.visit)
        removed, _ = CartLine.objects.filter(visit=guest.visit, code=line_code).delete()
        return bool(removed)


def priced(visit: Visit, *, served_at: Iterable[datetime] = ()) -> PricedCart:
    """The cart at today's prices, in two queries, and one more where it holds a set menu; with moments, a last one
    finds what is served at none of them.
    """
    found = CartLine.objects.filter(visit=visit).select_related("product", "set_menu", "guest")
    lines = list(_with_gaps(found, "set_menu"))
    courses = courses_of({line.set_menu_id for line in lines if line.set_menu_id})
    inside = {choice.product_id for each in courses.values() for _, some in each for choice in some}
    groups = groups_of({line.product_id for line in lines if line.product_id} | inside)
    restaurant = visit.table.restaurant
    items = [item for line in lines if (item := line.product or line.set_menu)]
    choices = [product for each in courses.values() for product in _inside(each)]
    _mark(restaurant, [*items, *choices], groups)
    moments = _local(restaurant, served_at)
    not_served = _not_served(items, moments) if moments else set()
    priced_lines = []
    for line in lines:
        if line.set_menu:
            offered = courses[line.set_menu.pk]
            priced_lines.append(
                _priced_menu(line, line.set_menu, offered, groups, not_served, moments)
            )
        elif line.product:
            priced_lines.append(_priced_product(line, line.product, groups, not_served))
    found_lines = tuple(priced_lines)
    return PricedCart(lines=found_lines, fingerprint=_fingerprint(visit, found_lines))


def _inside(courses: Courses) -> list[Product]:
    return [choice.product for _, choices in courses for choice in choices]


def _mark(
    restaurant: Restaurant, items: Iterable[Product | SetMenu], groups: Mapping[int, Groups]
) -> None:
    """Whatever way it is sold out in today, it is `sold_out`."""
    today = days.service_day(restaurant, timezone.now())
    offered = [option for each in groups.values() for _, options in each for option in options]
    stock.mark([*items, *offered], today)


def _with_gaps(rows: Any, menu: str = "pk") -> Any:
    """A query's rows with `gap`: whether a course of the set menu asks for a choice and has none."""
    required = Course.objects.filter(set_menu=OuterRef(menu), min__gt=0, choices=None)
    return rows.annotate(gap=Exists(required))


def _priced_product(
    line: CartLine,
    product: Product,
    groups: Mapping[int, Groups],
    not_served: set[Item],
) -> PricedLine:
    options, problems = choose(
        groups.get(product.pk, []), [(group, key) for group, key in line.chosen]
    )
    problems += _item_problems(product, not_served)
    if product.price + sum(option.price for option in options) < 0:
        problems.append(Problem("below_zero"))
    return PricedLine(line, product, tuple(options), _named(line, product, problems))


def _priced_menu(
    line: CartLine,
    menu: SetMenu,
    courses: Courses,
    groups: Mapping[int, Groups],
    not_served: set[Item],
    moments: Sequence[datetime],
) -> PricedLine:
    choices, problems = compose(courses, groups, line.composed, moments)
    problems += _item_problems(menu, not_served, gap=getattr(line, "gap", False))
    if menu.price + sum(choice.unit_total for choice in choices) < 0:
        problems.append(Problem("below_zero"))
    return PricedLine(line, menu, (), _named(line, menu, problems), tuple(choices))


def _named(line: CartLine, item: Product | SetMenu, problems: list[Problem]) -> tuple[Problem, ...]:
    name = in_language(item.name)
    return tuple(replace(problem, place=line.code, name=name) for problem in problems)


def _item_problems(
    item: Product | SetMenu, not_served: set[Item], *, gap: bool = False
) -> list[Problem]:
    codes = {
        "sold_out": item.sold_out,
        "not_on_register": not item.register_id or gap or getattr(item, "gap", False),
        "not_served": _place(item) in not_served,
    }
    return [Problem(code) for code, is_so in codes.items() if is_so]


def _place(item: Product | SetMenu) -> Item:
    return ("product" if isinstance(item, Product) else "set_menu", item.pk)


def _local(restaurant: Restaurant, moments: Iterable[datetime]) -> list[datetime]:
    zone = ZoneInfo(restaurant.timezone)
    return [moment.astimezone(zone) for moment in moments]


def _not_served(items: Iterable[Product | SetMenu], moments: Sequence[datetime]) -> set[Item]:
    """What is served at none of these local times, by its own slots or by those of every category that it stands in."""
    items = list(items)
    by_item: defaultdict[Item, list[Any]] = defaultdict(list)
    placed = CategoryItem.objects.filter(
        Q(product__in=[item.pk for item in items if isinstance(item, Product)])
        | Q(set_menu__in=[item.pk for item in items if isinstance(item, SetMenu)])
    )
    for product, menu, served in placed.values_list(
        "product_id", "set_menu_id", "category__served"
    ):
        for key in (("product", product), ("set_menu", menu)):
            by_item[key].append(served)
    return {
        _place(item)
        for item in items
        if not any(
            is_open(item.served, local)
            and any(is_open(served, local) for served in by_item[_place(item)])
            for local in moments
        )
    }


def _fingerprint(visit: Visit, lines: Iterable[PricedLine]) -> str:
    """Of names and allergens too: what a dish is made of may change between the recap and the tap."""
    confirmed: list[Any] = [visit.table.number, visit.covers]
    confirmed += [
        [
            line.code,
            line.quantity,
            line.item.name,
            line.item.price,
            str(line.item.vat),
            getattr(line.item, "allergens", None),
            _options(line.options),
            *([_choices(line.choices)] if line.choices else []),
        ]
        for line in lines
    ]
    return hashlib.sha256(json.dumps(confirmed).encode()).hexdigest()


def _options(options: Iterable[PricedOption]) -> list[list[Any]]:
    return [
        [option.group, option.key, option.name, option.price, option.allergens]
        for option in options
    ]


def _choices(choices: Iterable[PricedChoice]) -> list[list[Any]]:
    return [
        [
            choice.course,
            choice.product.key,
            choice.product.name,
            choice.supplement,
            str(choice.product.vat),
            choice.product.allergens,
            _options(choice.options),
        ]
        for choice in choices
    ]
