"""What simulated registers with a ledger have in common: deliveries written down, what the till holds, its tables, and
the faults that are drawn.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from pos_bridge.simulator import faults as drawing
from pos_bridge.simulator import tape
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.exchange import Request
from pos_bridge.simulator.modes import MODES, Mode, Scripted
from pos_bridge.simulator.relay import RECEIVED, Relay, digest
from pos_bridge.simulator.server import SimulatedRegister


class Common(TypedDict, total=False):
    """What every kind can be made with.

    `scale` shortens all waits of modes. `faults` and `list_faults`: the probability, 0 to 1, with which a delivery or
    the reading of a list gets one of `fault_modes` or `list_fault_modes`, dealt from `seed`. Over a restart on the same
    ledger the dealing goes on. `clock`: seconds since 1970.
    """

    ledger: str | Path | None
    port: int
    host: str
    strict: bool
    scale: float
    seed: int
    faults: float
    list_faults: float
    fault_modes: Sequence[str]
    list_fault_modes: Sequence[str]
    clock: Callable[[], float]


@dataclass(frozen=True)
class Kind:
    """What distinguishes one kind of register: the name on its tape, its own modes, which of all modes are drawn for
    deliveries and for lists, and how its till reads a body.
    """

    name: str
    own_modes: dict[str, Mode]
    delivery: Sequence[str]
    reading: Sequence[str]
    read: Callable[[str], Any]


class RegisterWithLedger(SimulatedRegister):
    """A subclass speaks the protocol."""

    def __init__(
        self,
        catalogue: Catalogue,
        kind: Kind,
        settings: dict[str, bool],
        *,
        till_delay: float = 0.0,
        simulated_late: float = 0.0,
        **common: Any,
    ) -> None:
        self.catalogue = catalogue
        self._kind = kind
        self.strict: bool = common.get("strict", True)
        self._relay = Relay(
            common.get("ledger"),
            till_delay=till_delay,
            simulated_late=simulated_late,
            clock=common.get("clock", time.time),
            read=kind.read,
        )
        try:
            known, seed = MODES | kind.own_modes, common.get("seed", 0)
            wished = {
                "post": ("faults", common.get("fault_modes", kind.delivery)),
                "list": ("list_faults", common.get("list_fault_modes", kind.reading)),
            }
            dealers = {
                use: drawing.dealer(seed, use, common.get(rate, 0.0), modes, known)
                for use, (rate, modes) in wished.items()
            }
            for use, dealer in dealers.items():
                counts = self._relay.counts
                dealer.resume(counts.requests[use], counts.dealt[use])
            super().__init__(
                host=common.get("host", "127.0.0.1"),
                port=common.get("port", 0),
                scale=common.get("scale", 1.0),
                own_modes=kind.own_modes,
                dealers=dealers,
                settings=settings,
            )
        except (OSError, ValueError):
            self._relay.close()
            raise

    @abstractmethod
    def told(self, request: Request) -> tuple[int | None, bytes]:
        """Our number in a delivery, as a careless register finds it, and the body as it is written down: without a
        key.
        """

    @abstractmethod
    def ticket(self, entry: dict[str, Any]) -> str:
        """An entry of the ledger on the tape, in HTML; what it may raise says tape.page."""

    def tape(self) -> str:
        booked, waiting = self._relay.how_many()
        return tape.page(
            f"Caisse simulée {self._kind.name}",
            self.ticket,
            self.ledger(after=max(booked - tape.LONGEST, 0)),
            booked=booked,
            waiting=waiting,
            refused=self._relay.refused(tape.LONGEST),
        )

    def stop(self) -> None:
        super().stop()
        self._relay.close()

    def ledger(self, *, after: int = 0) -> list[dict[str, Any]]:
        """What the till really holds, in booking order, without the first `after`.

        number, body (as the till reads it), raw, sha256, taken_at and booked_at (seconds since 1970), state, `late`
        (seconds) where it waited for a till that was off, `foreign` where it was planted as a stranger's.
        """
        return [self._relay.entry(addition) for addition in self._relay.booked(after)]

    def posts(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Every delivery but the first `after`: place, number, sha256, mode, time, ended, booked, what became of it.

        `place` counts from 0. `time` is when it had come whole; `ended` the moment before the end of its answer left,
        or when its connection was gone; absent before (both in seconds since 1970). `drawn` is True or absent.

        `outcome`: booked or stored (on the relay), double, conflict (same number, other content: dropped), vanished,
        refused, denied (shop or key), stopped; absent where the register never worked on it. `conflict` is True or
        absent; `breaches` and `remarks` are lists of sentences, absent where there are none; `reason` is why the till
        took nothing for this table.
        """
        return self._relay.told_posts(after)

    def tables(self) -> list[dict[str, Any]]:
        """Each with number, open (has a running order), locked, covers: those that something is known about."""
        return self._relay.told_tables()

    def set_table(
        self, number: int, *, open: bool | None = None, locked: bool | None = None
    ) -> None:
        if number not in self.catalogue.tables and not self.catalogue.knows_all:
            raise KeyError(f"the till has no table {number}")
        self._relay.set_table(number, open=open, locked=locked)

    def fired(self) -> dict[str, dict[str, int]]:
        return self._relay.fired()

    def set_state(self, number: int, state: int) -> None:
        self._relay.set_state(number, state)

    def close_till(self, shown: int = RECEIVED) -> None:
        """The till is off: the relay takes additions, and lists them with the status `shown` (1 or 0, neither is
        documented) in the list of all."""
        self._relay.close_till(shown)

    def open_till(self) -> None:
        self._relay.open_till()

    def arrived(self, request: Request, scripted: Scripted) -> int:
        number, raw = self.told(request)
        return self._relay.arrive(number=number, sha256=digest(raw), **_words(scripted))

    def ended(self, post: int) -> None:
        self._relay.end(post)

    def fires(self, event: str, scripted: Scripted) -> None:
        self._relay.note({"event": event, **_words(scripted)})


def _words(scripted: Scripted) -> dict[str, Any]:
    """A mode for the journal."""
    return {"mode": scripted.text} | ({"drawn": True} if scripted.drawn else {})
