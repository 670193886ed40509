"""The tables of the till behind a LEO2 relay: which have a running order, which a waiter has open, their covers.

The vendor's page says that an addition goes to a running order, and not what happens without one. Assumed: the table
gets one, and `nbCouverts` sets its covers; a till may be set to refuse, or to add covers up. Its words are invented.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Table:
    """`open`: it has a running order. `locked`: a waiter works on it. `covers`: those of the running order."""

    number: int
    open: bool = False
    locked: bool = False
    covers: int = 0


class Tables:
    """Not thread-safe; its owner is."""

    def __init__(self) -> None:
        self._known: dict[int, Table] = {}

    def told(self) -> list[dict[str, Any]]:
        """Every table that something is known about, by number."""
        return [asdict(self._known[number]) for number in sorted(self._known)]

    def refusal(self, number: int | None, *, running_orders_only: bool) -> str | None:
        """Why the till takes nothing for this table now, in its words; None where it does."""
        table = self._known.get(number) if number is not None else None
        if table and table.locked:
            return f"Table {number} verrouillée par un serveur"
        if running_orders_only and not (table and table.open):
            return f"Aucune commande en cours sur la table {number}"
        return None

    def serve(self, number: int | None, covers: int | None, *, adds_up: bool) -> None:
        """An addition reaches the till."""
        if number is not None:
            table = self._table(number)
            table.open = True
            table.covers = (covers or 0) + (table.covers if adds_up else 0)

    def change(self, number: int, *, open: bool | None = None, locked: bool | None = None) -> None:
        """A table that is closed has no covers any more."""
        table = self._table(number)
        if locked is not None:
            table.locked = locked
        if open is not None:
            table.open = open
            table.covers = table.covers if open else 0

    def _table(self, number: int) -> Table:
        return self._known.setdefault(number, Table(number))
