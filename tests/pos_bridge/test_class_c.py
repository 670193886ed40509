"""A register that books doubles and can be asked for a number (class C of promises.md): at most once by the machine.

P2, F33, F34, F46: what is unclear is looked up; not found is no proof, and a person decides.
"""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from pos_bridge import delivery, outbox, waiting
from pos_bridge.decisions import Decision, decide, possible
from pos_bridge.errors import Misconfigured, NotSent, Uncertain
from pos_bridge.models import Addition, Register
from pos_bridge.undelivered import undelivered
from pos_bridge.words import Word, told
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.steps import State, claimed, later, now_is, settled, soon, tried
from tests.pos_bridge.toys import ToyRegister, toys

__all__ = ["toys"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("toys", "_quick")]
wire = pytest.mark.wire


@pytest.fixture
def _quick(settings):
    settings.TIME_DIVISOR = 50


@pytest.fixture
def toy():
    with ToyRegister() as register:
        yield register


@pytest.fixture
def charlie(toy, transactional_db):
    return Restaurant(toy.url, slug="chez-charlie", kind="toy_looks_up")


def deliver(restaurant):
    delivery.serve(restaurant.register.pk, worker="test", stopping=threading.Event())


def for_a_while(restaurant, condition=lambda: False, seconds=3.0):
    """Serve as a worker does, until it is so or the (divided) seconds are over."""
    end = timezone.now() + timedelta(seconds=seconds)
    while timezone.now() < end and not condition():
        outbox.hold(timezone.now())
        deliver(restaurant)
        threading.Event().wait(0.02)


def word(addition):
    found = Addition.objects.select_related("register").get(pk=addition.pk)
    return told(found, timezone.now()).word


@wire
def test_a_strict_answer_is_passed_on_p9(charlie, toy):
    addition = charlie.order()
    deliver(charlie)
    assert now_is(addition) == (State.RECEIVED, "")
    assert toy.ledger == [addition.number]
    assert toy.looked_up == []
    assert word(addition) == Word.PASSED_ON


@wire
def test_unclear_and_found_is_there_once_p2_f46(charlie, toy):
    toy.script.append("hangup_after")
    addition = charlie.order()
    for_a_while(charlie, lambda: now_is(addition)[0] == State.RECEIVED)
    assert now_is(addition) == (State.RECEIVED, "")
    assert toy.ledger == [addition.number]
    assert toy.looked_up


@wire
@pytest.mark.parametrize(("mode", "booked"), [("hangup_before", 0), ("hangup_after", 1)])
def test_unclear_and_not_found_stays_with_a_person_p2_f46(charlie, toy, mode, booked):
    """Not found proves nothing: it is asked again ever more rarely, and never sent."""
    toy.script.append(mode)
    toy.is_blind = True
    addition = charlie.order()
    deliver(charlie)
    assert now_is(addition)[0] == State.UNCERTAIN
    assert word(addition) == Word.NOT_CONFIRMED, "at once"
    assert undelivered(timezone.now()).filter(pk=addition.pk).exists()
    for_a_while(charlie)
    assert now_is(addition)[0] == State.UNCERTAIN
    assert len(toy.ledger) == booked
    assert Addition.objects.get().tries == 1
    asked = len(toy.looked_up)
    assert 2 <= asked <= 40
    # After twenty minutes nobody asks any more.
    Addition.objects.update(
        created_at=timezone.now() - timedelta(seconds=25), next_try_at=timezone.now()
    )
    for_a_while(charlie, seconds=0.5)
    assert len(toy.looked_up) <= asked + 2
    # Found in the end, whoever asks.
    assert waiting.resent().count() == 0


@wire
@pytest.mark.parametrize("blind", [True, False])
def test_a_person_s_click_sends_exactly_once_more_p2(charlie, toy, blind):
    toy.script.extend(["hangup_before", "hangup_before"])
    toy.is_blind = blind
    addition = charlie.order()
    deliver(charlie)
    for click in (1, 2):
        seen = Addition.objects.select_related("register").get(pk=addition.pk)
        assert Decision.SEND_AGAIN in possible(seen)
        assert decide(seen, Decision.SEND_AGAIN).won
        assert not decide(seen, Decision.SEND_AGAIN).won, "the second tap of the same screen"
        tries = click + 1
        eventually(lambda n=tries: deliver(charlie) or Addition.objects.get().tries == n)
        for_a_while(charlie, seconds=0.5)
        assert Addition.objects.get().tries == tries
    assert toy.ledger == [addition.number]
    assert now_is(addition)[0] == State.RECEIVED


@wire
def test_it_is_looked_up_after_an_old_one_was_sent_again_f46(charlie, toy):
    """Its twenty minutes begin with the click."""
    addition = charlie.order()
    Addition.objects.update(created_at=timezone.now() - timedelta(hours=1))
    outbox.hold(timezone.now())
    toy.script.append("hangup_after")
    toy.is_blind = True
    seen = Addition.objects.select_related("register").get(pk=addition.pk)
    assert decide(seen, Decision.SEND_AGAIN).won
    eventually(lambda: deliver(charlie) or len(toy.looked_up) >= 2)
    toy.is_blind = False
    eventually(lambda: deliver(charlie) or now_is(addition)[0] == State.RECEIVED)
    assert toy.ledger == [addition.number]


def test_a_killed_worker_leaves_it_to_a_look_up_f33_f34(charlie):
    addition = charlie.order()
    now = soon()
    claimed(charlie, now)
    outbox.recover(charlie.register.pk, later(now, 1))
    assert now_is(addition) == (State.UNCERTAIN, "worker_lost")
    assert claimed(charlie, later(now, 5)) is None
    looked_up = waiting.to_be_looked_up(charlie.register.pk, later(now, 1))
    assert list(looked_up) == [addition]


def test_what_was_surely_not_sent_is_sent_again_in_every_class_f42(charlie):
    addition = charlie.order()
    now = soon()
    tried(charlie, NotSent("no_connection"), now)
    assert now_is(addition)[0] == State.QUEUED
    assert claimed(charlie, later(now, 2)).addition == addition


@pytest.mark.parametrize("status", [302, 401])
def test_an_answer_that_pauses_it_may_have_come_after_the_booking_p2_f54_f55(charlie, status):
    """Whoever answered has read the order; here nothing that may be booked is sent again."""
    addition = charlie.order()
    now = soon()
    tried(charlie, Misconfigured("redirect", http_status=status), now)
    assert now_is(addition) == (State.UNCERTAIN, "redirect")
    outbox.resume(register=charlie.register)
    assert claimed(charlie, later(now, 5)) is None
    assert waiting.to_be_looked_up(charlie.register.pk, later(now, 1)).exists()


@wire
def test_a_redirect_after_the_booking_is_found_p2_f54(charlie, toy):
    toy.script.append("302_after")
    addition = charlie.order()
    for_a_while(charlie, lambda: now_is(addition)[0] == State.RECEIVED)
    assert now_is(addition)[0] == State.RECEIVED
    assert toy.ledger == [addition.number]


def test_without_a_look_up_a_person_decides_at_once_p2(toy, transactional_db):
    dora = Restaurant(toy.url, slug="chez-dora", kind="toy")
    addition = dora.order()
    now = soon()
    claim = claimed(dora, now)
    settled(claim, Uncertain("no_answer"), now)
    assert Addition.objects.get(pk=addition.pk).next_try_at is None
    assert word(addition) == Word.NOT_CONFIRMED
    assert waiting.registers_to_serve(later(now, 60)) == []
    assert Register.objects.get().failures == 1
