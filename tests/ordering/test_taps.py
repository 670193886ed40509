"""A tap whose answer was lost comes again, and adds nothing twice (F02)."""

import re

import pytest
from django.conf import settings

from ordering.models import CartLine, Guest
from ordering.services import cart, taps, visits
from ordering.services.taps import Heard
from tests import factories
from tests.ordering.diner_phone import Phone, house

pytestmark = pytest.mark.django_db

TAP, OTHER = "0123456789abcdef", "fedcba9876543210"


@pytest.fixture
def table():
    return factories.table(house())


def quantity():
    return sum(CartLine.objects.values_list("quantity", flat=True))


def test_it_adds_once_for_one_tap_and_twice_for_two(table):
    """F02: and answers the second as the first."""
    phone = Phone().join(table)
    first = phone.add("soupe", htmx=True, tap=TAP)
    again = phone.add("soupe", htmx=True, tap=TAP)
    assert (first.status_code, again.status_code, quantity()) == (200, 200, 1)
    assert again.content == first.content
    phone.add("soupe", htmx=True, tap=OTHER)
    phone.add("soupe")
    phone.add("soupe", tap="no key of ours")
    phone.add("soupe", tap="no key of ours")
    assert quantity() == 5


def test_what_a_closed_page_takes_along_is_added_once(table):
    """F02: by a beacon, which is no request of htmx: it may come twice, and beside the request that it comes after."""
    phone = Phone().join(table)
    answers = [phone.add("soupe", quantity="3", tap=TAP) for _ in range(2)]
    answers += [phone.add("soupe", htmx=True, tap=OTHER), phone.add("soupe", tap=OTHER)]
    assert [answer.status_code for answer in answers] == [303, 303, 200, 303]
    assert quantity() == 4


def test_what_was_added_is_no_longer_refused_when_its_tap_comes_again(table):
    """F02: the answer was lost, and the soup has been sold out since."""
    phone = Phone().join(table)
    phone.add("soupe", htmx=True, tap=TAP)
    table.restaurant.products.update(sold_out=True)
    assert phone.add("soupe", htmx=True, tap=TAP).status_code == 200
    assert phone.add("soupe", htmx=True, tap=OTHER).status_code == 422
    assert quantity() == 1


def test_what_was_refused_may_be_tapped_again(table):
    """P14: a refusal keeps nothing."""
    phone = Phone().join(table)
    table.restaurant.limit_quantity = 1
    table.restaurant.save()
    phone.add("soupe", htmx=True, tap=OTHER)
    assert phone.add("soupe", htmx=True, tap=TAP).status_code == 422
    CartLine.objects.all().delete()
    assert phone.add("soupe", htmx=True, tap=TAP).status_code == 200
    assert quantity() == 1


def test_two_requests_of_one_tap_at_once_add_once(table):
    """F02: both were looked up before either was heard."""
    guest = visits.join(table=table, secret="x" * 22, covers=2)
    late = type(guest).objects.get(pk=guest.pk)
    cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[], tap=TAP)
    with pytest.raises(Heard):
        cart.add(guest=late, product_key="soupe", quantity=1, chosen=[], tap=TAP)
    assert quantity() == 1


def test_more_taps_are_known_than_a_phone_asks_for_again(table):
    """F02, P04: twice as many, so that as many others may have come between."""
    script = (settings.BASE_DIR / "static" / "app.js").read_text()
    (asks_again,) = re.findall(r"AS_MANY = (\d+)", script)
    assert 2 * int(asks_again) == taps.KEPT
    guest = visits.join(table=table, secret="x" * 22, covers=2)
    keys = [f"{number:016x}" for number in range(taps.KEPT + 5)]
    for key in keys:
        taps.hear(guest, key)
    guest.refresh_from_db()
    # Which SQLite does not ask.
    assert len(guest.taps_before) == Guest.taps_before.field.max_length
    for key in keys[-taps.KEPT :]:
        assert taps.is_heard(guest, key)
        with pytest.raises(Heard):
            taps.hear(guest, key)
    assert not any(taps.is_heard(guest, key) for key in keys[: -taps.KEPT])


def test_what_the_release_before_has_heard_is_heard_and_the_other_way_round(table):
    """F29: while both run, a tap may come to one and again to the other."""
    guest = visits.join(table=table, secret="x" * 22, covers=2)
    Guest.objects.update(taps="".join(f"{number:016x} " for number in range(20)))
    taps.hear(guest, TAP)
    guest.refresh_from_db()
    assert all(taps.is_heard(guest, f"{number:016x}") for number in range(20))
    assert guest.taps.startswith(TAP)
    assert len(guest.taps) == 340
