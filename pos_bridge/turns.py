"""What one worker remembers of its registers, so that one that keeps it waiting costs the others nothing.

In memory, for this process alone: another worker finds out for itself, at the price of one try.
"""

import time
from collections.abc import Container, Iterable

from django.conf import settings

# Seconds; a register that keeps a thread so long in one breath is slow. Less than any deadline of registers/http.py.
SLOW = 2.5
# Seconds, divided: until a worker asks again for a register that another one has.
LEFT_FOR = 0.25
# Seconds without the lists after 1, 2, 3, … readings that failed; then always the last.
LIST_RESTS = (5.0, 10.0, 20.0, 30.0)


def is_slow(started: float) -> bool:
    """Whether what began then (time.monotonic) has taken too long."""
    return time.monotonic() - started >= SLOW / settings.TIME_DIVISOR


# A worker compares a register's numbers with its list before its own first POST there, and after so many seconds.
COMPARED_FOR = 3600.0
# So often the list is tried before the first POST.
COMPARISONS_TRIED = 3
COMPARED_AGAIN_AFTER = 60.0  # seconds until the next try after one that failed and held nothing up


class Turns:
    """Who is served next. Slow ones come last and never have all threads: a quarter is kept for the others. A thread
    that a slow register holds is idle, but it is held for as long as a POST may take.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._for_slow = max(1, threads - max(1, threads // 4))
        # Register -> whether it was slow the last time, and when that was over.
        self._last: dict[int, tuple[bool, float]] = {}
        # Register -> until when it is left to the worker that was faster (time.monotonic).
        self._left: dict[int, float] = {}

    def next(self, waiting: Iterable[int], running: Container[int], free: int) -> list[int]:
        """Of those that wait, whom to serve now; `free`: threads with nothing to do."""
        slow_ones = sum(slow and pk in running for pk, (slow, _) in self._last.items())
        now = time.monotonic()
        turn: list[int] = []
        for pk in sorted(waiting, key=lambda pk: self._last.get(pk, (False, 0.0))):
            if pk in running or len(turn) == free or self._left.get(pk, now) > now:
                continue
            if self._is_slow(pk):
                if slow_ones >= self._for_slow:
                    break
                slow_ones += 1
            turn.append(pk)
        return turn

    def over(self, register_id: int, *, slow: bool) -> None:
        """A register was served; `slow`: it let us wait."""
        self._last[register_id] = (slow, time.monotonic())

    def leave(self, register_id: int) -> None:
        """Another worker has it, and goes on while anything is due there: to ask again at once would only cost both."""
        self._left[register_id] = time.monotonic() + LEFT_FOR / settings.TIME_DIVISOR

    def _is_slow(self, register_id: int) -> bool:
        return self._last.get(register_id, (False, 0.0))[0]


class ListRests:
    """After lists that could not be read, or only slowly, they are left alone for a while, ever longer: while they
    are waited for, their register's orders wait too.
    """

    def __init__(self) -> None:
        # Register -> failures in a row, and until when its lists rest (time.monotonic).
        self._rests: dict[int, tuple[int, float]] = {}

    def left(self, register_id: int) -> float:
        """Seconds until they may be read, before settings.TIME_DIVISOR; 0 where they may."""
        _, until = self._rests.get(register_id, (0, 0.0))
        return max(0.0, until - time.monotonic()) * settings.TIME_DIVISOR

    def read(self, register_id: int, *, well: bool) -> None:
        """Its lists were read, `well` or not; after a failure they rest for longer than after the one before."""
        if well:
            self._rests.pop(register_id, None)
            return
        failures, _ = self._rests.get(register_id, (0, 0.0))
        rest = LIST_RESTS[min(failures, len(LIST_RESTS) - 1)] / settings.TIME_DIVISOR
        self._rests[register_id] = (failures + 1, time.monotonic() + rest)


class Comparisons:
    """When this process has last compared a register's numbers with its list (following.compare_numbers)."""

    def __init__(self) -> None:
        self._at: dict[int, float] = {}
        self._failures: dict[int, int] = {}

    def due(self, register_id: int) -> bool:
        """Whether it was never compared, or not for a while."""
        at = self._at.get(register_id)
        return at is None or time.monotonic() - at >= COMPARED_FOR / settings.TIME_DIVISOR

    def done(self, register_id: int) -> None:
        """It was compared just now."""
        self._at[register_id] = time.monotonic()
        self._failures.pop(register_id, None)

    def failed(self, register_id: int) -> bool:
        """Count a list that could not be read; whether to send all the same. Numbers rise with the clock, so they are
        new without a list too, and an order that waits for a list would wait in vain.
        """
        self._failures[register_id] = self._failures.get(register_id, 0) + 1
        if register_id not in self._at and self._failures[register_id] < COMPARISONS_TRIED:
            return False
        self.later(register_id)
        return True

    def later(self, register_id: int) -> None:
        """Its list cannot be had for now: it is asked for again in a while, and holds nothing up until then."""
        before = (COMPARED_FOR - COMPARED_AGAIN_AFTER) / settings.TIME_DIVISOR
        self._at[register_id] = time.monotonic() - before
