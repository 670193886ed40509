"""What a simulated register has in its memory: tables, articles, options.

Read from the restaurant file by code of its own: if the project read the file wrongly, a simulator that shared the
reading would agree with the mistake.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Menu:
    """The choices of a set menu: how many at least and at most, and what each may cost more (euros TTC)."""

    least: int
    most: int
    supplements: Mapping[int, tuple[Decimal, ...]]


@dataclass(frozen=True)
class Article:
    """A product or a set menu; `vat` in percent, `price` in euros TTC for one."""

    name: str
    vat: Decimal
    price: Decimal
    menu: Menu | None = None


@dataclass(frozen=True)
class Option:
    """A message of the register; `price` in euros TTC for one unit of its product, and may be below zero."""

    name: str
    price: Decimal


@dataclass
class Catalogue:
    """Articles and options by their id, several for one id where the restaurant file says so.

    `knows_all`: nothing is known, so nothing can be unknown: ids, tables and rates are not judged.
    """

    name: str = ""
    tables: set[int] = field(default_factory=set)
    articles: dict[int, list[Article]] = field(default_factory=dict)
    options: dict[int, list[Option]] = field(default_factory=dict)
    knows_all: bool = False

    @classmethod
    def of_everything(cls) -> Catalogue:
        """A register that takes every id, for a trial without a restaurant file."""
        return cls(knows_all=True)

    @classmethod
    def from_restaurant_file(cls, *sources: str | Path | Mapping[str, Any]) -> Catalogue:
        """Read one restaurant file, or several into one register; a source is a path or the parsed file."""
        catalogue = cls()
        for source in sources:
            if isinstance(source, str | Path):
                source = json.loads(Path(source).read_text(encoding="utf-8"))
            catalogue._add(source)
        return catalogue

    def _add(self, restaurant: Mapping[str, Any]) -> None:
        house = restaurant["languages"][0]
        self.name = self.name or restaurant["name"]
        for table in restaurant["tables"]:
            number = _register_id(table)
            self.tables.add(table["number"] if number is None else number)
        for group in restaurant.get("option_groups", ()):
            for option in group["options"]:
                if (number := _register_id(option)) is not None:
                    known = Option(option["name"][house], Decimal(option.get("price", "0.00")))
                    self.options.setdefault(number, []).append(known)
        ids = {product["key"]: _register_id(product) for product in restaurant["products"]}
        for product in restaurant["products"]:
            self._learn(product, house, None)
        for menu in restaurant.get("set_menus", ()):
            self._learn(menu, house, _menu(menu, ids))

    def _learn(self, item: Mapping[str, Any], house: str, menu: Menu | None) -> None:
        number = _register_id(item)
        if number is None:
            return
        article = Article(item["name"][house], Decimal(item["vat"]), Decimal(item["price"]), menu)
        self.articles.setdefault(number, []).append(article)

    def article_name(self, number: object) -> str:
        """The name printed on the tape; an unknown article is printed by its number."""
        known = self.articles.get(number) if isinstance(number, int) else None
        return known[0].name if known else f"Article {number}"


def _register_id(item: Mapping[str, Any]) -> int | None:
    """None where the item is not on the register: no id, or one that this register cannot have."""
    text = item.get("register_id")
    if not isinstance(text, str) or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


def _menu(menu: Mapping[str, Any], ids: Mapping[str, int | None]) -> Menu:
    courses: Iterable[Mapping[str, Any]] = menu["courses"]
    supplements: dict[int, tuple[Decimal, ...]] = {}
    least = most = 0
    for course in courses:
        least += course.get("min", 1)
        most += course.get("max", 1)
        for choice in course["choices"]:
            number = ids.get(choice["product"])
            if number is not None:
                price = Decimal(choice.get("supplement", "0.00"))
                supplements[number] = (*supplements.get(number, ()), price)
    return Menu(least, most, supplements)
