"""When a refusal is believed, what a register that pauses still tells, and what ends a pause."""

import threading
import time
from dataclasses import replace

import pytest
from django.utils import timezone

from pos_bridge import delivery, outbox
from pos_bridge.errors import Misconfigured, NotSent
from pos_bridge.models import Addition, Register
from tests.helpers import eventually

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

State = Addition.State


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.TIME_DIVISOR = 50


def deliver(restaurant):
    delivery.serve(restaurant.register.pk, worker="test", stopping=threading.Event())


def claimed(restaurant):
    claim = outbox.claim(restaurant.register.pk, worker="one", now=timezone.now())
    assert claim is not None
    return claim


def state(addition):
    return Addition.objects.get(pk=addition.pk).state


def becomes(restaurant, addition, wanted):
    """Serve the register until it is so, without the waiting times in between."""

    def served():
        Addition.objects.exclude(next_try_at=None).update(next_try_at=timezone.now())
        Register.objects.update(next_poll_at=None)
        deliver(restaurant)
        return state(addition) == wanted

    eventually(served, timeout=20)


def test_a_refusal_after_an_unclear_try_is_not_believed_p2(chez_alice, leo2):
    """The first may stand on the till: taken back and ordered again it would be there twice."""
    leo2.fail_always(list="list_missing")
    leo2.script("rst_after", "json_error_before")
    addition = chez_alice.order()
    becomes(chez_alice, addition, State.HELD)
    addition.refresh_from_db()
    assert addition.reason == "refused_late"
    assert not outbox.take_back(addition=addition)
    leo2.heal()
    becomes(chez_alice, addition, State.RECEIVED)
    assert len(leo2.ledger()) == 1


def test_a_refusal_that_the_list_contradicts_is_withdrawn(chez_alice, leo2):
    """Refused in the answer, booked all the same: the till's own list wins, and nothing is ordered again."""
    leo2.script("json_error_after")
    addition = chez_alice.order()
    becomes(chez_alice, addition, State.RECEIVED)
    assert not outbox.take_back(addition=addition)


def test_a_register_that_pauses_goes_on_telling_what_it_has(chez_alice, leo2):
    first = chez_alice.order(table=1)
    leo2.close_till()
    deliver(chez_alice)
    assert state(first) == State.ACCEPTED
    Register.objects.update(paused_reason="address_refused", next_poll_at=None)
    leo2.open_till()
    deliver(chez_alice)
    assert state(first) == State.RECEIVED
    assert Register.objects.get().paused_reason == "address_refused"


def test_a_readable_list_ends_a_pause_that_an_answer_began(chez_alice, leo2):
    """F54: a login page that stood in between for a while stops no restaurant until somebody saves a form."""
    leo2.script("302")
    order = chez_alice.order()
    deliver(chez_alice)
    assert Register.objects.get().paused_reason == "redirect"
    assert Register.objects.filter(next_poll_at__gt=timezone.now()).exists()
    Register.objects.update(next_poll_at=None)
    deliver(chez_alice)
    assert Register.objects.get().paused_reason == ""
    becomes(chez_alice, order, State.RECEIVED)
    assert len(leo2.ledger()) == 1


def test_new_keys_are_not_paused_by_the_try_of_the_old_ones(chez_alice):
    chez_alice.order()
    claim = claimed(chez_alice)
    assert claim.addition.register.credentials["shop"]
    chez_alice.register.credentials["pub_key"] = "the right one"
    chez_alice.register.save(update_fields=["credentials"])
    refused = Misconfigured("keys_refused", http_status=401)
    outbox.settle(claim, refused, now=timezone.now(), duration=0.1)
    assert Register.objects.get().paused_reason == ""


@pytest.mark.parametrize("clock", ["until", "until_monotonic"])
def test_it_begins_no_post_that_its_lease_does_not_outlast_f35_f38(chez_alice, leo2, clock):
    """A process that slept between the claim and the POST: another one may be about to send it. Each clock tells, for
    the wall's may have been set back meanwhile, and the other stands still while a machine sleeps.
    """
    order = chez_alice.order()
    claim = claimed(chez_alice)
    now = {"until": timezone.now(), "until_monotonic": time.monotonic()}
    late = replace(claim, **{clock: now[clock]})
    outcome = delivery._send(late)
    assert isinstance(outcome, NotSent)
    assert leo2.posts() == []
    outbox.settle(late, outcome, now=timezone.now(), duration=0)
    assert state(order) == State.QUEUED
