"""What a schema cannot say: things that refer to each other, columns that end, ids that a register understands.

Each rule steps over what has the wrong shape; `shape` has named that already.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.utils.translation import gettext_noop as _

from pos_bridge.money import cents
from pos_bridge.registers import adapter_class
from pos_bridge.registers.base import Adapter

from .languages import is_language
from .mistakes import Mistake, Path, listed, show, wrong
from .networks import network_mistakes
from .parts import KEY, keys, named, objects, whole, words
from .photos import name_problem
from .sentences import Sentence

# Of the columns. SMALL also bounds covers, quantities and lines, since orders store them in small ones.
SMALL, INTEGER = 32_767, 2_147_483_647
TEXT_AT_MOST = 5_000
LEGAL_AT_MOST = 500
NOTE_AT_MOST, NOTES_AT_MOST = 60, 30
# What no note may hold: what a printer or a reader would obey, and what stands between the languages in admin.
NOT_IN_NOTES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069|]")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PRICE = re.compile(r"-?[0-9]{1,6}\.[0-9]{2}")
# 128 random bits are 22 of these; a shorter code could be guessed (P16).
CODE = re.compile(r"[A-Za-z0-9_-]{22,64}")

LONGEST = {
    "name": 200, "timezone": 64, "base_url": 500, "register_id": 64, "label": 100, "zone": 100,
    "contact": 300, "volume": 50, "origin": 200, "photo": 200, "logo": 200,
}  # fmt: skip
HIGHEST = {
    "covers": SMALL, "quantity_per_line": SMALL, "lines_per_order": SMALL,
    "orders_per_hour": INTEGER, "orders_per_minute": INTEGER,
    "orders_per_minute_of_zone": INTEGER, "seats": INTEGER, "card_version": INTEGER,
    "course": SMALL, "portions": INTEGER, "min": SMALL, "max": SMALL,
}  # fmt: skip
ONE_LINE = {
    "name",
    "contact",
    "label",
    "zone",
    "volume",
    "origin",
    "photo",
    "logo",
    "base_url",
    "register_id",
}


def contradictions(data: dict[str, Any]) -> Iterator[Mistake]:
    """Everything that is wrong with the data although its shape is right."""
    yield from _restaurant(data)
    yield from _tables(data)
    yield from _keys(data)
    yield from _categories(data)
    yield from _products(data)
    yield from _option_groups(data)
    yield from _set_menus(data)
    yield from _happy_hours(data)
    register = data.get("register")
    if isinstance(register, dict):
        yield from register_id_mistakes(data, register.get("kind"))
    yield from _texts(data)
    yield from _limits((), data)


def _twice(where: Path, found: Iterable[tuple[Path, Any]], text: str) -> Iterator[Mistake]:
    seen: dict[Any, Path] = {}
    for path, value in found:
        if value in seen:
            yield wrong((*where, *path), text, value=show(value))
        else:
            seen[value] = path


def _restaurant(data: dict[str, Any]) -> Iterator[Mistake]:
    yield from _blank(("name",), data.get("name"))
    yield from _blank(("contact",), data.get("contact"))
    yield from _photo((), data, "logo")
    languages = words(data, "languages")
    if isinstance(data.get("languages"), list) and len(languages) == len(data["languages"]):
        for index, code in enumerate(languages):
            if LANGUAGE.fullmatch(code) and not is_language(code):
                text = _("%(value)s is not a language that is known")
                yield wrong(("languages", index), text, value=show(code))
        paths = ((("languages", index), code) for index, code in enumerate(languages))
        yield from _twice((), paths, _("the language %(value)s is given twice"))
    for index, closed in objects(data, "closed_days"):
        path = ("closed_days", index)
        days = {name: day for name in ("from", "to") if isinstance(day := closed.get(name), str)}
        for name, day in days.items():
            yield from _no_day((*path, name), day)
        if len(days) == 2 and all(map(DAY.fullmatch, days.values())) and days["to"] < days["from"]:
            text = _("%(to)s is before %(from)s")
            yield wrong((*path, "to"), text, **days)
    yield from network_mistakes(words(data.get("who_may_order"), "networks"))
    zone = data.get("timezone")
    if isinstance(zone, str) and zone not in available_timezones():
        text = _("%(value)s is not a time zone that is known; write one like %(example)s")
        yield wrong(("timezone",), text, value=show(zone), example=show("Europe/Paris"))


def _tables(data: dict[str, Any]) -> Iterator[Mistake]:
    numbers = ((i, whole(item.get("number"))) for i, item in objects(data, "tables"))
    yield from _twice(
        ("tables",),
        (((i, "number"), number) for i, number in numbers if number is not None),
        _("table %(value)s is given twice"),
    )
    seen: set[str] = set()
    for index, item in objects(data, "tables"):
        code, path = item.get("code"), ("tables", index, "code")
        if not isinstance(code, str):
            continue
        # Never shown: whoever has the code sits at the table.
        if not CODE.fullmatch(code) or len(set(code)) < 8:
            text = _(
                "this code could be guessed or cannot stand in an address; a code is 22 to 64 random "
                "letters, digits, hyphens and underscores. Leave it out to have one made"
            )
            yield wrong(path, text)
        elif code in seen:
            yield wrong(path, _("two tables have this code"))
        seen.add(code)


def _keys(data: dict[str, Any]) -> Iterator[Mistake]:
    for name, text in (
        ("categories", _("the category %(value)s is given twice")),
        ("option_groups", _("the option group %(value)s is given twice")),
    ):
        yield from _twice((name,), (((i, "key"), key) for i, key in keys(data, name)), text)
    # Categories name products and set menus alike, so the two share their keys.
    sold = [
        ((name, i, "key"), key) for name in ("products", "set_menus") for i, key in keys(data, name)
    ]
    yield from _twice((), sold, _("the product or set menu %(value)s is given twice"))
    for name, inner, text in (
        ("option_groups", "options", _("the option %(value)s is given twice")),
        ("set_menus", "courses", _("the course %(value)s is given twice")),
    ):
        for index, item in objects(data, name):
            found = (((i, "key"), key) for i, key in keys(item, inner))
            yield from _twice((name, index, inner), found, text)


def _known(where: Path, names: list[str], known: set[str], text: str) -> Iterator[Mistake]:
    for index, name in enumerate(names):
        if KEY.fullmatch(name) and name not in known:
            yield wrong((*where, index), text, value=show(name))


def _categories(data: dict[str, Any]) -> Iterator[Mistake]:
    sold = {key for name in ("products", "set_menus") for _, key in keys(data, name)}
    for index, item in objects(data, "categories"):
        where, items = ("categories", index, "items"), words(item, "items")
        text = _("there is no product or set menu %(value)s in this file")
        yield from _known(where, items, sold, text)
        text = _("product or set menu %(value)s is given twice")
        yield from _twice(where, (((place,), key) for place, key in enumerate(items)), text)


def _products(data: dict[str, Any]) -> Iterator[Mistake]:
    groups = {key for _, key in keys(data, "option_groups")}
    for index, item in objects(data, "products"):
        where = ("products", index)
        # Twice is the schema's to say here.
        text = _("there is no option group %(value)s in this file")
        yield from _known((*where, "option_groups"), words(item, "option_groups"), groups, text)
        yield from _photo(where, item)


def _photo(where: Path, item: dict[str, Any], what: str = "photo") -> Iterator[Mistake]:
    name = item.get(what)
    if isinstance(name, str) and (problem := name_problem(name)):
        yield wrong((*where, what), problem, value=show(name))


def _option_groups(data: dict[str, Any]) -> Iterator[Mistake]:
    for index, item in objects(data, "option_groups"):
        where = ("option_groups", index)
        yield from _min_max(where, item, default=0)
        least, options = whole(item.get("min")), item.get("options")
        choice = item.get("kind", "choice") == "choice"
        if choice and least and isinstance(options, list) and least > len(options) > 0:
            text = _("min is %(least)s, and there are only %(count)s options to choose")
            yield wrong((*where, "min"), text, least=least, count=len(options))
        for inner, option in objects(item, "options"):
            price = option.get("price")
            priced = isinstance(price, str) and PRICE.fullmatch(price) and cents(price) != 0
            if priced and not option.get("register_id"):
                text = _("it has a price, so the register needs to know it: register_id is missing")
                yield wrong((*where, "options", inner), text)


def _happy_hours(data: dict[str, Any]) -> Iterator[Mistake]:
    for name in ("products", "set_menus"):
        for index, item in objects(data, name):
            lower, price = item.get("happy_price"), item.get("price")
            if not isinstance(lower, str) or not PRICE.fullmatch(lower):
                continue
            path = (name, index, "happy_price")
            if isinstance(price, str) and PRICE.fullmatch(price) and cents(lower) >= cents(price):
                text = _("the happy-hour price %(lower)s is not below the price, %(price)s")
                yield wrong(path, text, lower=lower, price=price)
            if "happy_hours" not in item:
                yield wrong(path, _("it has no hours in which it holds; happy_hours is missing"))


def _min_max(where: Path, item: dict[str, Any], *, default: int) -> Iterator[Mistake]:
    least = whole(item.get("min", default))
    most = whole(item.get("max", 1))
    if least is not None and most is not None and least > most:
        text = _("min is %(least)s, above max, %(most)s")
        if "max" not in item:
            text = _("min is %(least)s, above max, %(most)s, which it is where it is left out")
        yield wrong((*where, "min"), text, least=least, most=most)


def _set_menus(data: dict[str, Any]) -> Iterator[Mistake]:
    products = {key for _, key in keys(data, "products")}
    menus = {key for _, key in keys(data, "set_menus")}
    for index, item in objects(data, "set_menus"):
        yield from _photo(("set_menus", index), item)
        for inner, course in objects(item, "courses"):
            where = ("set_menus", index, "courses", inner)
            yield from _min_max(where, course, default=1)
            chosen = []
            for place, choice in objects(course, "choices"):
                product, path = choice.get("product"), (place, "product")
                if not isinstance(product, str) or not KEY.fullmatch(product):
                    continue
                chosen.append((path, product))
                if product in menus - products:
                    text = _("%(value)s is a set menu, and only products can be chosen")
                    yield wrong((*where, "choices", *path), text, value=show(product))
                elif product not in products:
                    text = _("there is no product %(value)s in this file")
                    yield wrong((*where, "choices", *path), text, value=show(product))
            text = _("the product %(value)s is given twice")
            yield from _twice((*where, "choices"), chosen, text)


def register_id_mistakes(data: dict[str, Any], kind: Any) -> Iterator[Mistake]:
    """The ids that a register of this kind cannot have."""
    if not isinstance(kind, str):
        return
    # A kind that is not spoken yet has ids like the others (restaurant.schema.json).
    adapter = adapter_class(kind) or Adapter
    for path, item in _with_register_id(data):
        value = item.get("register_id")
        if isinstance(value, str) and (problem := adapter.id_problem(value)):
            text = _("%(value)s is not an id: %(problem)s")
            path = (*path, "register_id")
            yield wrong(path, text, value=show(value), problem=Sentence(problem))


def _with_register_id(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    for name in ("tables", "products", "set_menus"):
        for index, item in objects(data, name):
            yield (name, index), item
    for index, group in objects(data, "option_groups"):
        for inner, option in objects(group, "options"):
            yield ("option_groups", index, "options", inner), option


def _texts(data: dict[str, Any]) -> Iterator[Mistake]:
    languages = words(data, "languages")
    if not languages or not all(LANGUAGE.fullmatch(code) for code in languages):
        return
    for path, item in named(data):
        for name in ("name", "description"):
            where, texts = (*path, name), item.get(name)
            yield from _text(where, texts, languages, TEXT_AT_MOST)
            for language, text in texts.items() if isinstance(texts, dict) else ():
                if name == "name":
                    yield from _blank((*where, language), text)
                    yield from _broken((*where, language), text)
    legal = data.get("legal_texts")
    for name, texts in legal.items() if isinstance(legal, dict) else ():
        yield from _text(("legal_texts", name), texts, languages, LEGAL_AT_MOST)
    yield from _notes(data, languages)


def _text(where: Path, texts: Any, languages: list[str], most: int) -> Iterator[Mistake]:
    if not isinstance(texts, dict) or not texts:
        return
    if languages[0] not in texts:
        text = _("there is no text in %(language)s, the restaurant's first language")
        yield wrong(where, text, language=show(languages[0]))
    for language, said in texts.items():
        if language not in languages:
            text = _(
                "the restaurant's languages are %(languages)s; add this one there, or leave its text out"
            )
            yield wrong((*where, language), text, languages=listed(languages))
        yield from _long((*where, language), said, most)


def _blank(path: Path, text: Any) -> Iterator[Mistake]:
    if isinstance(text, str) and not text.strip() and text != "":
        yield wrong(path, _("there are only blanks in it"))
    elif text == "" and len(path) == 1:
        yield wrong(path, _("the text is empty"))


def _broken(path: Path, text: Any) -> Iterator[Mistake]:
    if isinstance(text, str) and any(letter in text for letter in "\n\r\t"):
        yield wrong(path, _("it holds a line end or a tab, and must stand on one line"))


def _notes(data: dict[str, Any], languages: list[str]) -> Iterator[Mistake]:
    found = (((index, "key"), key) for index, key in keys(data, "notes"))
    yield from _twice(("notes",), found, _("the note %(value)s is given twice"))
    for index, note in objects(data, "notes"):
        path, texts = ("notes", index, "text"), note.get("text")
        yield from _text(path, texts, languages, NOTE_AT_MOST)
        for language, said in texts.items() if isinstance(texts, dict) else ():
            yield from _blank((*path, language), said)
            if isinstance(said, str) and NOT_IN_NOTES.search(said):
                text = _("it must stand on one line, without | and control characters")
                yield wrong((*path, language), text)


def _long(path: Path, text: Any, limit: int) -> Iterator[Mistake]:
    if isinstance(text, str) and len(text) > limit:
        said = _("it has %(count)s characters; at most %(most)s can be stored")
        yield wrong(path, said, count=len(text), most=limit)


def _no_day(path: Path, value: str) -> Iterator[Mistake]:
    try:
        date.fromisoformat(value)
    except ValueError:
        if DAY.fullmatch(value):
            yield wrong(path, _("%(value)s is no day of the calendar"), value=show(value))


def _limits(path: Path, node: Any) -> Iterator[Mistake]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from _limits((*path, index), item)
    elif isinstance(node, dict):
        for name, value in node.items():
            here = (*path, name)
            if name in LONGEST and isinstance(value, str):
                yield from _long(here, value, LONGEST[name])
            if name == "sold_out_until" and isinstance(value, str):
                yield from _no_day(here, value)
            if name in ONE_LINE:
                yield from _broken(here, value)
            number = whole(value)
            if name in HIGHEST and number is not None and number > HIGHEST[name]:
                text = _("%(value)s is too large; the most is %(most)s")
                yield wrong(here, text, value=number, most=HIGHEST[name])
            # What a register's own options hold is its adapter's to judge.
            if name != "register":
                yield from _limits(here, value)
            elif isinstance(value, dict):
                yield from _long((*here, "base_url"), value.get("base_url"), LONGEST["base_url"])
