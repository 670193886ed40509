"""What registers say when they call us: one reader for each kind that does. Pure; what comes in is hostile (T26)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Call:
    """Something has happened to an order of the register. `order` is the register's own number for it, as its answer
    to our POST said it; `state` is None where we do not know the register's word.
    """

    order: str
    state: Literal["received", "settled"] | None


# Documented (free-cash-register.net/cash-register-software/webhook, the same product): `type` is one of these, and each
# order is called for twice. `orderInternalID`, the price and the rest are not read.
_ENREGISTREUSE: Mapping[str, Literal["received", "settled"]] = {
    "validated": "received",
    "terminated": "settled",
}


def _enregistreuse(fields: Mapping[str, object]) -> Call | None:
    # Assumed: `orderID` is the one of the answer to our POST, which has the same name.
    order = _number(fields.get("orderID"))
    if order is None or str(fields.get("isRefund", "")).lower() not in {"", "0", "false", "none"}:
        return None
    word = fields.get("type")
    return Call(order, _ENREGISTREUSE.get(word) if isinstance(word, str) else None)


READERS: Mapping[str, Callable[[Mapping[str, object]], Call | None]] = {
    "enregistreuse": _enregistreuse,
}


def can_call(kind: str) -> bool:
    """Whether registers of this kind call us."""
    return kind in READERS


def read(kind: str, fields: Mapping[str, object]) -> Call | None:
    """What a register of this kind has said; None where it says nothing of an order."""
    reader = READERS.get(kind)
    return reader(fields) if reader else None


def _number(value: object) -> str | None:
    text = str(value) if type(value) in {int, str} else ""
    return text if text.isascii() and text.isdigit() and 0 < len(text) <= 18 else None
