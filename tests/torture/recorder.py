"""The staff's page, in a process of its own: it looks at the list once in a (divided) second and writes down what it
shows. In the end it writes down what the database holds.
"""

import threading
import time
from typing import Any

from django.db import Error, connection
from django.utils import timezone

from ordering.models import Act, Draft, PriceChange
from pos_bridge.models import Addition, Alarm
from pos_bridge.undelivered import undelivered
from tests.torture.log import STOP, Log
from tests.torture.plan import Plan


def main() -> None:
    """Sample the list until told to stop. A sample says when it began and ended; where the database is away, so."""
    plan = Plan.of_this_process()
    log = Log(plan.path, "list")
    before: list[list[Any]] | None = None
    due = time.monotonic()
    while not (plan.path / STOP).exists():
        began = time.monotonic()
        try:
            rows = undelivered(timezone.now()).select_related(None).defer(None)
            found = [list(row) for row in rows.values_list("pk", "state", "reason")]
        except Error as error:
            log.write("away", t=began, until=time.monotonic(), why=type(error).__name__)
            connection.close()
            before = None
        else:
            same = found == before
            log.write("list", t=began, until=time.monotonic(), **({} if same else {"list": found}))
            before = found
        due = max(due + plan.sampling, time.monotonic())
        threading.Event().wait(max(0.0, due - time.monotonic()))


def dump() -> None:
    """What the database holds in the end, and every change of an addition that its triggers noted."""
    plan = Plan.of_this_process()
    log = Log(plan.path, "database")
    additions = Addition.objects.select_related("order").order_by("pk")
    for each in additions.prefetch_related("attempts"):
        log.write(
            "addition", pk=each.pk, order=each.order.code, n=each.order.number, key=each.order.submission_key,
            position=each.position, register=each.register_id, number=each.number, sha256=each.body_sha256,
            state=each.state, handled_as=each.handled_as, reason=each.reason,
            attempts=[[at.number, at.worker, at.outcome, at.reason] for at in each.attempts.all()],
        )  # fmt: skip
    listed = undelivered(timezone.now()).values_list("pk", flat=True)
    log.write("listed", additions=list(listed))
    for alarm in Alarm.objects.order_by("pk"):
        log.write("alarm", key=alarm.key, over=alarm.over_at is not None)
    for draft in Draft.objects.select_related("restaurant"):
        acts = Act.objects.filter(restaurant=draft.restaurant_id, what="draft_live")
        dish = draft.restaurant.products.get(key="plat-0")
        price, changes = dish.price, PriceChange.objects.filter(product=dish)
        log.write("carte", restaurant=draft.restaurant.slug, state=draft.state, outcome=draft.outcome,
                  price=price, live=acts.count(), changes=changes.count())  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT addition, old_state, new_state, old_number, new_number, body_changed, at"
            " FROM torture_change ORDER BY id"
        )
        names = ("addition", "old", "new", "old_number", "new_number", "body_changed", "at")
        for row in cursor.fetchall():
            log.write("change", **dict(zip(names, row, strict=True)))
