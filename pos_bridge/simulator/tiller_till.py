"""What a simulated Tiller register holds: the relay and till of LEO2, with orders found by their `externalId`.

An order has the sender's number, and an id of the register's own, from 1. Its body is kept without the tokens, so that
no key is in the ledger.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from pos_bridge.simulator.journal import Event
from pos_bridge.simulator.leo2_careless import as_number
from pos_bridge.simulator.relay import Addition, Relay

# An order's state as the control page and the journal have it, and the word for it on the wire.
STATES = {1: "IN_PROGRESS", 2: "IN_PROGRESS", 4: "CANCELED", 9: "CLOSED"}
_TOKEN = rb'"(?:restaurant_token|provider_token)"\s*:\s*"(?:[^"\\]|\\.)*"'
_TOKENS = re.compile(rb",\s*" + _TOKEN + rb"|" + _TOKEN + rb"\s*,?")


class Till(Relay):
    """See Relay; `known_as` finds an order by its `externalId`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._by_external_id: dict[str, list[Addition]] = {}
        self._ids: dict[int, int] = {}
        super().__init__(*args, read=body, **options)

    def known_as(
        self, external_id: str | None, *, younger_than: float | None = None
    ) -> Addition | None:
        """The first order with this id, or None; `younger_than` seconds where older ones are forgotten."""
        oldest = None if younger_than is None else self._clock() - younger_than
        for order in self._by_external_id.get(external_id, ()) if external_id else ():
            if oldest is None or order.taken_at > oldest:
                return order
        return None

    def order(self, own_id: int) -> Addition | None:
        """The order that has this id on the register, whether the till has fetched it or not."""
        with self.lock:
            return self.additions[own_id - 1] if 0 < own_id <= len(self.additions) else None

    def own_id(self, order: Addition) -> int:
        return self._ids[id(order)]

    @property
    def next_id(self) -> int:
        return len(self.additions) + 1

    def entry(self, addition: Addition) -> Event:
        external_id = external_id_in(_bytes(addition))
        return {
            **super().entry(addition),
            "id": self.own_id(addition),
            "external_id": external_id,
        }

    def _taken(self, addition: Addition) -> None:
        super()._taken(addition)
        self._ids[id(addition)] = len(self.additions)
        external_id = external_id_in(_bytes(addition))
        if external_id is not None:
            self._by_external_id.setdefault(external_id, []).append(addition)


def _bytes(order: Addition) -> bytes:
    return order.raw.encode("utf-8", "surrogateescape")


def body(raw: str) -> Any:
    """An order, amounts as Decimal; None where it cannot be read."""
    try:
        return json.loads(raw, parse_float=Decimal)
    except (RecursionError, ValueError):
        return None


def without_tokens(raw: bytes) -> bytes:
    """The body as it came, but for the two tokens and their commas."""
    return _TOKENS.sub(b"", raw)


def external_id_in(raw: bytes) -> str | None:
    value = carelessly(raw).get("externalId")
    return value if isinstance(value, str) else None


def number_in(raw: bytes, key: str) -> int | None:
    return as_number(carelessly(raw).get(key))


def carelessly(raw: bytes) -> dict[str, Any]:
    """Whatever can be parsed, as a register that is not strict reads it."""
    try:
        body = json.loads(raw.decode("utf-8-sig", "replace"))
    except (RecursionError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
