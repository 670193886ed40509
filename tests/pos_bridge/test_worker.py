"""From the outbox to the register over a real port."""

import threading

import pytest

from pos_bridge.models import Addition
from pos_bridge.worker import serve

pytestmark = [pytest.mark.wire, pytest.mark.django_db]


def deliver(restaurant):
    serve(restaurant.register.pk, worker="test", stopping=threading.Event())


def test_an_order_stands_on_the_till(chez_alice, leo2):
    addition = chez_alice.order(table=12)
    deliver(chez_alice)
    addition.refresh_from_db()
    assert addition.state == Addition.State.RECEIVED
    (entry,) = leo2.ledger()
    assert entry["number"] == addition.number
    assert entry["sha256"] == addition.body_sha256
    assert addition.attempts.get().outcome == "accepted"
