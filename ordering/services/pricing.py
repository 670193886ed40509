"""The cart at today's prices, and what is wrong with it."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from ordering import happy
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
from ordering.services import days, serving, stock
from ordering.services import notes as house_notes
from ordering.services.options import Groups, PricedOption, choose, groups_of, unanswerable
from ordering.services.problems import Problem
from ordering.services.set_menus import Courses, PricedChoice, compose, courses_of
from ordering.slots import is_open
from ordering.texts import in_language
from pos_bridge.prepared import Prepared

Item = tuple[str, int]
"""A product or a set menu: which of the two, and its primary key."""


@dataclass(frozen=True)
class PricedLine:
    """A cart line at today's prices. `item`: the product or the set menu, which has choices. Money is cents TTC.

    `price` is what one of the item costs on this line now, before options and choices (ordering/happy.py).
    """

    line: CartLine
    item: Product | SetMenu
    price: int
    options: tuple[PricedOption, ...]
    problems: tuple[Problem, ...]
    choices: tuple[PricedChoice, ...] = ()
    notes: tuple[house_notes.Note, ...] = ()  # of the house, as it words them now

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
        """Cents TTC of one unit with its options and choices."""
        parts = [option.price for option in self.options]
        return self.price + sum(parts) + sum(choice.unit_total for choice in self.choices)

    @property
    def total(self) -> int:
        """Cents TTC of all its units."""
        return self.quantity * self.unit_total

    @property
    def is_happy(self) -> bool:
        """Whether it has its happy-hour price."""
        return self.price != self.item.price

    @property
    def price_before(self) -> int | None:
        """What one unit cost when the guest chose it, where that has changed."""
        return self.line.shown_price if self.line.shown_price != self.unit_total else None


@dataclass(frozen=True)
class PricedCart:
    """All lines of a visit. `fingerprint` changes with all that the diner confirms: lines, prices, notes, how it is
    brought, covers, table.
    """

    lines: tuple[PricedLine, ...]
    fingerprint: str
    courses: tuple[int, ...] = ()  # the kitchen's turns
    serving: str = ""  # services/serving.py

    @property
    def total(self) -> int:
        """Cents TTC."""
        return sum(line.total for line in self.lines)

    @property
    def count(self) -> int:
        """How many dishes and set menus, not how many lines."""
        return sum(line.quantity for line in self.lines)

    @property
    def problems(self) -> list[Problem]:
        return [problem for line in self.lines for problem in line.problems]


def offered(menu: SetMenu) -> tuple[Courses, Mapping[int, Groups]]:
    """What a set menu offers, and by product what is asked and added; what is sold out in any way is `sold_out`."""
    courses = courses_of({menu.pk})[menu.pk]
    groups = groups_of({product.pk for product in _inside(courses)})
    mark(menu.restaurant, [menu, *_inside(courses)], groups)
    return courses, groups


def priced(
    visit: Visit, *, served_at: Iterable[datetime] = (), now: datetime | None = None
) -> PricedCart:
    """The cart at the prices of now, in two queries, and one more where it holds a set menu; with moments, a last one
    finds what is served at none of them.
    """
    lines = _lines_of.all(visit.pk)
    courses = courses_of({line.set_menu_id for line in lines if line.set_menu_id})
    inside = {choice.product_id for each in courses.values() for _, some in each for choice in some}
    groups = groups_of({line.product_id for line in lines if line.product_id} | inside)
    restaurant = visit.table.restaurant
    now = now or timezone.now()
    items = [item for line in lines if (item := line.product or line.set_menu)]
    choices = [product for each in courses.values() for product in _inside(each)]
    mark(restaurant, [*items, *choices], groups)
    moments = local(restaurant, served_at)
    unserved = unserved_at(items, moments) if moments else set()
    priced_lines = []
    for line in lines:
        if line.set_menu:
            offered = courses[line.set_menu.pk]
            priced_lines.append(
                _priced_menu(
                    line,
                    line.set_menu,
                    price_on(line, line.set_menu, restaurant, now),
                    offered,
                    groups,
                    unserved,
                    moments,
                )
            )
        elif line.product:
            price = price_on(line, line.product, restaurant, now)
            priced_lines.append(_priced_product(line, line.product, price, groups, unserved))
    found_lines = tuple(_noted(line, restaurant) for line in priced_lines)
    turns = serving.courses_of(found_lines)
    wish = serving.wished(visit, turns)
    return PricedCart(found_lines, _fingerprint(visit, found_lines, wish), tuple(turns), wish)


def _noted(line: PricedLine, restaurant: Restaurant) -> PricedLine:
    if not line.line.notes and not line.line.note:
        return line
    found, gone = house_notes.of_today(restaurant, line.line.notes, line.line.note)
    problems = (*line.problems, *_named(line.line, line.item, gone))
    return replace(line, notes=found, problems=problems)


def of_guest(cart: PricedCart, guest: Guest) -> PricedCart:
    """The guest's own lines of the cart. Its fingerprint covers these alone: what the others change is not confirmed
    with it.
    """
    lines = tuple(line for line in cart.lines if line.line.guest_id == guest.pk)
    turns = serving.courses_of(lines)
    wish = serving.wished(guest.visit, turns)
    fingerprint = _fingerprint(guest.visit, lines, wish, alone=True)
    return PricedCart(lines, fingerprint, tuple(turns), wish)


def price_now(item: Product | SetMenu, restaurant: Restaurant, now: datetime) -> int:
    """Cents TTC of one that is put into the cart now."""
    return happy.price_at(item, *local(restaurant, [now]))


def price_on(line: CartLine, item: Product | SetMenu, restaurant: Restaurant, now: datetime) -> int:
    """Cents TTC of one on this line now: what was chosen in a happy hour keeps its price for the minutes of grace."""
    added_at, moment = local(restaurant, [line.added_at, now])
    grace = timedelta(minutes=restaurant.grace_minutes)
    return happy.price_in_cart(item, added_at=added_at, now=moment, grace=grace)


def _inside(courses: Courses) -> list[Product]:
    return [choice.product for _, choices in courses for choice in choices]


def mark(
    restaurant: Restaurant, items: Iterable[Product | SetMenu], groups: Mapping[int, Groups]
) -> None:
    """Whatever way it is sold out in today, it is `sold_out`."""
    today = days.service_day(restaurant, timezone.now())
    offered = [option for each in groups.values() for _, options in each for option in options]
    stock.mark([*items, *offered], today)


def with_gaps(rows: Any, menu: str = "pk") -> Any:
    """A query's rows with `gap`: whether a course of the set menu asks for a choice and has none."""
    required = Course.objects.filter(set_menu=OuterRef(menu), min__gt=0, choices=None)
    return rows.annotate(gap=Exists(required))


def _lines(visit: int) -> QuerySet[CartLine]:
    found = CartLine.objects.filter(visit=visit).select_related("product", "set_menu", "guest")
    rows: QuerySet[CartLine] = with_gaps(found, "set_menu")
    return rows.annotate(unanswerable=unanswerable("product"))


def _places(**of: Sequence[int]) -> QuerySet[CategoryItem]:
    placed = CategoryItem.objects.filter(**of).select_related("category")
    return placed.only("product", "set_menu", "category__served")


_lines_of = Prepared(_lines)
_places_of_products = Prepared(lambda *products: _places(product__in=products))
_places_of_menus = Prepared(lambda *menus: _places(set_menu__in=menus))


def _priced_product(
    line: CartLine,
    product: Product,
    price: int,
    groups: Mapping[int, Groups],
    unserved: set[Item],
) -> PricedLine:
    options, problems = choose(
        groups.get(product.pk, []), [(group, key) for group, key in line.chosen]
    )
    problems += item_problems(product, unserved, gap=getattr(line, "unanswerable", False))
    if price + sum(option.price for option in options) < 0:
        problems.append(Problem("below_zero"))
    return PricedLine(line, product, price, tuple(options), _named(line, product, problems))


def _priced_menu(
    line: CartLine,
    menu: SetMenu,
    price: int,
    courses: Courses,
    groups: Mapping[int, Groups],
    unserved: set[Item],
    moments: Sequence[datetime],
) -> PricedLine:
    choices, problems = compose(courses, groups, line.composed, moments)
    problems += item_problems(menu, unserved, gap=getattr(line, "gap", False))
    if price + sum(choice.unit_total for choice in choices) < 0:
        problems.append(Problem("below_zero"))
    return PricedLine(line, menu, price, (), _named(line, menu, problems), tuple(choices))


def _named(line: CartLine, item: Product | SetMenu, problems: list[Problem]) -> tuple[Problem, ...]:
    name = in_language(item.name)
    return tuple(replace(problem, place=line.code, name=name) for problem in problems)


def item_problems(
    item: Product | SetMenu, unserved: set[Item], *, gap: bool = False
) -> list[Problem]:
    """Why it cannot be ordered now; `gap`: a part of it has no id on the register."""
    codes = {
        "sold_out": item.sold_out,
        "not_on_register": not item.register_id or gap or getattr(item, "gap", False),
        "not_served": _place(item) in unserved,
    }
    return [Problem(code) for code, is_so in codes.items() if is_so]


def _place(item: Product | SetMenu) -> Item:
    return ("product" if isinstance(item, Product) else "set_menu", item.pk)


def local(restaurant: Restaurant, moments: Iterable[datetime]) -> list[datetime]:
    """By the restaurant's clock."""
    zone = ZoneInfo(restaurant.timezone)
    return [moment.astimezone(zone) for moment in moments]


def unserved_at(items: Iterable[Product | SetMenu], moments: Sequence[datetime]) -> set[Item]:
    """What is served at none of these local times, by its own slots or by those of every category that it stands in."""
    items = list(items)
    by_item: defaultdict[tuple[str, int | None], list[Any]] = defaultdict(list)
    products = {item.pk for item in items if isinstance(item, Product)}
    menus = {item.pk for item in items if isinstance(item, SetMenu)}
    for each in _places_of_products.all(*sorted(products)) if products else ():
        by_item["product", each.product_id].append(each.category.served)
    for each in _places_of_menus.all(*sorted(menus)) if menus else ():
        by_item["set_menu", each.set_menu_id].append(each.category.served)
    return {
        _place(item)
        for item in items
        if not any(
            is_open(item.served, local)
            and any(is_open(served, local) for served in by_item[_place(item)])
            for local in moments
        )
    }


def _fingerprint(
    visit: Visit, lines: Iterable[PricedLine], wish: str, *, alone: bool = False
) -> str:
    """Of names and allergens too: what a dish is made of may change between the recap and the tap."""
    confirmed: list[Any] = [visit.table.number, visit.covers, *([wish] if wish else [])]
    confirmed += ["alone"] if alone else []
    confirmed += [
        [
            line.code,
            line.quantity,
            line.item.name,
            line.price,
            str(line.item.vat),
            getattr(line.item, "allergens", None),
            _options(line.options),
            *([_choices(line.choices)] if line.choices else []),
            *([line.notes, line.line.note] if line.notes or line.line.note else []),
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
