"""F64: a register that does not answer for long: phones are told before they order, and it opens again by itself."""

from datetime import timedelta

import pytest
from django.utils import timezone

from ordering.diner import kept
from ordering.models import CartLine, Order
from pos_bridge import breaker
from pos_bridge.models import Register
from pos_bridge.registers.base import Receipt
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, house, words

pytestmark = pytest.mark.django_db

SENTENCE = "The till does not answer at the moment. Please order from the team."


@pytest.fixture
def phone():
    phone = Phone("en").join(factories.table(house()))
    phone.add("soupe")
    return phone


def falls_silent(seconds=61.0, failures=breaker.FAILURES):
    since = timezone.now() - timedelta(seconds=seconds)
    Register.objects.update(failures=failures, silent_since=since)


def test_the_phone_is_told_before_it_orders(phone):
    """F64, P14: on the carte, a dish, the cart and at the door; nothing can be pressed, and the cart is kept."""
    form = phone.form()
    falls_silent()
    for address in (phone.visit, f"{phone.visit}p/steak/", f"{phone.visit}cart/"):
        assert SENTENCE in words(phone.get(address)), address
    assert "Order — pay at the restaurant" not in words(phone.get(f"{phone.visit}cart/"))
    for options in ({}, {"headers": HTMX}):
        answer = phone.send(form, **options)
        assert answer.status_code == 422
        assert SENTENCE in words(answer)
    assert not Order.objects.exists()
    assert CartLine.objects.count() == 1
    second = Phone("en")
    second.scan(factories.table(house("chez-charlie"), 7))
    falls_silent()
    assert SENTENCE in words(second.get("/r/chez-charlie/"))


@pytest.mark.parametrize(("seconds", "failures"), [(59, 5), (3600, 3)])
def test_a_short_silence_is_the_worker_s_alone(phone, seconds, failures):
    falls_silent(seconds, failures)
    assert SENTENCE not in words(phone.get(phone.visit))
    assert phone.send().status_code == 303


def test_it_opens_again_by_itself(phone):
    falls_silent()
    assert SENTENCE in words(phone.get(f"{phone.visit}cart/"))
    Register.objects.update(**breaker.after_try(Receipt("accepted"), timezone.now()))
    assert SENTENCE not in words(phone.get(f"{phone.visit}cart/"))
    assert phone.send().status_code == 303


def test_another_house_s_register_is_not_meant(phone):
    other = factories.register(factories.restaurant("chez-charlie"))
    Register.objects.filter(pk=other.pk).update(
        failures=5, silent_since=timezone.now() - timedelta(hours=1)
    )
    old = factories.register(
        Register.objects.get(current=True, restaurant__slug="chez-alice").restaurant, current=False
    )
    Register.objects.filter(pk=old.pk).update(
        failures=5, silent_since=timezone.now() - timedelta(hours=1)
    )
    assert SENTENCE not in words(phone.get(phone.visit))
    assert phone.send().status_code == 303


def test_it_is_asked_in_the_queries_that_there_are(phone, django_assert_num_queries):
    """Cost: four cold, one warm."""
    falls_silent()
    kept.forget()
    with django_assert_num_queries(4):
        phone.get(phone.visit)
    with django_assert_num_queries(1):
        phone.get(phone.visit)
