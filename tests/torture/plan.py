"""What a run is to be, as one JSON file that all its processes read."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

# Promised seconds, as promises.md has them; a run divides them by its `divisor`.
NOT_ACCEPTED_AFTER = 45.0
NOT_RECEIVED_AFTER = 90.0
TAKEN_OVER_AFTER = 40.0
CLEARED_AFTER = 60.0
FRESH = 20 * 60.0
LEASE = 25.0
STUCK_AFTER = 60.0
# Of a deploy, and not divided: a diner's patience is what it is (P24).
DEPLOY_503 = 5.0
# The clock is believed so far (pos_bridge/times.py); not divided.
SKEW = 5.0


@dataclass
class Plan:
    """`nemesis`: the kinds of harm that are done; empty: all that fit the database. `faults`: of each delivery.

    `pauses`: at each so manieth order's first try a worker stops itself (SIGSTOP) before its POST, and the house wakes
    it when its lease has run out and another one may have sent the order; 0: never.
    """

    directory: str
    database: str = "sqlite"
    database_url: str = ""
    seed: int = 1
    orders: int = 0
    kills: int = 0
    seconds: float = 60.0
    divisor: float = 10.0
    registers: int = 4
    workers: int = 3
    web_children: int = 3
    diners: int = 16
    tables: int = 12  # of each restaurant
    # Of an evening without harm (tests/evening).
    phones: int = 0
    waiters: int = 0
    faults: float = 0.25
    list_faults: float = 0.1
    keep_doubles: bool = False
    # Of the registers, in turn.
    kinds: list[str] = field(default_factory=lambda: ["leo2"])
    # What a register does with a delivery for which no fault is drawn.
    mode: str = "ok"
    pauses: int = 0
    sabotage: str = ""
    # A mode of the catalogue that fires no time is a failure.
    whole_catalogue: bool = False
    nemesis: list[str] = field(default_factory=list)
    # Filled in by the house.
    port: int = 0
    register_ports: list[int] = field(default_factory=list)
    cards: list[list[str]] = field(default_factory=list)
    wall_minus_monotonic: float = 0.0
    arrows: dict[str, list[str]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return Path(self.directory)

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def turn(self) -> float:
        """Seconds that a writer waits for SQLite. One that waits for five while all else goes ten times as fast would
        be stuck; the people of an evening take their own time.
        """
        return 5.0 if self.waiters else max(1.5, self.divided(5.0))

    @property
    def sampling(self) -> float:
        """Seconds between two looks at the staff's list: one second, divided."""
        return 1.0 / self.divisor

    def divided(self, seconds: float) -> float:
        return seconds / self.divisor

    def kind(self, register: int) -> str:
        """Of a register by its id, which counts from 1."""
        return self.kinds[(register - 1) % len(self.kinds)]

    def save(self) -> None:
        (self.path / "plan.json").write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        found: dict[str, Any] = json.loads((Path(directory) / "plan.json").read_text())
        # A history may have been moved since.
        return cls(**{**found, "directory": str(directory)})

    @classmethod
    def of_this_process(cls) -> Self:
        return cls.load(os.environ["TORTURE_DIR"])
