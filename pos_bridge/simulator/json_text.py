"""JSON as it was written: numbers keep their literal, objects remember the keys that came twice."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

# An amount in euros or a rate in percent: no exponent, at most two decimals. The bound keeps a hostile
# literal from becoming a number of a million digits.
AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?")


class Literal:
    """A JSON number with a point or an exponent, not yet believed to be anything."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


class Members(dict[str, Any]):
    """A JSON object; `twice` lists the keys that came more than once."""

    twice: tuple[str, ...] = ()


class Unreadable(ValueError):
    """The bytes are not UTF-8 JSON; the message says why, in French, as the till would print it."""


def _members(pairs: list[tuple[str, Any]]) -> Members:
    members = Members(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        members.twice = tuple(sorted({key for key in keys if keys.count(key) > 1}))
    return members


def _no_constant(name: str) -> Any:
    raise Unreadable(f"{name} n'est pas du JSON")


def read(raw: bytes) -> Any:
    """Parse strictly; raise Unreadable for anything that is not exactly UTF-8 JSON without a byte order mark."""
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Unreadable("commence par une marque d'ordre des octets (BOM)")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"n'est pas de l'UTF-8 (octet {error.start})") from error
    try:
        return json.loads(
            text, parse_float=Literal, parse_constant=_no_constant, object_pairs_hook=_members
        )
    except Unreadable:
        raise
    except RecursionError as error:
        raise Unreadable("est imbriqué trop profondément") from error
    except ValueError as error:
        raise Unreadable(f"n'est pas du JSON ({error})") from error


def amount(value: object) -> Fraction | None:
    """The exact value of a JSON number written as an amount, else None."""
    if isinstance(value, Literal):
        text = value.text
    elif isinstance(value, int) and not isinstance(value, bool):
        text = str(value) if abs(value) < 10**12 else ""
    else:
        return None
    return Fraction(text) if AMOUNT.fullmatch(text) else None


def whole(value: object) -> int | None:
    """The value where it is a JSON integer (not true, not 1.0, not "1"), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def shown(value: object) -> str:
    """The value in an error sentence, short and as JSON writes it."""
    text = value.text if isinstance(value, Literal) else json.dumps(value, default=repr)
    return text if len(text) <= 60 else f"{text[:57]}…"


def keys_that_came_twice(value: Any, path: str) -> Iterator[str]:
    """Paths of all duplicate keys, at every level."""
    if isinstance(value, Members):
        for key in value.twice:
            yield f"{path}.{key}".lstrip(".")
        for key, member in value.items():
            yield from keys_that_came_twice(member, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from keys_that_came_twice(member, f"{path}[{index}]")
