"""What of a carte would become something else: two files of one restaurant, compared thing by thing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ordering.restaurant_file.mistakes import show
from ordering.restaurant_file.sentences import Sentence
from pos_bridge.money import euros

from .fields import Columns, Fields, Item
from .said import THINGS

MONEY = {"price", "happy_price"}
# What an order or the kitchen writes, and no carte.
STOCK = ("sold_out", "sold_out_until", "portions")


@dataclass(frozen=True)
class Difference:
    """One field of one thing, as a restaurant file names both. `new`: the whole thing is."""

    thing: Sentence
    field: str
    before: str
    after: str
    new: bool = False


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Of the carte alone, in the order of the file. What `after` does not mention stays, and is not among them."""
    fields = Fields(after["languages"])
    old = dict(_things(before, fields))
    return [
        found
        for name, columns in _things(after, fields)
        for found in _of_one(name, old.get(name), columns)
    ]


def _of_one(name: Sentence, before: Columns | None, after: Columns) -> Iterator[Difference]:
    if before is None:
        price = _said("price", after["price"]) if "price" in after else ""
        yield Difference(name, "price" if price else "", "", price, new=True)
        return
    for field, value in after.items():
        if value != before[field]:
            yield Difference(name, field, _said(field, before[field]), _said(field, value))


def _things(data: Mapping[str, Any], fields: Fields) -> Iterator[tuple[Sentence, Columns]]:
    """Each with what is stored of it, and what it lists."""
    for item in data["categories"]:
        yield _thing("category", item), {**fields.category(item), "items": item["items"]}
    for item in data["products"]:
        groups = {"option_groups": item.get("option_groups", [])}
        yield _thing("product", item), {**fields.product(item), **groups}
    for item in data.get("option_groups", []):
        yield _thing("option group", item), fields.option_group(item)
        for option in item["options"]:
            yield _thing("option", item, option), fields.option(option)
    for item in data.get("set_menus", []):
        yield _thing("set menu", item), fields.set_menu(item)
        for course in item["courses"]:
            choices = [
                {"product": each["product"], "supplement": each.get("supplement", "0.00")}
                for each in course["choices"]
            ]
            yield _thing("course", item, course), {**fields.course(course), "choices": choices}


def _thing(what: str, *items: Item) -> Sentence:
    return Sentence(THINGS[what], key=show("/".join(item["key"] for item in items)))


def _said(field: str, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if field in MONEY:
        return euros(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value) or "none"
    if field == "choices":
        return ", ".join(
            each["product"] + (f" +{each['supplement']}" if each["supplement"] != "0.00" else "")
            for each in value
        )
    if isinstance(value, dict):
        return " · ".join(f"{language}: {text}" for language, text in value.items()) or "—"
    if isinstance(value, list):
        return "; ".join(
            " ".join([",".join(slot["days"])] * ("days" in slot) + [f"{slot['from']}-{slot['to']}"])
            for slot in value
        )
    return str(value)
