"""A restaurant as one file: reading it, and naming everything that is wrong with it. Writes nothing.

What a file means is said in `services/transfer`; what it looks like, in `restaurant.schema.json`.
"""

import json
from itertools import chain
from typing import Any

from .mistakes import Mistake, RestaurantFileError, in_order_of
from .reading import load, parse, unreadable
from .rules import contradictions
from .shape import misshapen

__all__ = [
    "Mistake",
    "RestaurantFileError",
    "check",
    "in_order_of",
    "load",
    "parse",
    "write",
]


def check(data: Any) -> list[Mistake]:
    """Everything that is wrong with the data, as far as the file alone can tell, in its order."""
    found = list(unreadable(data))
    # A number or a text that cannot be stored breaks other rules too; one sentence for one place is enough.
    named = {mistake.path for mistake in found}
    found += [
        mistake
        for mistake in chain(misshapen(data), contradictions(data))
        if not mistake.path or mistake.path not in named
    ]
    return in_order_of(data, found)


def write(data: dict[str, Any]) -> str:
    """The file's text: two blanks for each level, letters as themselves, a line end at the end."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
