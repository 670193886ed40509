"""The carte of a restaurant file, written: what is referred to comes before what refers to it."""

from collections.abc import Callable
from typing import Any

from django.db.models import F

from ordering.models import (
    CartLine,
    Category,
    CategoryItem,
    Choice,
    Course,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Restaurant,
    SetMenu,
    Visit,
)
from ordering.models.carte import Priced
from ordering.services import declarations, prices
from ordering.services.declarations import How
from pos_bridge.money import cents

from .fields import Columns, Fields, Item
from .report import Report
from .rows import Synced, batches, delete, replace, sync
from .stored import Stored


class CarteWriter:
    """Writes categories, products, option groups and set menus, all of them valid and accepted."""

    def __init__(
        self,
        data: dict[str, Any],
        restaurant: Restaurant,
        stored: Stored,
        report: Report,
        by: prices.Hand,
        *,
        keep_languages: bool = False,
    ) -> None:
        """`keep_languages`: texts in languages that the restaurant lists no longer stay: who does not see them has
        not taken them out.
        """
        self.by = by
        self.keep_languages = keep_languages
        self.data = data
        self.restaurant = restaurant
        self.stored = stored
        self.counts = report.counts
        self.fields = Fields(data["languages"])

    def write(self, *, prune: bool) -> None:
        """All of it; each change of a price and of an allergen declaration is kept with who made it (T34)."""
        with declarations.watched(
            restaurant_id=self.restaurant.pk, how=How.IMPORT, user=self.by.person
        ):
            self._write(prune=prune)

    def _write(self, *, prune: bool) -> None:
        fields = self.fields
        groups = self._sync(OptionGroup, "option_groups", fields.option_group)
        options = self._sync_inside("option_groups", groups, Option, "group", fields.option)
        products = self._sync(Product, "products", fields.product)
        self._place_groups(products, groups)
        menus = self._sync(SetMenu, "set_menus", fields.set_menu)
        courses = self._sync_inside("set_menus", menus, Course, "set_menu", fields.course)
        self._place_choices(courses, products)
        categories = self._sync(Category, "categories", fields.category)
        self._place_items(categories, products, menus)
        if prune:
            self._raise_cart_versions(product=products.rest)
            self._raise_cart_versions(set_menu=menus.rest)
            for model, name, synced in (
                (Category, "categories", categories),
                (Course, "courses", courses),
                (SetMenu, "set menus", menus),
                (Product, "products", products),
                (Option, "options", options),
                (OptionGroup, "option groups", groups),
            ):
                delete(model, synced.rest, self.counts[name])

    def _sync(self, model: Any, name: str, columns: Callable[[Item], Columns]) -> Synced:
        wanted = {item["key"]: columns(item) for item in self.data.get(name, [])}
        stored = getattr(self.stored, name)
        self._keep_texts(wanted, stored)
        counts = self.counts[name.replace("_", " ")]
        rows = list(stored.values()) if issubclass(model, Priced) else []
        before = [(row, row.price) for row in rows]
        happy = [(row, row.happy_price) for row in rows]
        synced = sync(model, wanted, stored, counts, {"restaurant": self.restaurant})
        prices.keep(changed=before, happy=happy, by=self.by)
        return synced

    def _sync_inside(
        self,
        name: str,
        parents: Synced,
        model: Any,
        parent: str,
        columns: Callable[[Item], Columns],
    ) -> Synced:
        """The options of the groups, or the courses of the set menus, by both keys.

        Inside a parent that is not wanted nothing is: its children are not in `rest`, and go with it.
        """
        inner = "options" if model is Option else "courses"
        found = Synced({}, [], set())
        before: dict[str, dict[str, Any]] = {}
        stored = getattr(self.stored, inner)
        costs = {row: row.price for row in stored.values()} if model is Option else {}
        for (outside, key), row in stored.items():
            before.setdefault(outside, {})[key] = row
        for item in self.data.get(name, []):
            outside = item["key"]
            wanted = {child["key"]: columns(child) for child in item[inner]}
            self._keep_texts(wanted, before.get(outside, {}))
            synced = sync(
                model,
                wanted,
                before.get(outside, {}),
                self.counts[inner],
                {parent: parents.rows[outside]},
            )
            found.rows.update({(outside, key): row for key, row in synced.rows.items()})
            found.rest.extend(synced.rest)
            found.touched.update(synced.touched)
        prices.keep(changed=costs.items(), by=self.by)
        return found

    def _keep_texts(self, wanted: dict[str, Columns], stored: dict[str, Any]) -> None:
        for key, columns in wanted.items() if self.keep_languages else ():
            for name in {"name", "description"} & columns.keys() if key in stored else ():
                before = getattr(stored[key], name)
                unlisted = {x: before[x] for x in before if x not in self.fields.languages}
                columns[name] = columns[name] | unlisted

    def _place_groups(self, products: Synced, groups: Synced) -> None:
        replace(
            ProductOptionGroup.objects.filter(product__restaurant=self.restaurant),
            "product",
            {
                products.rows[item["key"]]: [
                    {"group_id": groups.rows[key].pk} for key in item.get("option_groups", [])
                ]
                for item in self.data["products"]
            },
            self.counts["products"],
            products.touched,
        )

    def _place_choices(self, courses: Synced, products: Synced) -> None:
        replace(
            Choice.objects.filter(course__set_menu__restaurant=self.restaurant),
            "course",
            {
                courses.rows[item["key"], course["key"]]: [
                    {
                        "product_id": products.rows[choice["product"]].pk,
                        "supplement": cents(choice.get("supplement", "0.00")),
                    }
                    for choice in course["choices"]
                ]
                for item in self.data.get("set_menus", [])
                for course in item["courses"]
            },
            self.counts["courses"],
            courses.touched,
        )

    def _place_items(self, categories: Synced, products: Synced, menus: Synced) -> None:
        def line(key: str) -> Columns:
            product, menu = products.rows.get(key), menus.rows.get(key)
            return {
                "product_id": product.pk if product else None,
                "set_menu_id": menu.pk if menu else None,
            }

        replace(
            CategoryItem.objects.filter(category__restaurant=self.restaurant),
            "category",
            {
                categories.rows[item["key"]]: [line(key) for key in item["items"]]
                for item in self.data["categories"]
            },
            self.counts["categories"],
            categories.touched,
        )

    def _raise_cart_versions(self, **gone: list[Any]) -> None:
        # Their lines go out of open carts: whoever sends such a cart must be shown what is left of it.
        ((field, items),) = gone.items()
        for some in batches(items):
            lines = CartLine.objects.filter(**{f"{field}__in": some}, visit__ended_at=None)
            Visit.objects.filter(pk__in=lines.values("visit")).update(
                cart_version=F("cart_version") + 1
            )
