"""Delivers: claims one addition, sends it, settles; reads the lists of states. No transaction is open while it
waits.

One process serves many registers from a pool of threads, each register in one thread at a time. One that hangs
keeps a thread waiting, so those that hang have their turn after the others (turns.py). Any number of such
processes may run, on any number of machines: the leases in the database (outbox.py) see to it that one POST is
in flight for each register.
"""

import logging
import math
import os
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from pos_bridge import outbox, waiting
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent
from pos_bridge.models import Register
from pos_bridge.registers import adapter_class, adapter_for
from pos_bridge.registers.base import Receipt, TillState
from pos_bridge.registers.http import POST_DEADLINE, READ_DEADLINE
from pos_bridge.turns import SLOW, ListRests, Turns, is_slow
from pos_bridge.wake import Bell

THREADS = 32  # they wait for registers most of the time
# Seconds between two looks when nobody rings; divided by settings.TIME_DIVISOR.
LOOK_WHILE_OPEN = 0.25
LOOK_WHILE_IDLE = 1.0

logger = logging.getLogger(__name__)


class NotMigrated(Exception):
    """The database has no tables. Waiting changes nothing: somebody has to make them."""


class Worker:
    """The loop. `stop` may be called from a signal or another thread; what is in flight is finished first."""

    def __init__(self, *, threads: int = THREADS) -> None:
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}"
        self._threads = threads
        self._stopping = threading.Event()
        self._bell = Bell()
        self._running: dict[int, Future[None]] = {}
        self._turns = Turns(threads)
        self._rests = ListRests()

    def stop(self) -> None:
        self._stopping.set()
        self._bell.nudge()

    def run(self, *, once: bool = False) -> None:
        """Until stopped; with `once` until nothing is due any more. Raises NotMigrated."""
        with self._bell, ThreadPoolExecutor(self._threads, "deliver") as pool:
            while not self._stopping.is_set():
                found = self._look(pool)
                if once and not found and not self._running:
                    break
                patience = self._patience()
                _let_go_of_the_database()
                self._bell.wait(patience)
        if not connection.in_atomic_block:
            connection.close()

    def _look(self, pool: ThreadPoolExecutor) -> bool:
        """Give the registers that have work to threads; whether there are any."""
        self._running = {pk: job for pk, job in self._running.items() if not job.done()}
        try:
            now = timezone.now()
            outbox.hold_stale(now)
            found = waiting.registers_to_serve(now)
        except Error as error:
            # Locked, restarted, away for a moment, ahead of this version: the next look has a new connection.
            logger.warning("The database cannot be read: %s", type(error).__name__)
            _check_migrated()
            connection.close()
            return True
        for pk in self._turns.next(found, self._running, self._threads - len(self._running)):
            job = pool.submit(self._serve, pk)
            self._running[pk] = job
            job.add_done_callback(lambda _: self._bell.nudge())
        return bool(found)

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
                patience=SLOW,
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


def _check_migrated() -> None:
    """Raises NotMigrated where the database can be read and has not even the registers' table."""
    try:
        tables = connection.introspection.table_names()
    except Error:
        return
    if Register._meta.db_table not in tables:
        raise NotMigrated("The database has no tables yet: run manage.py migrate.")


def serve(
    register_id: int,
    *,
    worker: str,
    stopping: threading.Event,
    rests: ListRests | None = None,
    patience: float = math.inf,
) -> bool:
    """Send all that is due, then read the lists, until neither is due. Whether one of it has taken `patience` seconds
    (divided by settings.TIME_DIVISOR): then the rest waits for the next turn, but for the lists, which may know what
    became of an order that nobody answered.
    """
    rests = rests or ListRests()
    limit = patience / settings.TIME_DIVISOR
    outbox.recover(register_id, timezone.now())
    while not stopping.is_set():
        started = time.monotonic()
        sent = send_next(register_id, worker=worker)
        slow = time.monotonic() - started >= limit
        if sent and not slow:
            continue
        started = time.monotonic()
        read = not stopping.is_set() and read_lists(register_id, rests)
        slow = slow or time.monotonic() - started >= limit
        if slow or not read:
            return slow
    return False


def send_next(register_id: int, *, worker: str) -> bool:
    """Try the register's next addition once. False: nothing is due, or another worker has the register."""
    claim = outbox.claim(register_id, worker=worker, now=timezone.now())
    if claim is None:
        return False
    started = time.monotonic()
    outcome = _send(claim)
    duration = time.monotonic() - started
    settled = _settle(claim, outcome, duration)
    logger.info(
        "Addition %d, try %d: %s in %d ms%s",
        claim.addition.number,
        claim.addition.tries,
        _name(outcome),
        duration * 1000,
        "" if settled else ", too late to be written: another worker has it",
    )
    return True


def _send(claim: outbox.Claim) -> Receipt | DeliveryError | None:
    """None: our own software failed, and the addition may have been sent."""
    addition = claim.addition
    try:
        try:
            adapter = adapter_for(addition.register)
        except ImproperlyConfigured:
            return Misconfigured("keys_unreadable")
        if adapter is None:
            return Misconfigured("no_adapter")
        _let_go_of_the_database()
        if claim.until - timezone.now() < waiting.seconds(POST_DEADLINE):
            # This process has slept, and another one may be about to send it.
            return NotSent("lease_short")
        return adapter.send(addition.number, addition.body)
    except DeliveryError as error:
        return error
    except Exception:
        logger.exception("Addition %d could not be sent", addition.number)
        return None


def _settle(claim: outbox.Claim, outcome: Receipt | DeliveryError | None, duration: float) -> bool:
    """Patient with a locked database: what the register has said is known to nobody but us."""
    end = time.monotonic() + waiting.seconds(waiting.LEASE).total_seconds()
    while True:
        try:
            return outbox.settle(claim, outcome, now=timezone.now(), duration=duration)
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > end:
                raise  # the lease has run out: whoever takes the addition next finds out
            logger.warning("Addition %d waits: %s", claim.addition.number, type(error).__name__)
            if not connection.in_atomic_block:
                connection.close()
            threading.Event().wait(0.1)


def read_lists(register_id: int, rests: ListRests) -> bool:
    """Read the register's lists if that is due. False: it is not, or they cannot be read."""
    # The keys stay unread until it is due, and are read where it can be said that they cannot be.
    register = Register.objects.defer("credentials").filter(pk=register_id).first()
    kind = adapter_class(register.kind) if register else None
    if register is None or kind is None or not kind.can_list_states:
        return False
    rest = rests.left(register_id)
    if not outbox.begin_poll(register_id, now=timezone.now(), lasts=rest or 3 * READ_DEADLINE):
        return False
    if rest:
        return False
    started = time.monotonic()
    states = _list_states(register)
    rests.read(register_id, well=states is not None and not is_slow(started))
    if states is not None:
        outbox.follow(register_id, states, now=timezone.now())
    outbox.end_poll(register_id, now=timezone.now(), failed=states is None)
    return states is not None


def _list_states(register: Register) -> dict[int, TillState] | None:
    """None: they cannot be read now."""
    try:
        adapter = adapter_for(register)
        if adapter is None:
            return None
        _let_go_of_the_database()
        return adapter.list_states()
    except ImproperlyConfigured:
        logger.warning("Register %d: its keys cannot be decrypted", register.pk)
        outbox.pause(register.pk, "keys_unreadable")
    except DeliveryError as error:
        logger.info("Register %d: its lists cannot be read: %s", register.pk, error.reason)
    return None


def _name(outcome: Receipt | DeliveryError | None) -> str:
    if outcome is None:
        return "our own mistake"
    if isinstance(outcome, Receipt):
        return outcome.state
    return f"{type(outcome).__name__} ({outcome.reason})"


def _let_go_of_the_database() -> None:
    """While we wait, somebody else may need the connection: PostgreSQL's pool has few. SQLite's costs nobody
    anything.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        connection.close()
