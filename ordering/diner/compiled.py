"""The carte as it is read: compiled in one query, once for each version of it. Nothing of a guest is in here."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, Subquery
from django.utils import timezone

from ordering import happy
from ordering.diner import kept
from ordering.diner.said import Texts
from ordering.models import CategoryItem, OptionGroup, Photo, ProductOptionGroup, Restaurant
from ordering.models.sold_out import runs_out
from ordering.services.days import service_day
from ordering.services.options import unanswerable
from pos_bridge.models import Register

# A category with one of these keys is written on the slate.
SLATE = {"ardoise", "slate"}


@dataclass(frozen=True)
class Option:
    key: str
    name: Texts
    price: int
    allergens: list[str] | None
    sold_out: bool


@dataclass(frozen=True)
class Group:
    key: str
    name: Texts
    automatic: bool
    min: int
    max: int | None
    options: list[Option] = field(default_factory=list)

    @property
    def one_of(self) -> bool:
        """Whether one answer excludes the others. A single one that may be left out is a box to tick."""
        return self.max == 1 and (self.min == 1 or len(self.options) > 1)


@dataclass(frozen=True)
class Choice:
    """A product inside a set menu."""

    key: str
    name: Texts
    supplement: int
    allergens: list[str] | None
    sold_out: bool
    has_options: bool
    on_carte: bool = False
    options_matter: bool = False


@dataclass(frozen=True)
class Course:
    key: str
    name: Texts
    min: int
    max: int
    choices: list[Choice] = field(default_factory=list)


@dataclass(frozen=True)
class Item:
    """A product, or a set menu (then it has courses and no groups). Money is cents TTC.

    Compiled, `price` is the usual one; `at` a moment of a happy hour it is the lower one, beside the usual.
    """

    key: str
    is_menu: bool
    name: Texts
    description: Texts
    price: int
    served: Any
    sold_out: bool
    on_register: bool
    photo: str
    allergens: list[str] | None = None
    diets: list[str] = field(default_factory=list)
    alcohol: bool = False
    volume: str = ""
    origin: str = ""
    groups: list[Group] = field(default_factory=list)
    courses: list[Course] = field(default_factory=list)
    happy_price: int | None = None
    happy_hours: Any = None
    usual_price: int | None = None

    def at(self, local: datetime) -> "Item":
        """As it costs at this moment of the restaurant's local time."""
        price = happy.price_at(self, local)
        return self if price == self.price else replace(self, price=price, usual_price=self.price)

    @property
    def has_happy_hour(self) -> bool:
        """Whether it is cheaper at some other time: not now."""
        return happy.happy_price(self) is not None

    @property
    def happy_with_added(self) -> int:
        """What `price_with_added` is in a happy hour."""
        return (self.happy_price or 0) + self.price_with_added - self.price

    @property
    def asked(self) -> list[Group]:
        return [group for group in self.groups if not group.automatic]

    @property
    def added(self) -> list[Option]:
        """What is always added, as far as there is any left."""
        return [
            option
            for group in self.groups
            if group.automatic
            for option in group.options
            if not option.sold_out
        ]

    @property
    def price_with_added(self) -> int:
        return self.price + sum(option.price for option in self.added)

    def unit_price(self, chosen: set[str]) -> int:
        """With what is always added and with the options chosen, each "group/option"."""
        return self.price_with_added + sum(
            option.price
            for group in self.asked
            for option in group.options
            if f"{group.key}/{option.key}" in chosen
        )

    @property
    def options_matter(self) -> bool:
        """Whether a choice brings an allergen along, or one that is not declared."""
        return any(
            option.allergens is None or option.allergens
            for group in self.asked
            for option in group.options
        )

    @property
    def at_once(self) -> bool:
        """Whether one tap on the carte may add it: nothing must be chosen, and nothing makes it dearer unseen."""
        return not any(group.min for group in self.asked) and self.price_with_added == self.price

    @property
    def all_allergens(self) -> list[str] | None:
        """Its own and those of what is always added, sold out or not: it comes back, and paper does not.

        None where one of them is not declared (P22).
        """
        added = (option for group in self.groups if group.automatic for option in group.options)
        declared = [self.allergens, *(option.allergens for option in added)]
        if any(each is None for each in declared):
            return None
        return list(dict.fromkeys(name for each in declared for name in each or []))


@dataclass(frozen=True)
class Section:
    key: str
    name: Texts
    description: Texts
    served: Any
    items: list[Item] = field(default_factory=list)

    @property
    def slate(self) -> bool:
        """With no dish in it, there is nothing to write on it: a filter may leave a set menu alone."""
        return self.key in SLATE and not all(item.is_menu for item in self.items)


@dataclass(frozen=True)
class Carte:
    sections: list[Section]
    has_register: bool
    # Whether the law wants a word about it; also where a filter hides what it is about.
    has_alcohol: bool = False
    has_homemade: bool = False

    def find(self, key: str, *, is_menu: bool) -> tuple[Item, list[Section]] | None:
        """The item and the sections that it stands in."""
        found = [
            (item, section)
            for section in self.sections
            for item in section.items
            if item.key == key and item.is_menu == is_menu
        ]
        return (found[0][0], [section for _item, section in found]) if found else None

    @cached_property
    def slots(self) -> list[Any]:
        """Each that something is served in, once."""
        served = [section.served for section in self.sections]
        return _each_once(served + [item.served for item in self._items])

    @cached_property
    def happy_hours(self) -> list[Any]:
        """Each that something is cheaper in, once."""
        return _each_once([item.happy_hours for item in self._items if item.has_happy_hour])

    @property
    def _items(self) -> list[Item]:
        return [item for section in self.sections for item in section.items]


def _each_once(slots: list[Any]) -> list[Any]:
    return list({json.dumps(each): each for each in slots}.values())


def compiled(restaurant: Restaurant) -> Carte:
    """The whole carte in one query, or in none where this version was read before on this day of service."""
    # What is sold out until tomorrow is on sale again without anybody's doing.
    day = service_day(restaurant, timezone.now())
    key = f"compiled:{restaurant.pk}:{restaurant.carte_version}:{day}"
    return kept.on_machine(key, lambda: _compile(restaurant, day))


# --- One query -----------------------------------------------------------------------------------

# What is read: the joins go down to options and to choices, so that a dish with three options is three rows.
FROM_CATEGORY = ("key", "name", "description", "served")
FROM_ITEM = (
    "key",
    "name",
    "description",
    "price",
    "served",
    "sold_out",
    "sold_out_until",
    "portions",
    "register_id",
    "happy_price",
    "happy_hours",
)
FROM_PRODUCT = (*FROM_ITEM, "allergens", "diets", "alcohol", "volume", "origin")
FROM_GROUP = ("key", "name", "kind", "min", "max")
FROM_OPTION = ("key", "name", "price", "allergens", "sold_out", "sold_out_until", "portions")
FROM_CHOICE = ("key", "name", "allergens", "sold_out", "sold_out_until", "portions")
FROM_COURSE = ("key", "name", "min", "max")
GROUP, OPTION = "product__option_groups__group", "product__option_groups__group__options"
COURSE, CHOICE = "set_menu__courses", "set_menu__courses__choices"
ORDER = (
    "category__position", "category_id", "position", "pk",
    "product__option_groups__position", "product__option_groups__pk", f"{OPTION}__position", f"{OPTION}__pk",
    f"{COURSE}__position", f"{COURSE}__pk", f"{CHOICE}__position", f"{CHOICE}__pk",
)  # fmt: skip


def _compile(restaurant: Restaurant, day: date) -> Carte:
    photos = Photo.objects.filter(restaurant=restaurant)
    rows = (
        CategoryItem.objects.filter(category__restaurant=restaurant)
        .order_by(*ORDER)
        .annotate(
            photo=Subquery(photos.filter(name=OuterRef("product__photo")).values("sha256")[:1]),
            menu_photo=Subquery(
                photos.filter(name=OuterRef("set_menu__photo")).values("sha256")[:1]
            ),
            has_register=Exists(Register.objects.filter(restaurant=restaurant, current=True)),
            unanswerable=unanswerable("product"),
            option=F(f"{OPTION}__pk"),
            choice=F(f"{CHOICE}__pk"),
            choice_has_options=Exists(
                ProductOptionGroup.objects.filter(product=OuterRef(f"{CHOICE}__product"))
            ),
        )
        .values(
            "pk", "photo", "menu_photo", "has_register", "option", "choice", "choice_has_options",
            "unanswerable",
            *_fields("category", FROM_CATEGORY), *_fields("product", FROM_PRODUCT),
            *_fields("set_menu", FROM_ITEM), *_fields(GROUP, FROM_GROUP), *_fields(OPTION, FROM_OPTION),
            *_fields(COURSE, FROM_COURSE), f"{CHOICE}__supplement",
            *_fields(f"{CHOICE}__product", FROM_CHOICE),
        )
    )  # fmt: skip
    return _carte(rows, day)


def _carte(rows: Iterable[dict[str, Any]], day: date) -> Carte:
    sections: dict[str, Section] = {}
    items: dict[int, Item] = {}
    has_register = False
    for row in rows:
        has_register = row["has_register"]
        section = sections.setdefault(
            row["category__key"], Section(**_part(row, "category", FROM_CATEGORY))
        )
        if row["pk"] not in items:
            items[row["pk"]] = _item(row, day)
            section.items.append(items[row["pk"]])
        item = items[row["pk"]]
        if row["option"]:
            _group(item, row).options.append(Option(**_sold(_part(row, OPTION, FROM_OPTION), day)))
        if row["choice"]:
            _course(item, row).choices.append(
                Choice(
                    supplement=row[f"{CHOICE}__supplement"],
                    has_options=row["choice_has_options"],
                    **_sold(_part(row, f"{CHOICE}__product", FROM_CHOICE), day),
                )
            )
    _complete_choices(list(items.values()))
    return Carte(
        list(sections.values()),
        has_register,
        has_alcohol=any(item.alcohol for item in items.values()),
        has_homemade=any("homemade" in item.diets for item in items.values()),
    )


def _complete_choices(items: list[Item]) -> None:
    """What is always added to a dish is in a set menu too; where that cannot be seen, nothing is claimed (P22)."""
    dishes = {item.key: item for item in items if not item.is_menu}
    for course in (course for item in items for course in item.courses):
        for index, choice in enumerate(course.choices):
            if dish := dishes.get(choice.key):
                course.choices[index] = replace(
                    choice,
                    allergens=dish.all_allergens,
                    on_carte=True,
                    options_matter=dish.options_matter,
                )
            elif choice.has_options:
                course.choices[index] = replace(choice, allergens=None)


def _item(row: dict[str, Any], day: date) -> Item:
    is_menu = row["set_menu__key"] is not None
    fields = _part(row, "set_menu", FROM_ITEM) if is_menu else _part(row, "product", FROM_PRODUCT)
    on_register = bool(fields.pop("register_id")) and not row["unanswerable"]
    photo = row["menu_photo"] if is_menu else row["photo"]
    return Item(is_menu=is_menu, photo=photo or "", on_register=on_register, **_sold(fields, day))


def _group(item: Item, row: dict[str, Any]) -> Group:
    part = _part(row, GROUP, FROM_GROUP)
    if not item.groups or item.groups[-1].key != part["key"]:
        automatic = part.pop("kind") == OptionGroup.Kind.AUTOMATIC
        item.groups.append(Group(automatic=automatic, **part))
    return item.groups[-1]


def _course(item: Item, row: dict[str, Any]) -> Course:
    part = _part(row, COURSE, FROM_COURSE)
    key = part.pop("key")
    if not item.courses or item.courses[-1].key != key:
        item.courses.append(Course(key=key, **part))
    return item.courses[-1]


def _sold(fields: dict[str, Any], day: date) -> dict[str, Any]:
    """With one answer for all the ways to be sold out. A count that reaches 0 has raised the carte's version."""
    until, portions = fields.pop("sold_out_until"), fields.pop("portions", None)
    return {**fields, "sold_out": runs_out(fields["sold_out"], until, day, portions)}


def _fields(prefix: str, names: Iterable[str]) -> list[str]:
    return [f"{prefix}__{name}" for name in names]


def _part(row: dict[str, Any], prefix: str, names: Iterable[str]) -> dict[str, Any]:
    return {name: row[f"{prefix}__{name}"] for name in names}
