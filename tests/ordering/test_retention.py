"""Tries are kept for 90 days (P26) and deleted in batches that let others write (F30). What guests are told of it:
test_privacy.py.
"""

import io
from datetime import timedelta
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from ordering.models import Order
from ordering.services import retention
from pos_bridge.models import Addition, Alarm, Attempt, Heartbeat, StrangeNumber
from tests import factories
from tests.helpers import at_once

pytestmark = pytest.mark.django_db

State = Addition.State


@pytest.fixture
def addition():
    made = factories.restaurant()
    register = factories.register(made)
    order = factories.order(factories.guest(factories.table(made)))
    return order.additions.create(
        register=register, number=1, ticket={}, body="{}", state=State.RECEIVED
    )


def ago(days):
    return timezone.now() - timedelta(days=days)


def tries(addition, number, days):
    Attempt.objects.bulk_create(
        Attempt(addition=addition, number=each, worker="w", started_at=ago(days), outcome="NotSent")
        for each in range(days * 10_000, days * 10_000 + number)
    )


def purge(**options):
    out = io.StringIO()
    call_command("purge", stdout=out, **options)
    return out.getvalue()


def test_it_keeps_ninety_days(addition):
    """P26."""
    tries(addition, 3, days=89)
    tries(addition, 2, days=91)
    said = purge()
    assert "tries older than 90 days: 2 deleted" in said
    assert Attempt.objects.count() == 3
    assert Order.objects.exists()  # of today
    assert "tries older than 30 days: 3 deleted" in purge(days=30)


@pytest.mark.parametrize("state", retention.OPEN)
def test_it_keeps_the_tries_of_what_is_open(addition, state):
    """Without them nobody would know whether it may be on the till."""
    Addition.objects.update(state=state)
    tries(addition, 1, days=400)
    assert "tries older than 90 days: 0 deleted" in purge()
    assert Attempt.objects.count() == 1


def test_it_deletes_what_is_over_and_nothing_that_lasts(addition):
    register = addition.register
    for number, settled in ((1, ago(91)), (2, ago(89)), (3, None)):
        StrangeNumber.objects.create(
            register=register, number=number, seen_at=ago(100), settled_at=settled
        )
        Alarm.objects.create(key=f"k{number}", reason="silent", raised_at=ago(100), over_at=settled)
    Heartbeat.objects.create(kind="watch", name="old", started_at=ago(99), beat_at=ago(91))
    Heartbeat.objects.create(kind="watch", name="new", started_at=ago(99), beat_at=ago(0))
    purge()
    assert list(StrangeNumber.objects.values_list("number", flat=True)) == [2, 3]
    assert list(Alarm.objects.order_by("key").values_list("key", flat=True)) == ["k2", "k3"]
    assert Heartbeat.objects.get().name == "new"


def test_it_deletes_nothing_of_today():
    with pytest.raises(CommandError):
        purge(days=0)


@pytest.mark.django_db(transaction=True)
def test_it_deletes_in_batches_with_a_commit_each(addition):
    """F30: at most 500 rows at a time, never inside of one long transaction."""
    tries(addition, 1_201, days=91)
    tries(addition, 1, days=1)
    left, between = [], []

    def watch(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "LIMIT 500" in sql:
            between.append(connection.in_atomic_block)
        if sql.startswith("DELETE"):
            left.append(Attempt.objects.count())
        return result

    with connection.execute_wrapper(watch):
        retention.purge(now=timezone.now(), pause=0)
    assert left == [702, 202, 1]
    assert len(between) >= 4
    assert not any(between), "it looks for the next ones while the last ones are not committed"


@pytest.mark.django_db(transaction=True)
def test_others_write_in_between(addition):
    """F30: an order is written while the purge is at it."""
    tries(addition, 3_000, days=91)
    begun, written = Event(), Event()
    seen = []

    def clean():
        def watch(execute, sql, params, many, context):
            result = execute(sql, params, many, context)
            if sql.startswith("DELETE"):
                begun.set()
                seen.append(written.is_set())
            return result

        with connection.execute_wrapper(watch):
            return retention.purge(now=timezone.now())

    def write():
        assert begun.wait(10)
        with transaction.atomic():
            Order.objects.filter(pk=addition.order_id).update(covers=9)
        written.set()

    purged, wrote = at_once(clean, write)
    assert not isinstance(wrote, Exception), wrote
    assert purged[0].rows == 3_000
    assert seen[0] is False
    assert seen[-1] is True
    assert Order.objects.get().covers == 9
