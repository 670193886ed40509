"""What calls for a person, as the board shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ordering.models import Table


@dataclass(frozen=True)
class Button:
    """What a person may do. It posts `fields` to `address`; with `page` it is a link to a page where more is asked."""

    label: str
    address: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    main: bool = False
    page: bool = False


@dataclass(frozen=True)
class Need:
    """One thing that waits for a person.

    `kind` and `key` name it, on the page too: "undelivered", "12". `word`: its state in a word or two, with `colour`
    ("bad": something is wrong; "wait": somebody waits) beside it. `reason`: what to know of it, sentence by sentence.
    `template`: a partial that shows more, from `thing`. `loud`: the board rings when it comes.
    """

    kind: str
    key: str
    at: datetime
    table: Table | None
    title: str
    word: str
    reason: Sequence[str] = ()
    buttons: Sequence[Button] = ()
    colour: str = "bad"
    template: str = ""
    thing: Any = None
    loud: bool = True

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.key}"
