"""Tells alarms: one message for each restaurant and address, in the house's language, handed over by a process of its
own that is killed at its deadline. Nothing here waits.

A message holds table, number and reason, and nothing else: it passes through the hands of others.
"""

import json
import logging
import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering import languages
from ordering.alarm_addresses import NOTIFY, Address, addresses, environment
from ordering.models import Restaurant
from ordering.services import drafts
from pos_bridge import alarms
from pos_bridge.models import Alarm
from pos_bridge.words import reason

DEADLINE = 15.0  # seconds for one message; divided by settings.TIME_DIVISOR
# Processes at once; the next message begins where one has ended.
AT_ONCE = 8
LINES = 10  # of a message; the rest is counted
logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Message:
    """On its way to one address. `taken`: None while it is not known."""

    address: Address
    alarms: list[Alarm]
    child: subprocess.Popen[bytes]
    end: float
    taken: bool | None = None


@dataclass(eq=False)
class Round:
    """The alarms of one restaurant that were taken together, and their messages."""

    alarms: list[Alarm]
    wanted: set[str]
    messages: list[Message] = field(default_factory=list)


class Rounds:
    """All that one watch is sending. Used by one thread."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._running: list[Round] = []

    def __bool__(self) -> bool:
        return bool(self._running)

    def end_what_is_over(self) -> None:
        """Look which processes have ended, and kill those whose time is over. Asks no database."""
        for message in self._open():
            status = message.child.poll()
            if status is None and time.monotonic() >= message.end:
                message.child.kill()
                status = message.child.wait()
            if status is not None:
                message.taken = status == 0
                if not message.taken:
                    # By its place: the address itself holds a password.
                    logger.error("ALARM_URLS, entry %d: not taken.", message.address.position)

    def settle(self, now: datetime) -> None:
        """Write down who has heard what. Raises django.db.Error, and then keeps it for the next time."""
        for each in list(self._running):
            if any(message.taken is None for message in each.messages):
                continue
            for message in each.messages:
                if message.taken:
                    for alarm in message.alarms:
                        alarm.served = sorted({*alarm.served, message.address.mark})
            alarms.settle(each.alarms, each.wanted, now)
            self._running.remove(each)

    def begin(self, now: datetime) -> None:
        """Start what is to be told now. Raises django.db.Error."""
        waiting = alarms.to_send(now) if settings.ALARM_URLS else []
        slugs = dict(
            Restaurant.objects.filter(pk__in=filter(None, waiting)).values_list("pk", "slug")
        )
        for restaurant_id in waiting:
            if len(self._open()) >= AT_ONCE:
                return
            wanted = addresses(slugs.get(restaurant_id) if restaurant_id else None)
            taken = alarms.claim(restaurant_id, self._owner, now) if wanted else []
            if taken:
                self._running.append(_started(taken, wanted))

    def finish(self) -> None:
        """Wait for what is on its way, until its deadline: told and not written down, it would be told again."""
        while self._open():
            self.end_what_is_over()
            threading.Event().wait(0.05)

    def stop(self) -> None:
        """Let nothing go on without us: what is not settled is sent again by whoever comes next."""
        for message in self._open():
            message.child.kill()
            message.child.wait()

    def _open(self) -> list[Message]:
        messages = [message for each in self._running for message in each.messages]
        return [message for message in messages if message.taken is None]


def _started(taken: list[Alarm], wanted: list[Address]) -> Round:
    begun = Round(taken, {address.mark for address in wanted})
    for address in wanted:
        missing = [alarm for alarm in taken if address.mark not in alarm.served]
        if missing:
            begun.messages.append(_send(address, missing))
    return begun


def _send(address: Address, missing: list[Alarm]) -> Message:
    deadline = DEADLINE / settings.TIME_DIVISOR
    title, body = message_of(missing)
    job = {"address": address.url, "title": title, "body": body, "deadline": deadline}
    child = subprocess.Popen(  # noqa: S603  (ourselves)
        NOTIFY,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env=environment(),
        start_new_session=True,
    )
    end = time.monotonic() + deadline
    if child.stdin is not None:
        try:
            # Far less than a pipe holds: this does not wait for the child to read.
            child.stdin.write(json.dumps(job).encode())
            child.stdin.close()
        except BrokenPipeError:
            logger.warning("ordering.notify has ended before it was told anything.")
    return Message(address, missing, child, end)


# --- The words ------------------------------------------------------------------------------------


def message_of(found: Iterable[Alarm]) -> tuple[str, str]:
    """Title and text for the alarms of one restaurant, or of the whole installation."""
    listed = list(found)
    restaurant = listed[0].restaurant
    house = next(iter(restaurant.languages if restaurant else []), settings.LANGUAGE_CODE)
    with translation.override(languages.of_staff(house)):
        lines = [line(alarm) for alarm in listed[:LINES]]
        more = len(listed) - LINES
        if more > 0:
            lines.append(
                ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more}
            )
        name = " ".join(restaurant.name.split()) if restaurant else "Tablée"
        return name, "\n".join(lines)


def line(alarm: Alarm) -> str:
    """Table, number, reason."""
    words = str(drafts.ALARMS.get(alarm.reason) or reason(alarm.reason))
    if alarm.order_number is not None:
        place = {"table": alarm.table, "number": alarm.order_number}
        return _("Table %(table)s, order %(number)s: %(reason)s") % {**place, "reason": words}
    if ":paused:" in alarm.key:
        return _("Nothing is sent to the register: %(reason)s") % {"reason": words}
    return words[:1].upper() + words[1:]
