"""What is kept for a while and then deleted (P26). Of an order nothing is personal, so nothing of it is in here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from django.db.models import QuerySet

from ordering.models import Call
from pos_bridge.models import Addition, Alarm, Attempt, Heartbeat, StrangeNumber

KEPT_DAYS = 90
# Rows in one transaction (F30): whoever orders waits for no longer than that takes.
BATCH = 500
# Seconds between two of them. SQLite has one writer, and whoever waits looks only now and then whether it is free.
PAUSE = 0.1

State = Addition.State
# What a person may still decide about needs to know whether it was ever sent (attempts.was_never_sent).
OPEN = [
    State.QUEUED, State.SENDING, State.ACCEPTED, State.REFUSED, State.UNCERTAIN, State.HELD,
]  # fmt: skip


@dataclass(frozen=True)
class Purged:
    """How many rows of a kind were deleted."""

    kind: str
    rows: int


def purge(*, days: int = KEPT_DAYS, now: datetime, pause: float = PAUSE) -> list[Purged]:
    """Delete what is older than so many days, in batches with a commit each. What is open is kept with its tries."""
    before = now - timedelta(days=days)
    return [
        Purged(kind, sum(_batches(rows, pause)))
        for kind, rows in (
            (
                "tries",
                Attempt.objects.filter(started_at__lt=before).exclude(addition__state__in=OPEN),
            ),
            ("calls", Call.objects.filter(at__lt=before)),
            ("alarms", Alarm.objects.filter(over_at__lt=before)),
            ("numbers of somebody else", StrangeNumber.objects.filter(settled_at__lt=before)),
            ("heartbeats", Heartbeat.objects.filter(beat_at__lt=before)),
        )
    ]


def _batches(rows: QuerySet[Any], pause: float) -> Iterator[int]:
    """How many each has deleted. By the primary key, so that none is looked at twice."""
    last = 0
    while keys := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        deleted, _ = rows.model._default_manager.filter(pk__in=keys).delete()
        yield deleted
        last = keys[-1]
        Event().wait(pause)
