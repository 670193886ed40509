"""Watches over the rest: raises alarms and has them told, minds the worker's heartbeat, does what must act once
after an order was settled, and lets a stored carte go live at its hour. It does not deliver, so that it can say when
nobody does; deliver says in its log when this one is missing.

Each job is for itself: one that fails is tried again at the next look, and the others go on.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from ordering.alarm_rounds import Rounds
from ordering.services import drafts, events, retention, visits
from pos_bridge import alarms, heartbeat
from pos_bridge.models import Heartbeat
from pos_bridge.worker import check_migrated

# Seconds; divided by settings.TIME_DIVISOR.
LOOK_EVERY = 1.0
LOOK_WHILE_SENDING = 0.2
CONSUME_EVERY = 3.0
FORGET_EVERY = 3600.0
PURGE_EVERY = 24 * 3600.0
DRAFTS_EVERY = 3.0
# Longer than any look; a process that is silent for longer is stuck, and the watchdog ends it.
STUCK_AFTER = 60.0

logger = logging.getLogger(__name__)


class Watch:
    """The loop. `stop` may be called from a signal or another thread."""

    def __init__(self, *, alive: Callable[[float], None] = lambda seconds: None) -> None:
        """`alive(seconds)` is called while all goes on, and must be called again within as many seconds."""
        self.name = heartbeat.process_name()
        self._alive = alive
        self._stopping = threading.Event()
        self._pulse = heartbeat.Pulse(Heartbeat.Kind.WATCH, self.name)
        self._rounds = Rounds(self.name)
        self._consume = Interval(CONSUME_EVERY)
        self._forget = Interval(FORGET_EVERY)
        self._purge = Interval(PURGE_EVERY)
        self._purging: Iterator[retention.Purged] = iter(())
        self._drafts = Interval(DRAFTS_EVERY)

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Until stopped; what is being told is finished first. Raises worker.NotMigrated."""
        try:
            while not self._stopping.is_set():
                self._alive(STUCK_AFTER / settings.TIME_DIVISOR)
                self.look(timezone.now())
                wait = LOOK_WHILE_SENDING if self._rounds else LOOK_EVERY
                self._stopping.wait(wait / settings.TIME_DIVISOR)
            self._rounds.finish()
            self._try("what was told", lambda: self._rounds.settle(timezone.now()))
        finally:
            self._rounds.stop()
        self._try("to take leave", self._pulse.stop)

    def look(self, now: datetime) -> None:
        """Everything once. Raises worker.NotMigrated."""
        self._rounds.end_what_is_over()
        if not self._try("the heartbeat", lambda: self._pulse.beat(now)):
            check_migrated()
        self._try("what was told", lambda: self._rounds.settle(now))
        self._try("alarms", lambda: alarms.reconcile(now, drafts.alarmed(now)))
        self._try("to tell alarms", lambda: self._rounds.begin(now))
        if self._consume.due():
            self._try("events", events.consume)
            self._try("silent visits", visits.end_silent)
        if self._drafts.due():
            self._try("cartes to go live", lambda: drafts.go_live(now))
        if self._forget.due():
            self._try("to forget alarms", lambda: alarms.forget(now))
        if self._purge.due():
            self._purging = retention.steps(now=now)
        # A batch at each look: alarms wait for none of it.
        self._try("to purge", lambda: next(self._purging, None))
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            connection.close()  # others need it while we wait

    def _try(self, job: str, call: Callable[[], object]) -> bool:
        try:
            call()
        except Error as error:
            # Locked, restarted, away for a moment, ahead of this version: the next look has a new connection.
            logger.warning("The database fails (%s): %s", job, type(error).__name__)
            if not connection.in_atomic_block:
                connection.close()
            return False
        except Exception:
            # A mistake of ours in one job is no reason to leave the others undone.
            logger.exception("Failed: %s", job)
        return True


class Interval:
    """Says when it is time again."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._last: float | None = None

    def due(self) -> bool:
        """Whether `every` seconds have passed since it last was."""
        now = time.monotonic()
        if self._last is not None and now - self._last < self._every / settings.TIME_DIVISOR:
            return False
        self._last = now
        return True
