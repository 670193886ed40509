"""Delivers: claims one addition, sends it, settles; reads the lists of states. No transaction is open while it
waits.

One process serves many registers from a small pool of threads, each register in one thread at a time, so that
a register that hangs delays no other. Any number of such processes may run, on any number of machines: the
leases in the database (outbox.py) see to it that one POST is in flight for each register.
"""

import logging
import os
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from pos_bridge import outbox, waiting
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent
from pos_bridge.models import Register
from pos_bridge.registers import adapter_for
from pos_bridge.registers.base import Receipt
from pos_bridge.registers.http import CONNECT_TIMEOUT, POST_DEADLINE, READ_DEADLINE
from pos_bridge.wake import Bell

THREADS = 8
IN_A_ROW = 5  # additions that are sent before the lists are looked at again
# Seconds between two looks when nobody rings; divided by settings.TIME_DIVISOR.
LOOK_WHILE_OPEN = 0.25
LOOK_WHILE_IDLE = 1.0

logger = logging.getLogger(__name__)


class Worker:
    """The loop. `stop` may be called from a signal or another thread; what is in flight is finished first."""

    def __init__(self, *, threads: int = THREADS) -> None:
        self.name = f"{socket.gethostname()[:40]}-{os.getpid()}"
        self._threads = threads
        self._stopping = threading.Event()
        self._bell = Bell()
        self._running: dict[int, Future[None]] = {}

    def stop(self) -> None:
        self._stopping.set()
        self._bell.nudge()

    def run(self, *, once: bool = False) -> None:
        """Until stopped; with `once` until nothing is due any more."""
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
        except (OperationalError, InterfaceError) as error:
            # Locked, restarted, away for a moment: the next look has a new connection.
            logger.warning("The database does not answer: %s", type(error).__name__)
            connection.close()
            return True
        for pk in found:
            if pk not in self._running:
                job = pool.submit(self._serve, pk)
                self._running[pk] = job
                job.add_done_callback(lambda _: self._bell.nudge())
        return bool(found)

    def _patience(self) -> float:
        try:
            is_open = waiting.anything_open(timezone.now())
        except (OperationalError, InterfaceError):
            is_open = True
        return (LOOK_WHILE_OPEN if is_open else LOOK_WHILE_IDLE) / settings.TIME_DIVISOR

    def _serve(self, register_id: int) -> None:
        """All that is due for one register, in a thread of its own."""
        try:
            serve(register_id, worker=self.name, stopping=self._stopping)
        except (OperationalError, InterfaceError) as error:
            logger.warning("Register %d: the database: %s", register_id, type(error).__name__)
            self._stopping.wait(LOOK_WHILE_IDLE / settings.TIME_DIVISOR)
        except Exception:
            # A mistake of ours on one register; the others go on, and this one is tried again.
            logger.exception("Register %d could not be served", register_id)
            self._stopping.wait(LOOK_WHILE_IDLE)
        finally:
            connections.close_all()


def serve(register_id: int, *, worker: str, stopping: threading.Event) -> None:
    """Send what is due and read the lists, until neither is due."""
    outbox.recover(register_id, timezone.now())
    busy = True
    while busy and not stopping.is_set():
        busy = False
        for _ in range(IN_A_ROW):
            if stopping.is_set() or not send_next(register_id, worker=worker):
                break
            busy = True
        if not stopping.is_set():
            busy = read_lists(register_id) or busy


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
        if claim.until - timezone.now() < waiting.seconds(POST_DEADLINE + CONNECT_TIMEOUT):
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


def read_lists(register_id: int) -> bool:
    """Read the register's lists if that is due. False: it is not, or they cannot be read."""
    register = Register.objects.filter(pk=register_id).first()
    adapter = adapter_for(register) if register else None
    if adapter is None or not adapter.can_list_states:
        return False
    if not outbox.begin_poll(register_id, now=timezone.now(), lasts=3 * READ_DEADLINE):
        return False
    _let_go_of_the_database()
    try:
        states = adapter.list_states()
    except DeliveryError as error:
        logger.info("Register %d: its lists cannot be read: %s", register_id, error.reason)
        outbox.end_poll(register_id, now=timezone.now(), failed=True)
        return False
    outbox.follow(register_id, states, now=timezone.now())
    outbox.end_poll(register_id, now=timezone.now(), failed=False)
    return True


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
