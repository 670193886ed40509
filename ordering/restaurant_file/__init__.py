"""A restaurant as one file: reading it, and naming everything that is wrong with it. Writes nothing.

What a file means is said in `services/transfer`; what it looks like, in `restaurant.schema.json`.
"""

import json
from itertools import islice
from typing import Any

from .mistakes import Mistake, RestaurantFileError, in_order_of
from .reading import check_size, load, parse, unreadable
from .rules import contradictions
from .shape import misshapen

# Of each sort of mistakes. Nobody reads more, and a file of nothing else would keep a server busy for a minute.
ENOUGH = 1_000

__all__ = [
    "ENOUGH",
    "Mistake",
    "RestaurantFileError",
    "check",
    "check_size",
    "in_order_of",
    "load",
    "parse",
    "write",
]


def check(data: Any) -> list[Mistake]:
    """Everything that is wrong with the data as far as the file alone can tell, in its order, `ENOUGH` of each sort."""
    found = list(islice(unreadable(data), ENOUGH))
    # A number or a text that cannot be stored breaks other rules too; one sentence for one place is enough.
    named = {mistake.path for mistake in found}
    found += [
        mistake
        for source in (misshapen(data), contradictions(data))
        for mistake in islice(source, ENOUGH)
        if not mistake.path or mistake.path not in named
    ]
    return in_order_of(data, found)


def write(data: dict[str, Any]) -> str:
    """The file's text: two blanks for each level, letters as themselves, a line end at the end."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
