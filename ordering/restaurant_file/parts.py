"""The parts of a restaurant file, read in spite of its mistakes: what has the wrong shape is stepped over."""

import re
from collections.abc import Iterator
from typing import Any

from .mistakes import Path

KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def objects(data: Any, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of the list `name`, each with its place in it."""
    items = data.get(name) if isinstance(data, dict) else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            yield index, item


def keys(data: Any, name: str) -> Iterator[tuple[int, str]]:
    """The keys of the objects of the list `name`, those that are keys."""
    for index, item in objects(data, name):
        key = item.get("key")
        if isinstance(key, str) and KEY.fullmatch(key):
            yield index, key


def words(data: Any, name: str) -> list[str]:
    """The list `name` of texts, without what is no text."""
    items = data.get(name) if isinstance(data, dict) else None
    return [item for item in items if isinstance(item, str)] if isinstance(items, list) else []


def whole(value: Any) -> int | None:
    """A whole number (JSON lets 2.0 be one), or None."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def named(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Everything of the carte that has a name in languages."""
    for name, inner in (
        ("categories", ""), ("products", ""), ("option_groups", "options"), ("set_menus", "courses"),
    ):  # fmt: skip
        for index, item in objects(data, name):
            yield (name, index), item
            for place, child in objects(item, inner) if inner else ():
                yield (name, index, inner, place), child
