"""A worker hears at once that something was committed, and is otherwise left in peace."""

import time
from threading import Timer

import pytest
from django.db import connection

from pos_bridge import wake
from pos_bridge.models import Register
from tests import factories
from tests.helpers import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.wire]


def commit_and_ring():
    Register.objects.update(options={"at": time.time()})
    wake.ring()


def test_it_wakes_well_under_a_second_after_a_commit_of_another_connection():
    factories.register(factories.restaurant())
    with wake.Bell() as bell:
        bell.wait(0)

        def listen():
            started = time.monotonic()
            bell.wait(5)
            return time.monotonic() - started

        def ring():
            Timer(0.3, lambda: at_once(commit_and_ring)).start()
            return True

        waited, _ = at_once(listen, ring)
    assert 0.25 < waited < 0.7


def test_it_wakes_when_it_is_nudged_and_when_the_time_is_over():
    with wake.Bell() as bell:
        started = time.monotonic()
        bell.nudge()
        bell.wait(5)
        assert time.monotonic() - started < 1
        bell.wait(0.2)
        assert 0.2 <= time.monotonic() - started < 1


def test_it_rests_while_it_waits():
    """No busy loop: a second of waiting costs a few milliseconds of the processor."""
    with wake.Bell() as bell:
        before = time.process_time()
        bell.wait(1)
        assert time.process_time() - before < 0.1


def test_it_goes_on_when_its_connection_is_lost():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connection to lose")
    with wake.Bell() as bell:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            )
        bell.wait(5)
        bell.wait(0.05)
        wake.ring()
        started = time.monotonic()
        bell.wait(5)
        assert time.monotonic() - started < 1


def test_a_ring_that_fails_is_no_error(monkeypatch, caplog):
    if connection.vendor != "postgresql":
        wake.ring()
        return
    monkeypatch.setattr(wake, "CHANNEL", "x" * 100)
    wake.ring()
    assert "look by themselves" in caplog.text
