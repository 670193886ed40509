"""The LEO2 relay and the till behind it: which additions each has, told by events alone, so a restart knows the same.

Events: {"event": "post" | "outcome" | "taken" | "booked" | "state" | "open", …}. Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pos_bridge.simulator.journal import Event, Journal

RECEIVED = 1


@dataclass
class Addition:
    """One addition that the relay took.

    `held`: the till was off when it came, and has not been opened since. `vanished`: an article is unknown, so the till
    drops it without a word. `shown`: its status in the list of all while the till does not have it.
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
        self._booked: list[int] = []
        self._unbooked: list[int] = []
        self._places: dict[int, list[int]] = {}
        self._till_delay = till_delay
        self._simulated_late = simulated_late
        self._clock = clock
        self._journal = Journal(ledger)
        for event in self._journal.events():
            self._apply(event)

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

    def booked(self) -> list[Addition]:
        """What the till holds, in the order in which it came there."""
        with self.lock:
            self._fetch()
            return [self.additions[place] for place in self._booked]

    def waiting(self) -> list[Addition]:
        """What the relay has and the till does not."""
        with self.lock:
            self._fetch()
            return [self.additions[place] for place in self._unbooked]

    def list_of_till(self) -> dict[int, int]:
        """Number to status, for what reached the till, oldest first."""
        return {addition.number: addition.state for addition in self.booked()}

    def list_of_all(self) -> dict[int, int]:
        """Number to status, for what the relay took, whether it reached the till or not, oldest first."""
        with self.lock:
            self._fetch()
            return {
                each.number: each.state if each.booked_at is not None else each.shown
                for each in self.additions
            }

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

    def told_posts(self) -> list[Event]:
        """All deliveries, each with `booked`: whether the till has what it brought."""
        with self.lock:
            self._fetch()
            booked = {self.additions[place].post for place in self._booked}
            return [{**post, "booked": place in booked} for place, post in enumerate(self.posts)]

    # What happens

    def arrive(self, **post: Any) -> int:
        """Write a delivery down; its place."""
        with self.lock:
            self._record({"event": "post", "time": self._clock(), **post}, durable=False)
            return len(self.posts) - 1

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
            if number not in self.list_of_till():
                raise KeyError(f"the till has no addition {number}")
            self._record({"event": "state", "number": number, "state": state}, durable=True)

    def open_till(self) -> None:
        with self.lock:
            self.till_is_open = True
            self._record({"event": "open", "at": self._clock()}, durable=True)
            self._fetch()

    def _fetch(self) -> None:
        """The till takes what is due; it comes by every `till_delay` seconds, which is reckoned when somebody looks."""
        now = self._clock()
        events: list[Event] = []
        for place in self._unbooked:
            each = self.additions[place]
            if not each.held and not each.vanished and each.due <= now:
                late = self._simulated_late if each.waited else 0
                events.append({"event": "booked", "place": place, "at": each.due + late})
        if events:
            self._record(*events, durable=True)

    def _record(self, *events: Event, durable: bool) -> None:
        self._journal.append(list(events), durable=durable)
        for event in events:
            self._apply(event)

    def _apply(self, event: Event) -> None:
        facts = dict(event)
        match facts.pop("event"):
            case "post":
                self.posts.append(facts)
            case "outcome":
                self.posts[facts.pop("place")].update(facts)
            case "taken":
                place = len(self.additions)
                self.additions.append(Addition(**facts))
                self._unbooked.append(place)
                self._places.setdefault(facts["number"], []).append(place)
            case "booked":
                self.additions[facts["place"]].booked_at = facts["at"]
                self._booked.append(facts["place"])
                self._unbooked.remove(facts["place"])
            case "state":
                for place in self._places.get(facts["number"], ()):
                    self.additions[place].state = facts["state"]
            case "open":
                for place in self._unbooked:
                    addition = self.additions[place]
                    if addition.held:
                        addition.held, addition.due = False, facts["at"]


def _body(raw: str) -> Any:
    """The addition as the till reads it, amounts as Decimal; None where it cannot be read."""
    try:
        return json.loads(raw, parse_float=Decimal)
    except (RecursionError, ValueError):
        return None
