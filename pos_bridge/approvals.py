"""What waits for a person before it goes to the register for the first time: yes or no, each one guarded UPDATE."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.lookups import Exact

from pos_bridge import outbox, wake
from pos_bridge.models import Addition
from pos_bridge.waiting import TO_TROUBLE
from pos_bridge.words import FOR_OK

State = Addition.State
DECLINED = "declined"
_WAITS = Q(reason__in=FOR_OK)


def waiting(**of: int) -> QuerySet[Addition]:
    """The oldest first; `of`: the order's `restaurant` or `table`, by its key."""
    additions = Addition.objects.filter(_WAITS, state__in=TO_TROUBLE, state=State.HELD)
    # “+ 0”: the index of a table's orders would lead SQLite through all that were ever sent from it.
    theirs = [Exact(F(f"order__{name}") + 0, Value(pk)) for name, pk in of.items()]
    return additions.filter(*theirs).order_by("created_at", "pk")


def approve(addition: Addition, now: datetime) -> bool:
    """Queue it, fresh and in time from now on: until now nobody was late (P8, P9). False: somebody was faster.

    The use-by of 20 minutes cannot run out while it waits, for nothing releases it but this click, which shows its age.
    """
    with transaction.atomic():
        moved = outbox.move(
            addition.pk, State.HELD, State.QUEUED, now, _WAITS,
            reason="", detail="", released_at=now, approved_at=now, next_try_at=now,
        )  # fmt: skip
        transaction.on_commit(wake.ring)
    return moved


def decline(addition: Addition, why: str, now: datetime) -> bool:
    """End it as cancelled: it was never sent. `why` is kept as its detail. False: somebody was faster."""
    return outbox.move(
        addition.pk, State.HELD, State.HANDLED, now, _WAITS,
        reason=DECLINED, detail=why[:500], handled_as=Addition.Handled.CANCELLED, next_try_at=None,
    )  # fmt: skip
