"""What waits for a person before the register gets it: words, freshness, and who wins."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pos_bridge import alarms, approvals, outbox, waiting, words
from pos_bridge.models import Addition
from pos_bridge.undelivered import undelivered
from pos_bridge.words import Word
from tests import factories

pytestmark = pytest.mark.django_db

State = Addition.State


@pytest.fixture
def register():
    return factories.register(factories.restaurant())


def waits(register, reason="approval", age=0.0):
    number = 12 + Addition.objects.count()
    order = factories.order(factories.guest(factories.table(register.restaurant, number)))
    addition = outbox.enqueue(
        order_id=order.pk, register=register, ticket=factories.ticket(), waits_for=reason
    )
    at = timezone.now() - timedelta(seconds=age)
    Addition.objects.filter(pk=addition.pk).update(created_at=at)
    addition.refresh_from_db()
    return addition


def is_due(register):
    return waiting.due(register.pk, timezone.now()).exists()


@pytest.mark.parametrize("reason", words.FOR_OK)
def test_it_has_a_number_and_a_body_and_is_not_sent(register, reason):
    """T02: what waits is frozen like any other, and no worker takes it."""
    addition = waits(register, reason)
    assert (addition.state, addition.register_id) == (State.HELD, register.pk)
    assert addition.body
    assert addition.number
    assert outbox.claim(register.pk, worker="w", now=timezone.now()) is None
    assert words.told(addition, timezone.now()).word == Word.WAITS_FOR_OK


def test_no_age_lets_it_go_by_itself_and_an_ok_makes_it_fresh(register):
    """P8: only the click, however old it is; freshness and lateness count from then."""
    addition = waits(register, age=3600)
    assert outbox.hold(timezone.now()) == 0
    assert not is_due(register)
    now = timezone.now()
    assert approvals.approve(addition, now)
    assert is_due(register)
    addition.refresh_from_db()
    assert outbox.hold(now) == 0
    assert words.told(addition, now + timedelta(seconds=44)).word == Word.SENDING
    assert not undelivered(now + timedelta(seconds=44)).exists()
    assert words.told(addition, now + timedelta(seconds=46)).word == Word.NOT_CONFIRMED
    assert undelivered(now + timedelta(seconds=46)).exists()
    late = now + timedelta(minutes=21)
    assert outbox.hold(late) == 1
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.HELD, "stale")


def test_one_that_is_forgotten_is_on_the_list_and_alarms(register):
    """After five minutes; the phone goes on saying the same, for it is surely not on its way."""
    addition = waits(register, age=299)
    now = timezone.now()
    assert not undelivered(now).exists()
    assert undelivered(now + timedelta(seconds=2)).get() == addition
    later = now + timedelta(seconds=2)
    assert f"addition:{addition.pk}:held" in {trouble.key for trouble in alarms.present(later)}
    assert words.told(addition, later).word == Word.WAITS_FOR_OK


def test_what_is_held_for_another_reason_is_on_the_list_at_once(register):
    addition = waits(register)
    Addition.objects.update(reason="stale")
    assert undelivered(timezone.now()).get() == addition


def test_an_approved_one_is_not_late_because_it_waited(register):
    """F63 counts from the OK."""
    addition = waits(register, age=3600)
    now = timezone.now()
    approvals.approve(addition, now)
    Addition.objects.update(state=State.RECEIVED, received_at=now + timedelta(seconds=3))
    keys = {trouble.key for trouble in alarms.present(now + timedelta(seconds=5))}
    assert f"addition:{addition.pk}:late" not in keys


def test_one_answer_wins(register):
    addition = waits(register)
    now = timezone.now()
    assert approvals.approve(addition, now)
    assert not approvals.decline(addition, "mistake", now)
    assert not approvals.approve(addition, now)
    other = waits(register)
    assert approvals.decline(other, "mistake", now)
    assert not approvals.approve(other, now)
    other.refresh_from_db()
    assert (other.state, other.handled_as) == (State.HANDLED, "cancelled")
    assert words.told(other, now).word == Word.CANCELLED


@pytest.mark.parametrize("reason", ["stale", "register_changed", "crashes"])
def test_an_ok_lets_nothing_else_go_that_is_held(register, reason):
    addition = waits(register)
    Addition.objects.update(reason=reason)
    assert not approvals.approve(addition, timezone.now())
    assert not approvals.decline(addition, "mistake", timezone.now())
    assert not approvals.waiting().exists()
