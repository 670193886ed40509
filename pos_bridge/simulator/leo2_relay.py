"""The LEO2 relay and the till behind it: which additions each has, told by events alone, so a restart knows the same.

Events: {"event": "post" | "outcome" | "ended" | "taken" | "booked" | "state" | "table" | "close" | "open" | "restart" |
"door" | "list", …}. Times are seconds since 1970, UTC. Only what a booking hangs on waits for the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from pos_bridge.simulator.counts import Counts
from pos_bridge.simulator.journal import Event, Journal
from pos_bridge.simulator.leo2_tables import Tables

RECEIVED, SETTLED = 1, 9


@dataclass
class Addition:
    """One addition that the relay took.

    `held`: the till was off when it came, and has not been opened since. `vanished`: an article is unknown, so the till
    drops it without a word. `shown`: its status in the list of all while the till does not have it. `adds_up`: its
    covers are added to the table's.
    """

    number: int
    raw: str
    post: int | None
    taken_at: float
    due: float
    held: bool = False
    waited: bool = False
    vanished: bool = False
    foreign: bool = False
    shown: int = RECEIVED
    booked_at: float | None = None
    state: int = RECEIVED
    table: int | None = None
    covers: int | None = None
    adds_up: bool = False

    @property
    def sha256(self) -> str:
        return digest(self.raw.encode("utf-8", "surrogateescape"))


def digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


class Relay:
    """Thread-safe; every change is in the journal before it is true here."""

    def __init__(
        self,
        ledger: str | Path | None,
        *,
        till_delay: float,
        simulated_late: float,
        clock: Callable[[], float],
    ) -> None:
        self.additions: list[Addition] = []
        self.posts: list[Event] = []
        self.till_is_open = True
        self.shown_while_closed = RECEIVED
        self.lock = threading.RLock()
        self.tables = Tables()
        self.counts = Counts()
        self._booked: list[int] = []
        self._booked_posts: set[int | None] = set()
        self._waiting: dict[int, None] = {}  # places, oldest first
        self._vanished = 0
        self._places: dict[int, list[int]] = {}
        self._till_delay = till_delay
        self._simulated_late = simulated_late
        self._clock = clock
        self._journal = Journal(ledger)
        for event in self._journal.events():
            self._apply(event)
        if any("ended" not in post for post in self.posts):
            self.note({"event": "restart", "at": clock()})

    def close(self) -> None:
        with self.lock:
            self._journal.close()

    # What is known

    def known(self, number: int | None, *, younger_than: float | None = None) -> Addition | None:
        """The first addition with this number, or None; `younger_than` seconds where older ones are forgotten."""
        oldest = None if younger_than is None else self._clock() - younger_than
        for place in self._places.get(number, ()) if number is not None else ():
            addition = self.additions[place]
            if oldest is None or addition.taken_at > oldest:
                return addition
        return None

    def booked(self, after: int = 0) -> list[Addition]:
        """What the till holds, in the order in which it came there, without the first `after`."""
        with self.lock:
            self._fetch()
            return [self.additions[place] for place in self._booked[after:]]

    def how_many(self) -> tuple[int, int]:
        """How many additions the till has, and how many the relay has that the till does not."""
        with self.lock:
            self._fetch()
            return len(self._booked), len(self._waiting) + self._vanished

    def list_of_till(self, most: int) -> dict[int, int]:
        """Number to status, for the latest that reached the till, at most so many, oldest first."""
        with self.lock:
            self._fetch()
            return self._latest(self._booked, most)

    def list_of_all(self, most: int) -> dict[int, int]:
        """Number to status, for the latest that the relay took, whether they reached the till or not, oldest first."""
        with self.lock:
            self._fetch()
            return self._latest(range(len(self.additions)), most)

    def _latest(self, places: Sequence[int], most: int) -> dict[int, int]:
        states: dict[int, int] = {}
        for place in reversed(places):
            if len(states) == most:
                break
            each = self.additions[place]
            shown = each.state if each.booked_at is not None else each.shown
            states.setdefault(each.number, shown)
        return dict(reversed(states.items()))

    def entry(self, addition: Addition) -> Event:
        """The ledger's line; `late` is the seconds from the relay to the till of one that waited for it."""
        entry: Event = {
            "number": addition.number,
            "body": _body(addition.raw),
            "raw": addition.raw,
            "sha256": addition.sha256,
            "taken_at": addition.taken_at,
            "booked_at": addition.booked_at,
            "state": addition.state,
        }
        if addition.waited and addition.booked_at is not None:
            entry["late"] = addition.booked_at - addition.taken_at
        if addition.foreign:
            entry["foreign"] = True
        return entry

    def told_posts(self, after: int = 0) -> list[Event]:
        """All deliveries but the first `after`, each with `booked`: whether the till has what it brought."""
        with self.lock:
            self._fetch()
            return [
                {"place": place, **post, "booked": place in self._booked_posts}
                for place, post in enumerate(self.posts[after:], start=after)
            ]

    def refused(self, most: int) -> list[Event]:
        """The latest deliveries that were refused, newest first."""
        with self.lock:
            refused = (post for post in reversed(self.posts) if post.get("outcome") == "refused")
            return [dict(post) for post in islice(refused, most)]

    def told_tables(self) -> list[dict[str, Any]]:
        with self.lock:
            self._fetch()
            return self.tables.told()

    def fired(self) -> dict[str, dict[str, int]]:
        with self.lock:
            return {use: dict(counter) for use, counter in self.counts.fired.items()}

    # What happens

    def arrive(self, **post: Any) -> int:
        """Write a delivery down; its place."""
        now = self._clock()  # not after the wait for the lock, so that what overlaps is seen to
        with self.lock:
            self._record({"event": "post", "time": now, **post}, durable=False)
            return len(self.posts) - 1

    def end(self, place: int) -> None:
        """A delivery waits no longer; the first call counts."""
        now = self._clock()
        with self.lock:
            if "ended" not in self.posts[place]:
                self.note({"event": "ended", "place": place, "at": now})

    def settle(self, place: int | None, **outcome: Any) -> None:
        """Write down what became of a delivery."""
        if place is not None:
            with self.lock:
                self._record({"event": "outcome", "place": place, **outcome}, durable=False)

    def take(
        self, number: int, raw: bytes, post: int | None, *, till_has_it: bool = True, **facts: Any
    ) -> None:
        """The relay takes an addition, and the till too if nothing is between them; on the disk when it returns."""
        with self.lock:
            now = self._clock()
            addition: Event = {
                "number": number,
                "raw": raw.decode("utf-8", "surrogateescape"),
                "post": post,
                "taken_at": now,
                "due": now + self._till_delay,
                "shown": self.shown_while_closed,
                **facts,
            }
            closed = not (self.till_is_open and till_has_it)
            addition |= {"held": closed, "waited": closed}
            events: list[Event] = [{"event": "taken", **addition}]
            if not closed and self._till_delay <= 0 and not facts.get("vanished"):
                events.append({"event": "booked", "place": len(self.additions), "at": now})
            self._record(*events, durable=True)

    def set_state(self, number: int, state: int) -> None:
        with self.lock:
            self._fetch()
            places = self._places.get(number, ())
            if all(self.additions[place].booked_at is None for place in places):
                raise KeyError(f"the till has no addition {number}")
            self._record({"event": "state", "number": number, "state": state}, durable=True)

    def set_table(self, number: int, **facts: bool | None) -> None:
        with self.lock:
            self._fetch()
            told = {name: fact for name, fact in facts.items() if fact is not None}
            self._record({"event": "table", "number": number, **told}, durable=True)

    def close_till(self, shown: int) -> None:
        with self.lock:
            self._fetch()
            self._record({"event": "close", "shown": shown}, durable=True)

    def open_till(self) -> None:
        with self.lock:
            self._fetch()
            self._record({"event": "open", "at": self._clock()}, durable=True)
            self._fetch()

    def note(self, event: Event) -> None:
        """Write down what no booking hangs on; where the disk is full, it is known until the end of the process."""
        with self.lock:
            with contextlib.suppress(OSError):
                self._journal.append([event], durable=False)
            self._apply(event)

    def _fetch(self) -> None:
        """The till takes what is due; it comes by every `till_delay` seconds, which is reckoned when somebody looks."""
        if not self.till_is_open:
            return
        now = self._clock()
        events: list[Event] = []
        for place in self._waiting:
            each = self.additions[place]
            if not each.held and each.due <= now:
                late = self._simulated_late if each.waited else 0
                events.append({"event": "booked", "place": place, "at": each.due + late})
        if events:
            self._record(*events, durable=True)

    def _record(self, *events: Event, durable: bool) -> None:
        self._journal.append(list(events), durable=durable)
        for event in events:
            self._apply(event)

    def _apply(self, event: Event) -> None:
        self.counts.apply(event)
        facts = dict(event)
        match facts.pop("event"):
            case "post":
                self.posts.append(facts)
            case "outcome":
                self.posts[facts.pop("place")].update(facts)
            case "ended":
                self.posts[facts["place"]]["ended"] = facts["at"]
            case (
                "restart"
            ):  # whatever waited for an answer then, its connection went with the process
                for post in self.posts:
                    post.setdefault("ended", facts["at"])
            case "taken":
                self._taken(Addition(**facts))
            case "booked":
                self._reached(facts["place"], facts["at"])
            case "state":
                self._moved(facts["number"], facts["state"])
            case "table":
                self.tables.change(**facts)
            case "close":
                self.till_is_open, self.shown_while_closed = False, facts["shown"]
            case "open":
                self._opened(facts["at"])

    def _taken(self, addition: Addition) -> None:
        place = len(self.additions)
        self.additions.append(addition)
        self._places.setdefault(addition.number, []).append(place)
        if addition.vanished:
            self._vanished += 1
        else:
            self._waiting[place] = None

    def _reached(self, place: int, at: float) -> None:
        addition = self.additions[place]
        addition.booked_at = at
        self._booked.append(place)
        self._booked_posts.add(addition.post)
        del self._waiting[place]
        self.tables.serve(addition.table, addition.covers, adds_up=addition.adds_up)

    def _moved(self, number: int, state: int) -> None:
        for place in self._places.get(number, ()):
            addition = self.additions[place]
            addition.state = state
            if state == SETTLED and addition.table is not None:
                self.tables.change(addition.table, open=False)

    def _opened(self, at: float) -> None:
        was_open, self.till_is_open = self.till_is_open, True
        for place in self._waiting:
            addition = self.additions[place]
            if addition.held or (not was_open and addition.due < at):
                addition.held, addition.waited, addition.due = False, True, at


def _body(raw: str) -> Any:
    """The addition as the till reads it, amounts as Decimal; None where it cannot be read."""
    try:
        return json.loads(raw, parse_float=Decimal)
    except (RecursionError, ValueError):
        return None
