"""A tap whose answer was lost comes again, and adds nothing twice (F02)."""

import pytest

from ordering.models import CartLine
from ordering.services import cart, visits
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


def test_the_last_taps_are_kept(table):
    guest = visits.join(table=table, secret="x" * 22, covers=2)
    guest.visit.table.restaurant.limit_quantity = 99
    for number in range(30):
        cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[], tap=f"{number:016x}")
    for number in range(11, 30):
        with pytest.raises(Heard):
            cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[], tap=f"{number:016x}")
    assert quantity() == 30
