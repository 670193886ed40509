"""One register's turn: what is due is sent, what it may have is looked up, its lists of states are read and the numbers
in them compared. An addition is claimed, sent and settled; no transaction is open while we wait for the register.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from enum import IntEnum

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from pos_bridge import following, outbox, waiting
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Uncertain
from pos_bridge.models import Register
from pos_bridge.prepared import Prepared
from pos_bridge.registers import adapter_class, adapter_for, kinds_that_look_up
from pos_bridge.registers.base import Receipt, TillState
from pos_bridge.registers.http import POST_DEADLINE, READ_DEADLINE
from pos_bridge.times import seconds
from pos_bridge.turns import Comparisons, ListRests, is_slow

logger = logging.getLogger(__name__)


# Seconds that a queue is sent before the lists are read in between, divided by settings.TIME_DIVISOR.
LISTS_WAIT = 10.0


class Tried(IntEnum):
    """What a turn at sending came to."""

    NOTHING = 0  # nothing is due, or another worker has the register
    CLEAR = 1
    UNCLEAR = 2  # the register may have it


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
    started = looked = time.monotonic()

    def lists_wait() -> bool:
        """However long the queue: what was sent is not on the till before a list says so (P1)."""
        return time.monotonic() - looked >= LISTS_WAIT / settings.TIME_DIVISOR

    def goes_on(kind: str) -> bool:
        """With what is due for a register of this kind, while nothing else is to be done first."""
        nonlocal started
        if time.monotonic() - started >= limit:
            return False
        started = time.monotonic()
        got_on()
        if stopping.is_set() or compared.due(register_id) or lists_wait():
            return False
        looks_up = kind in kinds_that_look_up()
        return not looks_up or waiting.next_to_look_up(register_id, timezone.now()) is None

    outbox.recover(register_id, timezone.now())
    while not stopping.is_set():
        got_on()
        started = time.monotonic()
        tried = Tried.NOTHING
        if may_send(register_id, rests, compared):
            tried = send_next(register_id, worker=worker, goes_on=goes_on)
        sent = look_up_next(register_id) or bool(tried)
        got_on()
        slow = time.monotonic() - started >= limit
        if sent and not slow and tried is not Tried.UNCLEAR and not lists_wait():
            continue
        if not sent and waiting.is_served(register_id, timezone.now()):
            leave()  # whoever was faster reads the lists when all is sent
            return slow
        started = time.monotonic()
        read = not stopping.is_set() and read_lists(register_id, rests, compared)
        looked = time.monotonic()
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


def send_next(
    register_id: int, *, worker: str, goes_on: Callable[[str], bool] = lambda kind: False
) -> Tried:
    """Try the register's next addition once, and those after it, one by one, while it takes them and `goes_on(kind)`.
    What the last one came to.
    """
    claim = outbox.claim(register_id, worker=worker, now=timezone.now())
    tried, before = Tried.NOTHING, None
    while claim is not None:
        started = time.monotonic()
        outcome = _send(claim, before)
        duration = time.monotonic() - started
        settled, following_claim = _settle(claim, outcome, duration, worker, goes_on)
        logger.info(
            "Addition %d, try %d: %s in %d ms%s",
            claim.addition.number,
            claim.addition.tries,
            _name(outcome),
            duration * 1000,
            "" if settled else ", too late to be written: another worker has it",
        )
        unclear = outcome is None or isinstance(outcome, Uncertain)
        tried = Tried.UNCLEAR if unclear else Tried.CLEAR
        before, claim = claim.addition.register, following_claim
    return tried


def look_up_next(register_id: int) -> bool:
    """Ask the register for one addition that it may have and that must not be sent twice. False: there is none."""
    now = timezone.now()
    addition = waiting.next_to_look_up(register_id, now)
    if addition is None:
        return False
    try:
        adapter = adapter_for(addition.register)
        let_go_of_the_database()
        till = adapter.look_up(addition.number) if adapter else None
    except ImproperlyConfigured:
        till = None
    except DeliveryError as error:
        logger.info("Addition %d cannot be looked up: %s", addition.number, error.reason)
        till = None
    if till is None or not following.found(addition, till, now=timezone.now()):
        outbox.look_again(addition, timezone.now())
    return True


def _send(claim: outbox.Claim, before: Register | None = None) -> Receipt | DeliveryError | None:
    """None: our own software failed, and the addition may have been sent. `before`: the register as it has taken the
    one before.
    """
    addition = claim.addition
    try:
        try:
            adapter = adapter_for(_with_keys(addition.register, before))
        except ImproperlyConfigured:
            return Misconfigured("keys_unreadable")
        except (OperationalError, InterfaceError):
            return NotSent("internal")  # its keys could not be read: no socket was opened
        if adapter is None:
            return Misconfigured("no_adapter")
        let_go_of_the_database()
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


def _with_keys(register: Register, before: Register | None) -> Register:
    """Its keys were left unread so far; those with which the register has just taken an addition are good. Raises
    ImproperlyConfigured where they cannot be decrypted.
    """
    same = before if before and before.base_url == register.base_url else None
    if found := same or _keys.first(register.pk):
        register.credentials = found.credentials
    return register


_keys = Prepared(lambda register: Register.objects.filter(pk=register).only("credentials"))


def _settle(
    claim: outbox.Claim,
    outcome: Receipt | DeliveryError | None,
    duration: float,
    worker: str,
    goes_on: Callable[[str], bool],
) -> tuple[bool, outbox.Claim | None]:
    """Patient with a locked database: what the register has said is known to nobody but us. With the register's next
    addition where it has taken this one and `goes_on(kind)`.
    """
    if isinstance(outcome, Receipt):
        try:
            if goes_on(claim.addition.register.kind):
                return outbox.settle_and_claim(
                    claim, outcome, worker=worker, now=timezone.now(), duration=duration
                )
        except Exception:
            # Whatever is wrong with the next one, what has become of this one is written.
            logger.exception("Addition %d is settled alone", claim.addition.number)
            if not connection.in_atomic_block:
                connection.close()
    end = time.monotonic() + seconds(waiting.LEASE).total_seconds()
    while True:
        try:
            now = timezone.now()
            return outbox.settle(claim, outcome, now=now, duration=duration), None
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
        let_go_of_the_database()
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


def let_go_of_the_database() -> None:
    """While we wait, somebody else may need the connection: PostgreSQL's pool has few. SQLite's costs nobody
    anything.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        connection.close()
