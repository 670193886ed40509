"""All that was written down in a run, as the checker reads it: plain values, times on the monotonic clock."""

import itertools
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.torture.log import events
from tests.torture.plan import Plan

Event = dict[str, Any]


@dataclass
class Change:
    """An addition moved; from "" where it was born. `at` is a moment before the commit."""

    addition: int
    old: str
    new: str
    at: float
    number: int
    old_number: int | None = None
    body_changed: bool = False


@dataclass
class Addition:
    """An addition as the database held it in the end."""

    pk: int
    order: str
    register: int
    number: int
    sha256: str
    state: str
    handled_as: str = ""
    reason: str = ""
    position: int = 1
    key: str = ""
    n: int = 0
    attempts: list[list[Any]] = field(default_factory=list)


@dataclass
class Post:
    """A delivery that came to a register. `ended`: when it waited no longer for its answer."""

    register: int
    number: int | None
    sha256: str
    at: float
    ended: float
    mode: str = "ok"
    outcome: str = ""


@dataclass
class Booked:
    """A line of a register's ledger."""

    register: int
    number: int
    at: float
    sha256: str = ""


@dataclass
class Sample:
    """The staff's list as it was somewhen from `began` to `until`."""

    began: float
    until: float
    listed: frozenset[int]


@dataclass
class Window:
    """Something that was done to the house, while it lasted."""

    what: str
    began: float
    until: float
    facts: Event = field(default_factory=dict)

    def touches(self, began: float, until: float) -> bool:
        return self.began <= until and began <= self.until


@dataclass
class History:
    plan: Plan
    acks: list[Event] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    taken_back: list[Event] = field(default_factory=list)
    troubles: list[Event] = field(default_factory=list)  # requests that failed
    samples: list[Sample] = field(default_factory=list)
    away: list[Event] = field(default_factory=list)
    decisions: list[Event] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    additions: list[Addition] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)
    listed_at_the_end: frozenset[int] = frozenset()
    windows: list[Window] = field(default_factory=list)
    house: list[Event] = field(default_factory=list)
    # In the end: each alarm that there ever was, and what became of each carte that was to come.
    alarms: list[Event] = field(default_factory=list)
    cartes: list[Event] = field(default_factory=list)
    # Kind of register, use and mode to times.
    fired: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    max_in_flight: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_order: dict[str, list[Addition]] = defaultdict(list)
        for addition in self.additions:
            self.by_order[addition.order].append(addition)
        self.by_pk = {addition.pk: addition for addition in self.additions}
        self.by_number: dict[tuple[int, int | None], Addition] = {
            (addition.register, addition.number): addition for addition in self.additions
        }
        self.changes_of: dict[int, list[Change]] = defaultdict(list)
        for change in self.changes:
            self.changes_of[change.addition].append(change)
        self.booked_of: dict[tuple[int, int], list[Booked]] = defaultdict(list)
        for entry in self.booked:
            self.booked_of[entry.register, entry.number].append(entry)
        self.posts_of: dict[tuple[int, int | None], list[Post]] = defaultdict(list)
        for post in self.posts:
            self.posts_of[post.register, post.number].append(post)
        self.decided_of: dict[int, list[Event]] = defaultdict(list)
        for decision in self.decisions:
            self.decided_of[decision["addition"]].append(decision)
        self._windows: dict[str, list[Window]] = defaultdict(list)
        for window in self.windows:
            self._windows[window.what].append(window)
        self._began = [sample.began for sample in self.samples]

    def samples_between(self, began: float, until: float) -> list[Sample]:
        """Those that lie wholly between the two."""
        low, high = bisect_left(self._began, began), bisect_right(self._began, until)
        return [sample for sample in self.samples[low:high] if sample.until <= until]

    def during(self, began: float, until: float, *what: str) -> list[Window]:
        """The windows of these kinds, or of all, that touch this time."""
        some = (self._windows.get(each, []) for each in what or self._windows)
        return [each for of_a_kind in some for each in of_a_kind if each.touches(began, until)]


def load(directory: Path) -> History:
    plan = Plan.load(directory)
    shift = plan.wall_minus_monotonic
    parts: dict[str, list[Event]] = {
        name: list(events(directory / f"{name}.jsonl"))
        for name in ("diners", "list", "house", "staff", "database", "registers")
    }

    def of(part: str, *what: str) -> list[Event]:
        return [event for event in parts[part] if event["what"] in what]

    diners = {what: of("diners", what) for what in ("ack", "told", "taken back")}
    status = of("registers", "status")
    end = max((event["t"] for event in parts["house"]), default=0.0)
    return History(
        plan=plan,
        acks=diners["ack"],
        told=diners["told"],
        taken_back=diners["taken back"],
        troubles=of("diners", "no answer", "trouble"),
        samples=_samples(of("list", "list", "away")),
        away=of("list", "away"),
        decisions=of("staff", "decided"),
        changes=[
            Change(each["addition"], each["old"], each["new"], each["at"] - shift, each["new_number"],
                   each["old_number"], bool(each["body_changed"]))
            for each in of("database", "change")
        ],
        additions=[
            Addition(**{name: value for name, value in each.items() if name not in {"what", "t"}})
            for each in of("database", "addition")
        ],
        posts=[
            Post(each["register"], each.get("number"), each.get("sha256", ""), each["time"] - shift,
                 each.get("ended", end + shift) - shift, each.get("mode", "ok"), each.get("outcome", ""))
            for each in of("registers", "post")
        ],
        booked=[
            Booked(each["register"], each["number"], each["booked_at"] - shift, each["sha256"])
            for each in of("registers", "booked")
            if not each["foreign"]
        ],
        listed_at_the_end=frozenset(pk for each in of("database", "listed") for pk in each["additions"]),
        windows=[*windows(parts["house"], end), *stalls(parts["list"], plan.sampling)],
        house=parts["house"],
        alarms=of("database", "alarm"),
        cartes=of("database", "carte"),
        fired={
            kind: total(each["fired"] for each in status if plan.kind(each["register"]) == kind)
            for kind in plan.kinds
        },
        max_in_flight={each["register"]: each["max_posts_in_flight"] for each in status},
    )  # fmt: skip


def _samples(looks: list[Event]) -> list[Sample]:
    found: list[Sample] = []
    listed: frozenset[int] = frozenset()
    for look in looks:
        if look["what"] == "away":
            continue  # the page says that it cannot be read: nobody is calm
        if "list" in look:
            listed = frozenset(row[0] for row in look["list"])
        found.append(Sample(look["t"], look["until"], listed))
    return found


def total(fired: Iterable[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    """Use and mode to times, of all registers."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for of_a_register in fired:
        for use, modes in of_a_register.items():
            for mode, times in modes.items():
                found[use][mode] += times
    return {use: dict(modes) for use, modes in found.items()}


STALL = 0.3  # seconds by which a process may be late that has nothing else to do


def stalls(looks: list[Event], sampling: float) -> list[Window]:
    """When the machine had no time even for the process that looks at the list: deadlines mean little then."""
    pairs = itertools.pairwise(looks)
    return [
        Window("stall", before["t"], after["until"])
        for before, after in pairs
        if after["until"] - before["t"] > 2 * sampling + STALL
        and after["what"] == before["what"] == "list"
    ]


# What begins a window, what ends it, and by which fact the two belong together.
ENDS = {
    "killed": (("started",), "name"),
    # Whoever is killed while stopped goes on no more.
    "stopped": (("went on", "killed", "ended"), "pid"),
    "database": (("database is back",), "how"),
    "deploy begins": (("deploy ends",), None),
    "till": (("till",), "register"),
}
NAMES = {"deploy begins": "deploy", "till": "till closed"}


def windows(house: list[Event], end: float) -> list[Window]:
    """What lasted, from the house's log. A jump of the clock is a window without length."""
    found: list[Window] = []
    for place, event in enumerate(house):
        what = event["what"]
        if what == "clock":
            found.append(Window("clock", event["t"], event["t"], event))
        if what not in ENDS or (what == "till" and event["till"] == "open"):
            continue
        ending, same = ENDS[what]
        until = next(
            (
                later["t"]
                for later in house[place + 1 :]
                if later["what"] in {*ending, "healed"}
                and (
                    same is None or later["what"] == "healed" or later.get(same) == event.get(same)
                )
            ),
            end,
        )
        if what == "killed" and event["name"].startswith("web"):
            until = event["t"]
        name = NAMES.get(what) or str(what)
        if what == "stopped" and event["name"].startswith("web"):
            name = "web stopped"
        found.append(Window(name, event["t"], until, event))
    return found
