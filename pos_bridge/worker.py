"""Delivers: claims one addition, sends it, settles; reads the lists of states and compares the numbers in them. No
transaction is open while it waits.

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
from enum import IntEnum

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from pos_bridge import following, heartbeat, outbox, waiting
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Uncertain
from pos_bridge.models import Heartbeat, Register
from pos_bridge.registers import adapter_class, adapter_for
from pos_bridge.registers.base import Receipt, TillState
from pos_bridge.registers.http import POST_DEADLINE, READ_DEADLINE
from pos_bridge.times import seconds
from pos_bridge.turns import SLOW, Comparisons, ListRests, Turns, is_slow
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


class Tried(IntEnum):
    """What a turn at sending came to."""

    NOTHING = 0  # nothing is due, or another worker has the register
    CLEAR = 1
    UNCLEAR = 2  # the register may have it


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
                _let_go_of_the_database()
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


def serve(
    register_id: int,
    *,
    worker: str,
    stopping: threading.Event,
    rests: ListRests | None = None,
    compared: Comparisons | None = None,
    patience: float = math.inf,
    got_on: Callable[[], None] = lambda: None,
    leave: Callable[[], None] = lambda: None,
) -> bool:
    """Send all that is due, then read the lists, until neither is due. Whether one of it has taken `patience` seconds
    (divided by settings.TIME_DIVISOR): then the rest waits for the next turn, but for the lists, which may know what
    became of an order that nobody answered: they are read before it is sent again, however soon that is due (F46).
    `leave` is called where another worker has it.
    """
    rests, compared = rests or ListRests(), compared or Comparisons()
    limit = patience / settings.TIME_DIVISOR
    outbox.recover(register_id, timezone.now())
    while not stopping.is_set():
        got_on()
        started = time.monotonic()
        tried = Tried.NOTHING
        if may_send(register_id, rests, compared):
            tried = send_next(register_id, worker=worker)
        sent = look_up_next(register_id) or bool(tried)
        got_on()
        slow = time.monotonic() - started >= limit
        if sent and not slow and tried is not Tried.UNCLEAR:
            continue
        if not sent and waiting.is_served(register_id, timezone.now()):
            leave()  # whoever was faster reads the lists when all is sent
            return slow
        started = time.monotonic()
        read = not stopping.is_set() and read_lists(register_id, rests, compared)
        slow = slow or time.monotonic() - started >= limit
        if slow or not (read or sent):
            return slow
    return False


def may_send(register_id: int, rests: ListRests, compared: Comparisons) -> bool:
    """A process compares the numbers in a register's list with those that were given before its first POST there, and
    every hour: a backup may have been restored, or a second installation may send (F28).
    """
    now = timezone.now()
    if not compared.due(register_id) or not waiting.is_any_due(register_id, now):
        return True
    read = read_lists(register_id, rests, compared, anyway=True)
    if read or not compared.due(register_id) or compared.failed(register_id):
        return True
    outbox.put_off(register_id, timezone.now())
    return False


def send_next(register_id: int, *, worker: str) -> Tried:
    """Try the register's next addition once."""
    claim = outbox.claim(register_id, worker=worker, now=timezone.now())
    if claim is None:
        return Tried.NOTHING
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
    return Tried.UNCLEAR if outcome is None or isinstance(outcome, Uncertain) else Tried.CLEAR


def look_up_next(register_id: int) -> bool:
    """Ask the register for one addition that it may have and that must not be sent twice. False: there is none."""
    now = timezone.now()
    addition = waiting.next_to_look_up(register_id, now)
    if addition is None:
        return False
    try:
        adapter = adapter_for(addition.register)
        _let_go_of_the_database()
        till = adapter.look_up(addition.number) if adapter else None
    except ImproperlyConfigured:
        till = None
    except DeliveryError as error:
        logger.info("Addition %d cannot be looked up: %s", addition.number, error.reason)
        till = None
    if till is None or not following.found(addition, till, now=timezone.now()):
        outbox.look_again(addition, timezone.now())
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
        left = min(
            (claim.until - timezone.now()).total_seconds(),
            claim.until_monotonic - time.monotonic(),
        )
        if left < seconds(POST_DEADLINE).total_seconds():
            # This process has slept, and another one may be about to send it. A clock that was set back hides it.
            return NotSent("lease_short")
        return adapter.send(addition.number, addition.body)
    except DeliveryError as error:
        return error
    except Exception:
        logger.exception("Addition %d could not be sent", addition.number)
        return None


def _settle(claim: outbox.Claim, outcome: Receipt | DeliveryError | None, duration: float) -> bool:
    """Patient with a locked database: what the register has said is known to nobody but us."""
    end = time.monotonic() + seconds(waiting.LEASE).total_seconds()
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


def read_lists(
    register_id: int, rests: ListRests, compared: Comparisons, *, anyway: bool = False
) -> bool:
    """Read the register's lists if that is due, or `anyway`; or probe it. False: not due, or it does not answer."""
    # The keys stay unread until it is due, and are read where it can be said that they cannot be.
    register = Register.objects.defer("credentials").filter(pk=register_id).first()
    kind = adapter_class(register.kind) if register else None
    if register is None or kind is None:
        return False
    if not kind.can_list_states:
        compared.done(register_id)  # there is nothing to compare with
        if anyway:
            return False
    rest = 0.0 if anyway else rests.left(register_id)
    lasts = rest or 3 * READ_DEADLINE
    taken = following.begin_poll(register_id, now=timezone.now(), lasts=lasts, anyway=anyway)
    if not taken or rest:
        return False
    started = time.monotonic()
    states = _list_states(register, compared)
    rests.read(register_id, well=states is not None and not is_slow(started))
    if states is not None:
        # Compared first: what a number of ours may mean depends on whether we gave it.
        if compared.due(register_id):
            following.compare_numbers(register_id, states, now=timezone.now())
            compared.done(register_id)
        following.follow(register_id, states, now=timezone.now())
    following.end_poll(register_id, now=timezone.now(), failed=states is None)
    return states is not None


def _list_states(register: Register, compared: Comparisons) -> dict[int, TillState] | None:
    """None: the register cannot be read now. Nothing, where it has no list and answers."""
    try:
        adapter = adapter_for(register)
        if adapter is None:
            return None
        _let_go_of_the_database()
        if adapter.can_list_states:
            return adapter.list_states()
        adapter.check()
    except ImproperlyConfigured:
        logger.warning("Register %d: its keys cannot be decrypted", register.pk)
        outbox.pause(register.pk, "keys_unreadable")
        return None
    except DeliveryError as error:
        logger.info("Register %d: its lists cannot be read: %s", register.pk, error.reason)
        if isinstance(error, Misconfigured):
            compared.later(register.pk)  # so that a try can pause the register, with this reason
        return None
    return {}


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
