"""What stands in the database of a restaurant, read once, by its keys."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from ordering.models import (
    Category,
    Course,
    Option,
    OptionGroup,
    Photo,
    Product,
    Restaurant,
    SetMenu,
    Table,
)
from pos_bridge.models import Register


class Stored:
    """The rows of one restaurant, or of none where it is new. Each is in the order of the carte."""

    def __init__(self, restaurant: Restaurant | None) -> None:
        self.restaurant = restaurant

    @cached_property
    def register(self) -> Register | None:
        return Register.objects.filter(restaurant=self.restaurant, current=True).first()

    @cached_property
    def tables(self) -> dict[int, Table]:
        return {
            table.number: table
            for table in Table.objects.filter(restaurant=self.restaurant).order_by(
                "position", "number"
            )
        }

    @cached_property
    def categories(self) -> dict[str, Category]:
        return self._by_key(Category)

    @cached_property
    def products(self) -> dict[str, Product]:
        return self._by_key(Product)

    @cached_property
    def option_groups(self) -> dict[str, OptionGroup]:
        return self._by_key(OptionGroup)

    @cached_property
    def set_menus(self) -> dict[str, SetMenu]:
        return self._by_key(SetMenu)

    @cached_property
    def options(self) -> dict[tuple[str, str], Option]:
        """By the keys of the group and of the option."""
        rows = Option.objects.filter(group__restaurant=self.restaurant).select_related("group")
        return {(row.group.key, row.key): row for row in self._ordered(rows)}

    @cached_property
    def courses(self) -> dict[tuple[str, str], Course]:
        """By the keys of the set menu and of the course."""
        rows = Course.objects.filter(set_menu__restaurant=self.restaurant).select_related(
            "set_menu"
        )
        return {(row.set_menu.key, row.key): row for row in self._ordered(rows)}

    @cached_property
    def photos(self) -> dict[str, Photo]:
        """Without their content."""
        rows = Photo.objects.filter(restaurant=self.restaurant).defer("content")
        return {photo.name: photo for photo in (rows if self.restaurant else ())}

    def _by_key(self, model: Any) -> dict[str, Any]:
        rows = model.objects.filter(restaurant=self.restaurant)
        return {row.key: row for row in self._ordered(rows)}

    def _ordered(self, rows: Any) -> Iterable[Any]:
        return rows.order_by("position", "pk") if self.restaurant else ()
