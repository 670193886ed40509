"""The cart of a visit: chosen on the phones, priced here."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ordering.models import (
    CartLine,
    CategoryItem,
    Guest,
    Option,
    OptionGroup,
    Product,
    Restaurant,
    Visit,
)
from ordering.services import days, stock, visits
from ordering.services.problems import Problem, Refused
from ordering.slots import is_open
from ordering.texts import in_language

Chosen = list[tuple[str, str]]
"""(group key, option key) for each option that the guest chose."""

Groups = list[tuple[OptionGroup, list[Option]]]
"""What is asked and added for a product, in order."""


@dataclass(frozen=True)
class PricedOption:
    """An option of a line as it is now. `price` is cents TTC for one unit."""

    group: str
    key: str
    name: dict[str, str]
    price: int
    register_id: str
    automatic: bool
    allergens: list[str] | None
    counted: int | None = None  # its row, where its portions are counted


@dataclass(frozen=True)
class PricedLine:
    """A cart line at today's prices. Money is cents TTC."""

    line: CartLine
    product: Product
    options: tuple[PricedOption, ...]
    problems: tuple[Problem, ...]

    @property
    def code(self) -> str:
        return self.line.code

    @property
    def quantity(self) -> int:
        return self.line.quantity

    @property
    def unit_total(self) -> int:
        return self.product.price + sum(option.price for option in self.options)

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
    groups = _groups_of({product.pk})[product.pk]
    _mark(restaurant, [product], groups)
    options, problems = _choose(groups, chosen)
    problems += _product_problems(product, _not_served(restaurant, [product], timezone.now()))
    if not 1 <= quantity <= restaurant.limit_quantity:
        problems.append(Problem("quantity", params={"max": restaurant.limit_quantity}))
    unit_total = product.price + sum(option.price for option in options)
    if unit_total < 0:
        problems.append(Problem("below_zero"))
    if problems:
        raise Refused(*problems)
    wanted = sorted([group, key] for group, key in chosen)
    with transaction.atomic():
        visits.lock(guest.visit)
        mine = CartLine.objects.filter(visit=guest.visit, guest=guest, product=product)
        same = next((line for line in mine if line.chosen == wanted), None)
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
            visit=guest.visit,
            guest=guest,
            product=product,
            quantity=quantity,
            chosen=wanted,
            shown_price=unit_total,
        )


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
    """The cart at today's prices, in two queries; with moments, a third finds what is served at none of them."""
    lines = list(CartLine.objects.filter(visit=visit).select_related("product", "guest"))
    products = {line.product_id: line.product for line in lines}
    groups = _groups_of(set(products))
    _mark(visit.table.restaurant, products.values(), *groups.values())
    moments = list(served_at)
    restaurant = visit.table.restaurant
    not_served = _not_served(restaurant, products.values(), *moments) if moments else set()
    found = tuple(_priced_line(line, groups[line.product_id], not_served) for line in lines)
    return PricedCart(lines=found, fingerprint=_fingerprint(visit, found))


def _priced_line(line: CartLine, groups: Groups, not_served: set[int]) -> PricedLine:
    options, problems = _choose(groups, [(group, key) for group, key in line.chosen])
    problems += _product_problems(line.product, not_served)
    if line.product.price + sum(option.price for option in options) < 0:
        problems.append(Problem("below_zero"))
    name = in_language(line.product.name)
    return PricedLine(
        line=line,
        product=line.product,
        options=tuple(options),
        problems=tuple(replace(problem, place=line.code, name=name) for problem in problems),
    )


def _groups_of(product_ids: set[int]) -> defaultdict[int, Groups]:
    """What is asked and added for each product, in order, in one query."""
    found: defaultdict[int, Groups] = defaultdict(list)
    if not product_ids:
        return found
    options = (
        Option.objects.filter(group__products__product__in=product_ids)
        .select_related("group")
        .annotate(asked_for=F("group__products__product_id"), asked=F("group__products__position"))
        .order_by("asked_for", "asked", "group_id", "position", "pk")
    )
    for option in options:
        groups = found[option.asked_for]
        if not groups or groups[-1][0].pk != option.group_id:
            groups.append((option.group, []))
        groups[-1][1].append(option)
    return found


def _choose(groups: Groups, chosen: Chosen) -> tuple[list[PricedOption], list[Problem]]:
    """The options of a line, automatic ones included, and what is wrong with the choice."""
    options: list[PricedOption] = []
    problems: list[Problem] = []
    asked = {
        (group.key, option.key)
        for group, of_group in groups
        for option in of_group
        if _is_asked(group)
    }
    if len(set(chosen)) != len(chosen) or not set(chosen) <= asked:
        problems.append(Problem("unknown_option"))
    for group, of_group in groups:
        taken = [
            option
            for option in of_group
            if not _is_asked(group) or (group.key, option.key) in chosen
        ]
        name = in_language(group.name)
        if not _is_asked(group):
            # What is automatic and sold out is not added, and costs nothing.
            taken = [option for option in taken if not option.sold_out]
        elif len(taken) < group.min:
            problems.append(
                Problem(
                    "too_few_options", place=group.key, params={"group": name, "min": group.min}
                )
            )
        elif group.max is not None and len(taken) > group.max:
            problems.append(
                Problem(
                    "too_many_options", place=group.key, params={"group": name, "max": group.max}
                )
            )
        for option in taken:
            if option.sold_out:
                params = {"option": in_language(option.name)}
                problems.append(Problem("option_sold_out", place=group.key, params=params))
            options.append(
                PricedOption(
                    group.key,
                    option.key,
                    option.name,
                    option.price,
                    option.register_id,
                    not _is_asked(group),
                    option.allergens,
                    None if option.portions is None else option.pk,
                )
            )
    return options, problems


def _mark(restaurant: Restaurant, products: Iterable[Product], *groups: Groups) -> None:
    today = days.service_day(restaurant, timezone.now())
    stock.mark(products, today)
    stock.mark((option for each in groups for _group, options in each for option in options), today)


def _is_asked(group: OptionGroup) -> bool:
    return group.kind == OptionGroup.Kind.CHOICE


def _product_problems(product: Product, not_served: set[int]) -> list[Problem]:
    problems = []
    if product.sold_out:
        problems.append(Problem("sold_out"))
    if not product.register_id:
        problems.append(Problem("not_on_register"))
    if product.pk in not_served:
        problems.append(Problem("not_served"))
    return problems


def _not_served(
    restaurant: Restaurant, products: Iterable[Product], *moments: datetime
) -> set[int]:
    """The products served at none of the moments, by their own slots or by those of every category they stand in."""
    zone = ZoneInfo(restaurant.timezone)
    times = [moment.astimezone(zone) for moment in moments]
    by_product: defaultdict[int, list[Any]] = defaultdict(list)
    items = CategoryItem.objects.filter(product__in=[product.pk for product in products])
    for product_id, served in items.values_list("product_id", "category__served"):
        if product_id is not None:
            by_product[product_id].append(served)
    return {
        product.pk
        for product in products
        if not any(
            is_open(product.served, local)
            and any(is_open(served, local) for served in by_product[product.pk])
            for local in times
        )
    }


def _fingerprint(visit: Visit, lines: Iterable[PricedLine]) -> str:
    """Of names and allergens too: what a dish is made of may change between the recap and the tap."""
    confirmed: list[Any] = [visit.table.number, visit.covers]
    confirmed += [
        [
            line.code,
            line.quantity,
            line.product.name,
            line.product.price,
            str(line.product.vat),
            line.product.allergens,
            [
                [option.group, option.key, option.name, option.price, option.allergens]
                for option in line.options
            ],
        ]
        for line in lines
    ]
    return hashlib.sha256(json.dumps(confirmed).encode()).hexdigest()
