"""What a simulated register has been told to do to the next requests, and the door that it may have to shut for it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from pos_bridge.simulator.door import Door
from pos_bridge.simulator.faults import Dealer
from pos_bridge.simulator.modes import MODES, Mode, Scripted, parse_for

OK = Scripted("ok", MODES["ok"], "")


class Script:
    """A queue of modes for deliveries ("post"), one for readings of a list ("list"), what holds after them, and what is
    drawn at random where nothing else was said.

    `shut` is called when a mode has shut the door: a connection kept alive would be a way around it.
    """

    def __init__(
        self,
        door: Door,
        modes: dict[str, Mode],
        scale: float,
        dealers: Mapping[str, Dealer],
        shut: Callable[[Scripted], None],
    ) -> None:
        self.door = door
        self.modes = modes
        self._scale = scale
        self._dealers = dealers
        self._shut = shut
        self._queues: dict[str, deque[Scripted]] = {"post": deque(), "list": deque()}
        self._always = {"post": OK, "list": OK}
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()
        self._ended = False

    def parse(self, text: str, use: str) -> Scripted:
        """Read a mode for this use; raise UnknownMode where it has no sense there."""
        return parse_for(text, use, self.modes)

    def add(self, posts: Sequence[Scripted], readings: Sequence[Scripted]) -> None:
        with self._lock:
            self._queues["post"].extend(posts)
            self._queues["list"].extend(readings)
            self.turn_the_door()

    def hold(self, post: Scripted, reading: Scripted) -> None:
        """These, whenever a queue is empty."""
        with self._lock:
            self._always = {"post": post, "list": reading}
            self.turn_the_door()

    def clear(self) -> None:
        with self._lock:
            for queue in self._queues.values():
                queue.clear()
            self._always = {"post": OK, "list": OK}
            for dealer in self._dealers.values():
                dealer.set_rate(0)
            if self._timer:
                self._timer.cancel()
                self._timer = None
            self.door.open()

    def draw(self, rates: Mapping[str, float]) -> None:
        """From now on draw with these probabilities, by use; raise ValueError for what is none."""
        with self._lock:
            before = {use: dealer.rate for use, dealer in self._dealers.items()}
            try:
                for use, rate in rates.items():
                    self._dealers[use].set_rate(rate)
            except (TypeError, ValueError):
                for use, rate in before.items():
                    self._dealers[use].set_rate(rate)
                raise

    def end(self) -> None:
        """Shut the door for good."""
        with self._lock:
            self._ended = True
            if self._timer:
                self._timer.cancel()
            self.door.close()

    def next(self, use: str) -> Scripted:
        """The mode for a request that has come; one that came through a closing door finds all well.

        Where a shut door is drawn, this request still goes through, and the door shuts behind it.
        """
        with self._lock:
            falls = self._dealers[use].falls()
            queue, held = self._queues[use], self._always[use]
            if queue and queue[0].mode.place != "door":
                return queue.popleft()
            if held != OK:
                return OK if held.mode.place == "door" else held
            if queue or not falls:
                return OK
            drawn = self._dealers[use].deal()
            if drawn.mode.place != "door":
                return drawn
            queue.append(drawn)
            return OK

    def turn_the_door(self) -> None:
        """Shut the door if its turn has come, open it if not, and see to it that its time ends."""
        with self._lock:
            if self._timer or self._ended:
                return
            queue, shut = self._queues["post"], None
            if queue and queue[0].mode.place == "door":
                shut = queue.popleft()
                seconds = float(shut.argument) * self._scale
                self._timer = threading.Timer(seconds, self._time_is_over)
                self._timer.daemon = True
            elif not queue and self._always["post"].mode.place == "door":
                shut = self._always["post"]
            if shut is None:
                self.door.open()
                return
            was_open = self.door.is_open
            (self.door.refuse if shut.name == "refuse_conn" else self.door.swallow)()
            if was_open or self._timer:  # what holds is asked again after each request
                self._shut(shut)
            if self._timer:
                self._timer.start()

    def _time_is_over(self) -> None:
        with self._lock:
            self._timer = None
            self.turn_the_door()

    def as_words(self) -> dict[str, object]:
        """What is still to come, for a person or another process."""
        with self._lock:
            return {
                "script": {
                    use: [each.text for each in queue] for use, queue in self._queues.items()
                },
                "always": {use: held.text for use, held in self._always.items()},
                "draw": {
                    "faults": self._dealers["post"].rate,
                    "list_faults": self._dealers["list"].rate,
                },
            }
