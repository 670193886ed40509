"""A LEO2 addition as a careless register reads it: whatever can be parsed, and no more said about it."""

from __future__ import annotations

import json
from typing import Any


def as_number(value: object) -> int | None:
    """What a careless register takes for a number: 39, "39", 39.0."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (OverflowError, ValueError):
        return None


def number_in(raw: bytes, key: str = "id") -> int | None:
    return as_number(_carelessly(raw).get(key))


def article_ids(raw: bytes) -> list[object]:
    """Ids of the lines and of the choices inside them, whatever they are."""
    ids: list[object] = []
    lines = _carelessly(raw).get("products")
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, dict):
            ids.append(line.get("id"))
            inside = line.get("products")
            choices = inside if isinstance(inside, list) else []
            ids += [choice.get("id") for choice in choices if isinstance(choice, dict)]
    return ids


def of_a_stranger(number: int) -> bytes:
    """An addition of somebody else who had the number first."""
    total = {"ht": 0, "tva_amount": 0, "ttc": 0}
    body = {"id": number, "state": 0, "products": [], "table": 1, "nbCouverts": 1}
    return json.dumps(body | {"total_order": total}).encode()


def _carelessly(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw.decode("utf-8-sig", "replace"))
    except (RecursionError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
