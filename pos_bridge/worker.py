"""Delivers: finds the registers that have work, and serves each (delivery.py).

One process serves many registers from a pool of threads, each register in one thread at a time. One that hangs
keeps a thread waiting, so those that hang have their turn after the others (turns.py). Any number of such
processes may run, on any number of machines: the leases in the database (outbox.py) see to it that one POST is
in flight for each register.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from django.conf import settings
from django.db import Error, connection, connections
from django.utils import timezone

from pos_bridge import heartbeat, outbox, waiting
from pos_bridge.delivery import let_go_of_the_database, serve
from pos_bridge.models import Heartbeat, Register
from pos_bridge.turns import SLOW, Comparisons, ListRests, Turns
from pos_bridge.wake import Bell

THREADS = 32  # they wait for registers most of the time
# Seconds between two looks when nobody rings; divided by settings.TIME_DIVISOR.
LOOK_WHILE_OPEN = 0.25
LOOK_WHILE_IDLE = 1.0
# Longer than anything that a thread does in one go for one register; a process that is silent for longer is stuck, and
# the watchdog ends it (F40).
STUCK_AFTER = 60.0

logger = logging.getLogger(__name__)


class NotMigrated(Exception):
    """The database has no tables. Waiting changes nothing: somebody has to make them."""


class Worker:
    """The loop. `stop` may be called from a signal or another thread; what is in flight is finished first."""

    def __init__(
        self, *, threads: int = THREADS, alive: Callable[[float], None] = lambda seconds: None
    ) -> None:
        """`alive(seconds)` is called while all goes on, and must be called again within as many seconds."""
        self.name = heartbeat.process_name()
        self._threads = threads
        self._alive = alive
        self._stopping = threading.Event()
        self._bell = Bell()
        self._running: dict[int, Future[None]] = {}
        self._turns = Turns(threads)
        self._rests = ListRests()
        self._compared = Comparisons()
        self._pulse = heartbeat.Pulse(Heartbeat.Kind.DELIVER, self.name)
        self._watch_missed_at = -math.inf
        # Register -> when its thread last got on (time.monotonic).
        self._got_on: dict[int, float] = {}

    def stop(self) -> None:
        self._stopping.set()
        self._bell.nudge()

    def run(self, *, once: bool = False) -> None:
        """Until stopped; with `once` until nothing is due any more. Raises NotMigrated."""
        with self._bell, ThreadPoolExecutor(self._threads, "deliver") as pool:
            while not self._stopping.is_set():
                if self._all_get_on():
                    self._alive(STUCK_AFTER / settings.TIME_DIVISOR)
                found = self._look(pool)
                if once and not found and not self._running:
                    break
                patience = self._patience()
                let_go_of_the_database()
                self._bell.wait(patience)
        self._end()

    def _end(self) -> None:
        try:
            self._pulse.stop()
        except Error as error:
            logger.warning("The heartbeat stays: %s", type(error).__name__)
        if not connection.in_atomic_block:
            connection.close()

    def _all_get_on(self) -> bool:
        """Whether no thread hangs in something that no deadline ends."""
        limit = time.monotonic() - STUCK_AFTER / settings.TIME_DIVISOR
        running = [pk for pk, job in self._running.items() if not job.done()]
        return all(self._got_on[pk] > limit for pk in running)

    def _look(self, pool: ThreadPoolExecutor) -> bool:
        """Give the registers that have work to threads; whether there are any."""
        self._running = {pk: job for pk, job in self._running.items() if not job.done()}
        try:
            now = timezone.now()
            if self._pulse.beat(now):
                self._mind_the_watch(now)
            outbox.hold(now)
            found = waiting.registers_to_serve(now)
        except Error as error:
            # Locked, restarted, away for a moment, ahead of this version: the next look has a new connection.
            logger.warning("The database cannot be read: %s", type(error).__name__)
            check_migrated()
            connection.close()
            return True
        for pk in self._turns.next(found, self._running, self._threads - len(self._running)):
            self._got_on[pk] = time.monotonic()
            job = pool.submit(self._serve, pk)
            self._running[pk] = job
            job.add_done_callback(lambda _: self._bell.nudge())
        return bool(found)

    def _mind_the_watch(self, now: datetime) -> None:
        """Who sends the alarms cannot send one about itself; the log, the banner and /healthz tell it."""
        watch = heartbeat.health(Heartbeat.Kind.WATCH, now)
        missed = watch.last_at is not None and not watch.alive
        if missed and time.monotonic() - self._watch_missed_at > STUCK_AFTER:
            self._watch_missed_at = time.monotonic()
            logger.error("manage.py watch has stopped: no alarm is sent.")

    def _patience(self) -> float:
        try:
            is_open = waiting.anything_open(timezone.now())
        except Error:
            is_open = True
        return (LOOK_WHILE_OPEN if is_open else LOOK_WHILE_IDLE) / settings.TIME_DIVISOR

    def _serve(self, register_id: int) -> None:
        """All that is due for one register, in a thread of its own."""
        slow = False
        try:
            slow = serve(
                register_id,
                worker=self.name,
                stopping=self._stopping,
                rests=self._rests,
                compared=self._compared,
                patience=SLOW,
                got_on=lambda: self._got_on.update({register_id: time.monotonic()}),
                leave=lambda: self._turns.leave(register_id),
            )
        except Error as error:
            logger.warning("Register %d: the database: %s", register_id, type(error).__name__)
            self._pause(LOOK_WHILE_IDLE / settings.TIME_DIVISOR)
        except Exception:
            # A mistake of ours on one register; the others go on, and this one is tried again.
            logger.exception("Register %d could not be served", register_id)
            self._pause(LOOK_WHILE_IDLE)
        finally:
            self._turns.over(register_id, slow=slow)
            connections.close_all()

    def _pause(self, seconds: float) -> None:
        connections.close_all()  # others need them meanwhile
        self._stopping.wait(seconds)


def check_migrated() -> None:
    """Raises NotMigrated where the database can be read and has not even the registers' table."""
    try:
        tables = connection.introspection.table_names()
    except Error:
        return
    if Register._meta.db_table not in tables:
        raise NotMigrated("The database has no tables yet: run manage.py migrate.")
