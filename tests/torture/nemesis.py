"""What goes wrong in an evening, and when: a schedule that a seed decides, and a thread that does it."""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.torture import catalogue, till
from tests.torture.history import total
from tests.torture.house import House
from tests.torture.plan import LEASE, Plan

# What is killed, by how often of a hundred. A register keeps its ledger.
KILLED = {"deliver": 45, "web child": 35, "register": 12, "web master": 4, "watch": 4}
# What else happens, likewise.
HARMS = {
    "stop deliver": 24,
    "stop web": 12,
    "database": 14,
    "clock hour": 8,
    "clock step": 8,
    "till closed": 10,
    "register away": 8,
    "no worker": 6,
    "deploy": 10,
}
QUIET_AT_FIRST = 2.0  # seconds, so that all has come up
# When, in parts of the evening, modes are asked for by name that chance has not brought yet.
TOPPED_UP_AT = (0.5, 0.6, 0.7, 0.8, 0.9)
PATIENCE = 10.0  # seconds without an order, then the next act does not wait for one


@dataclass(frozen=True)
class Act:
    """`at`: seconds after the beginning; `draw`: 0 to 1, from which whoever acts takes target and length.

    An evening that is slower than planned is harmed as much: nothing happens before as large a part of the orders is
    sent as of the seconds have passed then.
    """

    at: float
    what: str
    draw: float
    length: float


def schedule(plan: Plan, database_harms: tuple[str, ...]) -> list[Act]:
    """The same for the same plan. Pure."""
    draw = Random(f"{plan.seed} nemesis")
    kills = ["kill " + _pick(draw, KILLED) for _ in range(plan.kills)]
    wanted = {
        what: weight for what, weight in HARMS.items() if not plan.nemesis or what in plan.nemesis
    }
    others = int(plan.seconds / 5) if wanted else 0
    # Each at least once, where there is time for all of them.
    harms = list(wanted)[:others] + [_pick(draw, wanted) for _ in range(others - len(wanted))]
    draw.shuffle(harms)
    acts = [Act(part * plan.seconds, "missing modes", 0.0, 0.0) for part in TOPPED_UP_AT]
    span = plan.seconds - QUIET_AT_FIRST
    for names in (kills, harms):
        for place, what in enumerate(names):
            at = QUIET_AT_FIRST + span * (place + draw.random()) / len(names)
            name = f"database {draw.choice(database_harms)}" if what == "database" else what
            acts.append(Act(at, name, draw.random(), draw.random()))
    return sorted(acts, key=lambda act: act.at)


def _pick(draw: Random, weights: dict[str, int]) -> str:
    return draw.choices(list(weights), list(weights.values()))[0]


class Nemesis:
    """Does what the schedule says, each act in its time; what lasts has a thread of its own."""

    def __init__(self, plan: Plan, house: House) -> None:
        self.acts = schedule(plan, house.database.harms)
        self._plan = plan
        self._house = house
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()
        self.failed: list[str] = []
        # One of each at a time.
        self._busy = {name: threading.Lock() for name in ("database", "clock", "deploy", "workers")}

    def rage(self, sent: Callable[[], float]) -> None:
        """Until the schedule is at its end, or `stop`. `sent()`: what part of the orders is, 0 to 1."""
        began = time.monotonic()
        for act in self.acts:
            if self._over.wait(max(0.0, began + act.at - time.monotonic())):
                return
            self._wait_for(sent, act.at / self._plan.seconds)
            thread = threading.Thread(target=self._do, args=(act,), name=act.what)
            self._threads.append(thread)
            thread.start()
            self._threads = [each for each in self._threads if each.is_alive()]

    def _wait_for(self, sent: Callable[[], float], part: float) -> None:
        """Until so many orders are sent, or none is any more."""
        so_far, patient_until = sent(), time.monotonic() + PATIENCE
        while sent() < min(part, 0.98) and time.monotonic() < patient_until:
            if self._over.wait(0.05):
                return
            if sent() > so_far:
                so_far, patient_until = sent(), time.monotonic() + PATIENCE

    def stop(self) -> None:
        """Let what was begun come to its end."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _do(self, act: Act) -> None:
        try:
            self._act(act)
        except Exception as error:  # noqa: BLE001  (told in the report: a harm that cannot be done proves nothing)
            self.failed.append(f"{act.what}: {type(error).__name__} {error}")

    def _act(self, act: Act) -> None:
        plan, house = self._plan, self._house
        deliver = f"deliver-{int(act.draw * plan.workers)}"
        register = int(act.draw * plan.registers)
        # Only LEO2 has a relay that takes what the till does not know yet.
        relays = self._of_kind("leo2") or [register]
        relay = relays[int(act.draw * len(relays))]
        lease = plan.divided(LEASE)
        acts: dict[str, Callable[[], None]] = {
            "kill deliver": lambda: house.kill(deliver),
            "kill web child": lambda: house.kill_web(int(act.draw * plan.web_children)),
            "kill web master": lambda: house.kill_web(-1),
            "kill register": lambda: house.kill(f"register-{register}"),
            "kill watch": lambda: house.kill("watch-0" if "watch-0" in house.slots else deliver),
            "stop deliver": lambda: house.stop(deliver, lease * (0.3 + 1.5 * act.length)),
            "stop web": lambda: house.stop_web(
                int(act.draw * plan.web_children), 0.5 + 2 * act.length
            ),
            "clock hour": lambda: self._clock(
                3600.0 if act.draw < 0.5 else -3600.0, 1.0 + 3 * act.length
            ),
            "clock step": lambda: self._clock(6 * act.draw - 3, 1.0 + 3 * act.length),
            "till closed": lambda: self._close_till(relay, lease * (1 + 4 * act.length)),
            "register away": lambda: house.kill(
                f"register-{register}", away_for=lease * (1 + 4 * act.length)
            ),
            "no worker": lambda: self._no_worker(lease * (1 + 3 * act.length)),
            "missing modes": self._ask_for_missing_modes,
            "deploy": lambda: self._one("deploy", house.deploy),
        }
        if act.what.startswith("database"):
            how = act.what.partition(" ")[2]
            self._one("database", lambda: house.take_away_the_database(how, 0.5 + 3 * act.length))
            return
        acts[act.what]()

    def _one(self, name: str, do: Callable[[], None]) -> None:
        with self._busy[name]:
            if not self._over.is_set():
                do()

    def _clock(self, jump: float, seconds: float) -> None:
        def there_and_back() -> None:
            self._house.jump(jump)
            self._over.wait(seconds)
            self._house.jump(0.0)

        self._one("clock", there_and_back)

    def _ask_for_missing_modes(self) -> None:
        """Chance alone would need more orders than a short evening has."""
        if not self._plan.whole_catalogue:
            return
        for kind in self._plan.kinds:
            places = self._of_kind(kind)
            told = []
            for place in places:
                with contextlib.suppress(till.Away):  # what it has had comes once more, then
                    told.append(till.get(self._plan.register_ports[place], "/_status")["fired"])
            for turn, (use, mode) in enumerate(catalogue.missing(kind, total(told))):
                script = {"post": "modes", "list": "list"}[use]
                wish = {script: [catalogue.as_drawn(kind, use, mode)]}
                self._house.tell(places[turn % len(places)], wish)

    def _of_kind(self, kind: str) -> list[int]:
        return [
            place for place in range(self._plan.registers) if self._plan.kind(place + 1) == kind
        ]

    def _close_till(self, register: int, seconds: float) -> None:
        self._house.till(register, "closed")
        self._over.wait(seconds)
        self._house.till(register, "open")

    def _no_worker(self, seconds: float) -> None:
        def all_away() -> None:
            for place in range(self._plan.workers):
                self._house.kill(f"deliver-{place}", away_for=seconds)
            self._over.wait(seconds)

        self._one("workers", all_away)
