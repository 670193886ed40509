"""The allergens of a whole carte as a table, for the wall: contained, not contained, or said by nobody."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ordering.models import (
    ALLERGENS,
    CategoryItem,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Restaurant,
)

CONTAINS, WITHOUT, UNDECLARED = "contains", "without", "undeclared"
Texts = dict[str, str]


@dataclass(frozen=True)
class Row:
    """A product, or an option: one state for each of the fourteen, in their order."""

    name: Texts
    states: list[str]
    # The questions whose answers have rows of their own.
    choices: list[Texts] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """The rows of a category or of an option group. No name: of products that stand in no category."""

    name: Texts
    rows: list[Row]
    of_options: bool = False


def sheet(restaurant: Restaurant) -> list[Part]:
    """Every product once, in the carte's order, then the options that a guest chooses. Five queries."""
    groups: dict[int, list[OptionGroup]] = {}
    asked: dict[int, OptionGroup] = {}
    links = ProductOptionGroup.objects.filter(product__restaurant=restaurant)
    for link in links.select_related("group").prefetch_related("group__options"):
        groups.setdefault(link.product_id, []).append(link.group)
        if link.group.kind != OptionGroup.Kind.AUTOMATIC:
            asked.setdefault(link.group_id, link.group)
    products = {each.pk: each for each in Product.objects.filter(restaurant=restaurant)}
    parts = []
    for name, listed in [*_by_category(restaurant), ({}, list(products))]:
        found = [products.pop(pk) for pk in listed if pk in products]
        if found:
            parts.append(Part(name, [_row(each, groups.get(each.pk, [])) for each in found]))
    for group in asked.values():
        rows = [Row(option.name, states([option.allergens])) for option in group.options.all()]
        parts.append(Part(group.name, rows, of_options=True))
    return parts


def states(declared: Iterable[list[str] | None]) -> list[str]:
    """Of things that come together. What one of them contains is in it, whatever is not known of another (P22)."""
    parts = list(declared)
    contained = {name for part in parts for name in part or ()}
    absent = UNDECLARED if None in parts else WITHOUT
    return [CONTAINS if name in contained else absent for name in ALLERGENS]


def undeclared(restaurant: Restaurant) -> tuple[int, int]:
    """How many products, and how many options, nobody has declared anything of."""
    products = Product.objects.filter(restaurant=restaurant, allergens__isnull=True)
    options = Option.objects.filter(group__restaurant=restaurant, allergens__isnull=True)
    return products.count(), options.count()


def _by_category(restaurant: Restaurant) -> list[tuple[Texts, list[int]]]:
    found: dict[int, tuple[Texts, list[int]]] = {}
    items = CategoryItem.objects.filter(category__restaurant=restaurant, product__isnull=False)
    order = ("category__position", "category", "position", "pk")
    for item in items.select_related("category").order_by(*order):
        found.setdefault(item.category_id, (item.category.name, []))[1].append(item.product_id or 0)
    return list(found.values())


def _row(product: Product, groups: list[OptionGroup]) -> Row:
    added = [
        option.allergens
        for group in groups
        if group.kind == OptionGroup.Kind.AUTOMATIC
        for option in group.options.all()
    ]
    choices = [group.name for group in groups if group.kind != OptionGroup.Kind.AUTOMATIC]
    return Row(product.name, states([product.allergens, *added]), choices)
