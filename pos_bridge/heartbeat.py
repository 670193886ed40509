"""Which processes live, written down by themselves: a process that has stopped says nothing, and that is how it is
noticed (P10).
"""

import logging
import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from pos_bridge.models import Heartbeat
from pos_bridge.times import SKEW, seconds

Kind = Heartbeat.Kind

EVERY = 5.0  # seconds between two beats
DEAD_AFTER = 15.0  # seconds without one
FORGOTTEN_AFTER = 24 * 3600.0  # a process that has ended stays on the list so long
JUMP = (
    30.0  # seconds by which clock and stop-watch may differ from one beat to the next; not divided
)
JUMP_SHOWN_FOR = timedelta(hours=1)

logger = logging.getLogger(__name__)


def process_name() -> str:
    """This process, told apart from every other one on any machine."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}"


class Pulse:
    """One process's heartbeat. Call `beat` often; it writes every few seconds."""

    def __init__(self, kind: Kind, name: str) -> None:
        self._kind = kind
        self._name = name
        # The clock and the stop-watch at the last beat.
        self._last: tuple[datetime, float] | None = None

    def beat(self, now: datetime) -> bool:
        """Whether it was time for one. Raises django.db.Error."""
        stopwatch = time.monotonic()
        fields: dict[str, object] = {"beat_at": now}
        if self._last is None:
            old = Heartbeat.objects.filter(kind=self._kind)
            old.filter(beat_at__lt=now - seconds(FORGOTTEN_AFTER)).delete()
            fields["started_at"] = now
        else:
            clock, before = self._last
            passed = stopwatch - before
            if passed < seconds(EVERY).total_seconds():
                return False
            jumped = (now - clock).total_seconds() - passed
            if abs(jumped) > JUMP:
                logger.error("This machine's clock has jumped by %+.0f seconds.", jumped)
                fields |= {"jumped_at": now, "jumped_by": jumped}
        Heartbeat.objects.update_or_create(
            kind=self._kind,
            name=self._name,
            defaults=fields,
            # Also where it slept for so long that it was forgotten.
            create_defaults={**fields, "started_at": now},
        )
        self._last = now, stopwatch
        return True

    def stop(self) -> None:
        """It ends by itself, and is not missed: others do its work, or it was told to."""
        Heartbeat.objects.filter(kind=self._kind, name=self._name).delete()


@dataclass(frozen=True)
class Health:
    """Of all processes of a kind: whether one lives, and when one was last heard of."""

    alive: bool
    last_at: datetime | None


def health(kind: Kind, now: datetime) -> Health:
    """Of all processes of this kind, on all machines."""
    last = Heartbeat.objects.filter(kind=kind).order_by("-beat_at").first()
    return Health(_living(now).filter(kind=kind).exists(), last.beat_at if last else None)


def jump(now: datetime) -> Heartbeat | None:
    """The latest jump of a clock that a process has seen within the hour."""
    lately = Q(jumped_at__gt=now - JUMP_SHOWN_FOR)
    return Heartbeat.objects.filter(lately).order_by("-jumped_at").first()


def _living(now: datetime) -> QuerySet[Heartbeat]:
    """One from the future was written before the clock was set back: it says nothing."""
    since = now - seconds(DEAD_AFTER)
    return Heartbeat.objects.filter(beat_at__gt=since, beat_at__lte=now + SKEW)
