"""What every adapter reads and writes with the same strictness: JSON that is just that, and text that obeys nobody."""

import json
import unicodedata
from typing import Any


def read_json(body: bytes) -> Any:
    """UTF-8 JSON without a byte order mark, a key that stands there twice or a NaN; None where it is not exactly that
    (or is `null`, which says nothing either).
    """
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands there twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def clean(text: str) -> str:
    """Without control characters, which a printer would obey, and without halves of characters, which are not
    UTF-8.
    """
    readable = {"Cc": " ", "Cs": ""}
    return "".join(readable.get(unicodedata.category(each), each) for each in text).strip()
