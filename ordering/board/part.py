"""A section of a table's page."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Part:
    """A section of the page: a partial, which finds `thing` under that name."""

    template: str
    thing: Any = None
