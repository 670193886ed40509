"""Found by the torture (tests/torture): moments between two steps of ours that only many processes hit."""

import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pos_bridge import decisions, delivery, outbox, waiting
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition, Register
from pos_bridge.times import seconds
from pos_bridge.turns import Comparisons, ListRests
from tests.helpers import at_once

State = Addition.State

pytestmark = pytest.mark.wire


@pytest.mark.django_db
def test_send_again_loses_to_a_try_that_ends_between_the_look_and_the_click(chez_alice, leo2):
    """It was queued when the person's click looked, and is unclear a moment later: the click is late, no mistake."""
    leo2.script("rst_after")
    addition = chez_alice.order()
    tried = []

    def try_after_the_look(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if not tried and sql.startswith("SELECT"):
            tried.append(True)
            assert delivery.send_next(addition.register_id, worker="another")
        return result

    with connection.execute_wrapper(try_after_the_look):
        decided = decisions.decide(addition, Decision.SEND_AGAIN)
    assert (decided.won, decided.state) == (False, State.UNCERTAIN)
    delivery.read_lists(addition.register_id, ListRests(), Comparisons())
    assert Addition.objects.get(pk=addition.pk).state == State.RECEIVED


@pytest.mark.django_db(transaction=True)
def test_who_has_waited_for_a_lock_takes_no_lease_that_is_newer_than_its_own_look_p12(
    chez_alice, settings
):
    """F35, F38: a lease that was written long after our look is far ahead of it, and not of a clock that has jumped."""
    settings.TIME_DIVISOR = 100
    addition = chez_alice.order()
    locked = threading.Event()

    def another_worker():
        """Has the row, and takes the lease when the one who waits has looked long ago."""
        mine = Register.objects.filter(pk=addition.register_id)
        with transaction.atomic():
            mine.update(last_number=addition.number)
            locked.set()
            threading.Event().wait(1.5 * seconds(waiting.LEASE).total_seconds())
            mine.update(lease_owner="another", lease_until=timezone.now() + seconds(waiting.LEASE))
        return True

    def late_one():
        assert locked.wait(10)
        return outbox.claim(addition.register_id, worker="late", now=timezone.now()) is None

    assert at_once(another_worker, late_one) == [True, True]
    assert Register.objects.get(pk=addition.register_id).lease_owner == "another"
    assert Addition.objects.get(pk=addition.pk).state == State.QUEUED
