"""A restaurant as the data of its file: names in the schema's order, and what has its default left out."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_noop as _

from ordering.models import (
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
    Table,
)
from ordering.restaurant_file import check
from ordering.restaurant_file.sentences import Sentence
from pos_bridge.models import Register
from pos_bridge.money import euros

from .fields import LEGAL
from .stored import Stored
from .unfinished import leave_out

Data = dict[str, Any]


def export_restaurant(restaurant: Restaurant, *, with_secrets: bool = False) -> Data:
    """The data of the restaurant's file. Keys and codes only `with_secrets`."""
    return export_with_warnings(restaurant, with_secrets=with_secrets)[0]


def export_with_warnings(
    restaurant: Restaurant, *, with_secrets: bool = False
) -> tuple[Data, list[Sentence]]:
    """The data, and sentences for whoever keeps the file: what is not in it, and why it could not be imported."""
    data = _Exporter(restaurant, with_secrets).data()
    warnings = leave_out(data)
    text = _("it cannot be imported so: %(mistake)s")
    warnings += [Sentence(text, mistake=mistake.sentence) for mistake in check(data)]
    return data, warnings


def as_it_stands(restaurant: Restaurant) -> Data:
    """The data without secrets, also of what is not finished and cannot stand in a file yet."""
    return _Exporter(restaurant, with_secrets=False).data()


class _Exporter:
    def __init__(self, restaurant: Restaurant, with_secrets: bool) -> None:
        self.restaurant = restaurant
        self.with_secrets = with_secrets
        self.stored = Stored(restaurant)
        self.groups: dict[int, list[str]] = defaultdict(list)
        for product, key in _pairs(ProductOptionGroup, restaurant, "product", "group__key"):
            self.groups[product].append(key)
        self.options: dict[str, list[Option]] = defaultdict(list)
        for (group, _key), option in self.stored.options.items():
            self.options[group].append(option)
        self.courses: dict[str, list[Course]] = defaultdict(list)
        for (menu, _key), course in self.stored.courses.items():
            self.courses[menu].append(course)
        self.choices: dict[int, list[Data]] = defaultdict(list)
        choices = Choice.objects.filter(course__set_menu__restaurant=restaurant)
        for choice in choices.select_related("product").order_by("position", "pk"):
            self.choices[choice.course_id].append(
                _without(
                    {"supplement": "0.00"},
                    {"product": choice.product.key, "supplement": euros(choice.supplement)},
                )
            )
        self.items: dict[int, list[str]] = defaultdict(list)
        items = CategoryItem.objects.filter(category__restaurant=restaurant)
        for item in items.select_related("product", "set_menu").order_by("position", "pk"):
            sold = item.product or item.set_menu
            if sold is not None:
                self.items[item.category_id].append(sold.key)

    def data(self) -> Data:
        place, stored = self.restaurant, self.stored
        data: Data = {
            "slug": place.slug,
            "name": place.name,
            "languages": place.languages,
            "timezone": place.timezone,
            "currency": "EUR",
            "colour": place.colour,
            "logo": place.logo,
            "hours": _slots(place.hours),
            "closed_days": [
                {
                    name: self.text(each[name]) if name == "text" else each[name]
                    for name in ("from", "to", "text")
                    if each.get(name)
                }
                for each in place.closed_days
            ],
            "ordering": place.ordering,
            "notes": [
                {"key": each["key"], "text": self.text(each["text"])} for each in place.notes
            ],
            "free_note": place.free_note,
            "limits": self.limits(),
            "who_may_order": self.who_may_order(),
            "legal_texts": self.legal_texts(),
            "contact": place.contact,
            "register": self.register(stored.register) if stored.register else None,
            "tables": [self.table(table) for table in stored.tables.values()],
            "categories": [self.category(category) for category in stored.categories.values()],
            "products": [self.product(product) for product in stored.products.values()],
            "option_groups": [self.group(group) for group in stored.option_groups.values()],
            "set_menus": [self.set_menu(menu) for menu in stored.set_menus.values()],
        }
        return _without(
            {
                "timezone": "Europe/Paris", "colour": "", "logo": "", "hours": None, "closed_days": [],
                "ordering": True, "notes": [], "free_note": False, "limits": {}, "who_may_order": {},
                "legal_texts": {}, "contact": "", "register": None, "option_groups": [], "set_menus": [],
            },
            data,
        )  # fmt: skip

    def limits(self) -> Data:
        place = self.restaurant
        return _without(
            {
                "covers": 30, "quantity_per_line": 20, "lines_per_order": 40,
                "amount_per_cover": "60.00", "orders_per_hour": 12, "grace_minutes": 5,
                "silence_minutes": 90, "quiet_minutes": 15,
                "orders_per_minute": 100, "orders_per_minute_of_zone": None, "amount_per_table": None,
            },
            {
                "covers": place.limit_covers,
                "quantity_per_line": place.limit_quantity,
                "lines_per_order": place.limit_lines,
                "amount_per_cover": euros(place.limit_amount_per_cover),
                "orders_per_hour": place.limit_orders_per_hour,
                "grace_minutes": place.grace_minutes,
                "silence_minutes": place.silence_minutes,
                "quiet_minutes": place.quiet_minutes,
                "orders_per_minute": place.limit_house_per_minute,
                "orders_per_minute_of_zone": place.limit_zone_per_minute,
                "amount_per_table": None
                if place.limit_amount_per_table is None
                else euros(place.limit_amount_per_table),
            },
        )  # fmt: skip

    def who_may_order(self) -> Data:
        place = self.restaurant
        return _without(
            {"approval": "never", "seated_first": False, "word_of_the_day": "off", "networks": []},
            {
                "approval": place.approval,
                "seated_first": place.seated_first,
                "word_of_the_day": place.word_of_the_day,
                "networks": place.networks,
            },
        )

    def legal_texts(self) -> Data:
        texts = {name: self.text(getattr(self.restaurant, f"legal_{name}")) for name in LEGAL}
        return {name: text for name, text in texts.items() if text}

    def register(self, register: Register) -> Data:
        return _without(
            {"options": {}},
            {
                "kind": register.kind,
                "base_url": register.base_url,
                # The schema wants the name; an import keeps what is stored where a key is left out.
                "credentials": dict(register.credentials) if self.with_secrets else {},
                "options": _sorted(register.options),
            },
        )

    def table(self, table: Table) -> Data:
        data = _without(
            {
                "register_id": "", "label": "", "zone": "", "seats": None, "ordering": True,
                "enabled": True, "shared": False,
            },
            {
                "number": table.number,
                "register_id": table.register_id,
                "label": table.label,
                "zone": table.zone,
                "seats": table.seats,
                "ordering": table.ordering,
                "enabled": table.enabled,
                "shared": table.shared,
            },
        )  # fmt: skip
        if self.with_secrets:
            data["code"] = table.code
            if table.card_version != 1:
                data["card_version"] = table.card_version
        return data

    def category(self, category: Category) -> Data:
        return _without(
            {"description": {}, "served": None},
            {
                "key": category.key,
                "name": self.text(category.name),
                "description": self.text(category.description),
                "served": _slots(category.served),
                "items": self.items[category.pk],
            },
        )

    def product(self, product: Product) -> Data:
        return _without(
            {
                "register_id": "", "description": {}, "happy_price": None, "happy_hours": None,
                "diets": [], "alcohol": False, "volume": "",
                "origin": "", "photo": "", "served": None, "sold_out": False, "sold_out_until": None,
                "portions": None, "course": None,
                "option_groups": [],
            },
            {
                "key": product.key,
                "register_id": product.register_id,
                "name": self.text(product.name),
                "description": self.text(product.description),
                "price": euros(product.price),
                "vat": _percent(product.vat),
                "happy_price": _euros(product.happy_price),
                "happy_hours": _slots(product.happy_hours),
                # Always written, also null: that nobody has declared anything must be seen.
                "allergens": product.allergens,
                "diets": product.diets,
                "alcohol": product.alcohol,
                "volume": product.volume,
                "origin": product.origin,
                "photo": product.photo,
                "served": _slots(product.served),
                "sold_out": product.sold_out,
                "sold_out_until": _day(product.sold_out_until),
                "portions": product.portions,
                "course": product.course,
                "option_groups": self.groups[product.pk],
            },
        )  # fmt: skip

    def group(self, group: OptionGroup) -> Data:
        return _without(
            {"kind": "choice", "min": 0, "max": 1},
            {
                "key": group.key,
                "name": self.text(group.name),
                "kind": group.kind,
                "min": group.min,
                "max": group.max,
                "options": [self.option(option) for option in self.options[group.key]],
            },
        )

    def option(self, option: Option) -> Data:
        return _without(
            {
                "register_id": "", "price": "0.00", "allergens": None, "sold_out": False,
                "sold_out_until": None, "portions": None,
            },
            {
                "key": option.key,
                "register_id": option.register_id,
                "name": self.text(option.name),
                "price": euros(option.price),
                "allergens": option.allergens,
                "sold_out": option.sold_out,
                "sold_out_until": _day(option.sold_out_until),
                "portions": option.portions,
            },
        )  # fmt: skip

    def set_menu(self, menu: SetMenu) -> Data:
        return _without(
            {
                "register_id": "", "description": {}, "happy_price": None, "happy_hours": None,
                "served": None, "sold_out": False, "sold_out_until": None, "portions": None, "photo": "",
            },
            {
                "key": menu.key,
                "register_id": menu.register_id,
                "name": self.text(menu.name),
                "description": self.text(menu.description),
                "price": euros(menu.price),
                "vat": _percent(menu.vat),
                "happy_price": _euros(menu.happy_price),
                "happy_hours": _slots(menu.happy_hours),
                "served": _slots(menu.served),
                "sold_out": menu.sold_out,
                "sold_out_until": _day(menu.sold_out_until),
                "portions": menu.portions,
                "photo": menu.photo,
                "courses": [self.course(course) for course in self.courses[menu.key]],
            },
        )  # fmt: skip

    def course(self, course: Course) -> Data:
        return _without(
            {"min": 1, "max": 1},
            {
                "key": course.key,
                "name": self.text(course.name),
                "min": course.min,
                "max": course.max,
                "choices": self.choices[course.pk],
            },
        )

    def text(self, texts: dict[str, str]) -> dict[str, str]:
        # PostgreSQL keeps no order inside JSON, and a text in a language that was dropped is not shown either.
        return {
            language: texts[language] for language in self.restaurant.languages if language in texts
        }


def _pairs(model: Any, restaurant: Restaurant, parent: str, value: str) -> list[tuple[int, str]]:
    rows = model.objects.filter(**{f"{parent}__restaurant": restaurant})
    return list(rows.order_by("position", "pk").values_list(f"{parent}_id", value))


def _without(defaults: Data, data: Data) -> Data:
    return {
        name: value
        for name, value in data.items()
        if name not in defaults or value != defaults[name]
    }


def _percent(vat: Decimal) -> str:
    """ "10" of 10.00 and "5.5" of 5.50."""
    return f"{vat.normalize():f}"


def _euros(cents: int | None) -> str | None:
    return None if cents is None else euros(cents)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _slots(slots: list[Data] | None) -> list[Data] | None:
    if slots is None:
        return None
    return [{name: slot[name] for name in ("days", "from", "to") if name in slot} for slot in slots]


def _sorted(value: Any) -> Any:
    """The same on every database: SQLite keeps the order of names, PostgreSQL makes its own."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
