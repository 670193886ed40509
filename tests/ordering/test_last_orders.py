"""Last orders: a cart that was filled in time may be sent for some minutes more, and nothing is added (P14, F17)."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from ordering.models import Product, Restaurant
from ordering.services import cart, orders, pricing
from ordering.services.problems import Refused
from tests import factories
from tests.ordering import diner_phone

pytestmark = pytest.mark.django_db

# 14:00 at the tables, in winter.
PLACES = [
    ("Europe/Paris", datetime(2026, 11, 20, 13, 0, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
]
LUNCH = [{"days": ["fri"], "from": "12:00", "to": "14:00"}]


def send(guest):
    seen = pricing.priced(guest.visit).fingerprint
    return orders.place(guest=guest, submission_key="first", seen=seen, language="fr")


@pytest.mark.parametrize(("zone", "end"), PLACES)
@pytest.mark.parametrize("limited", [Restaurant, Product])
@pytest.mark.parametrize(
    ("seconds", "grace", "sent"),
    [(0, 5, True), (299, 5, True), (300, 5, False), (0, 0, False), (599, 10, True)],
)
def test_what_was_chosen_in_time_may_be_sent_within_the_grace(
    zone, end, limited, seconds, grace, sent
):
    """P14, F17: of the house's hours and of a dish's, in the restaurant's own time."""
    house = factories.restaurant(timezone=zone, grace_minutes=grace)
    factories.register(house)
    factories.product(house)
    limited.objects.update(**{"hours" if limited is Restaurant else "served": LUNCH})
    with time_machine.travel(end - timedelta(minutes=1), tick=False) as clock:
        guest = factories.guest(factories.table(house))
        cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
        clock.move_to(end + timedelta(seconds=seconds))
        if sent:
            assert send(guest).number == 1
        else:
            with pytest.raises(Refused) as refused:
                send(guest)
            said = "closed" if limited is Restaurant else "not_served"
            assert [problem.code for problem in refused.value.problems] == [said]


def test_nothing_is_added_in_the_grace():
    """P14: the grace is for what stands in the cart."""
    house = factories.restaurant()
    factories.product(house, served=LUNCH)
    with time_machine.travel(PLACES[0][1], tick=False):
        guest = factories.guest(factories.table(house))
        with pytest.raises(Refused) as refused:
            cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
        assert [problem.code for problem in refused.value.problems] == ["not_served"]


def test_nothing_is_added_where_the_house_has_closed():
    """P14: a page that was opened in time has its buttons still."""
    house = factories.restaurant(hours=LUNCH)
    factories.product(house)
    with time_machine.travel(PLACES[0][1] - timedelta(minutes=1), tick=False) as clock:
        guest = factories.guest(factories.table(house))
        cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
        clock.move_to(PLACES[0][1])
        with pytest.raises(Refused) as refused:
            cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
        assert [problem.code for problem in refused.value.problems] == ["closed"]


def test_the_cart_has_its_button_as_long_as_it_may_be_sent():
    """P14, F17: also where its page is opened only then."""
    house = diner_phone.house(hours=LUNCH)
    end = PLACES[0][1]
    with time_machine.travel(end - timedelta(minutes=1), tick=False) as clock:
        phone = diner_phone.Phone().join(factories.table(house))
        phone.add("soupe")
        clock.move_to(end + timedelta(seconds=299))
        page = phone.cart()
        assert 'id="order"' in page
        clock.move_to(end + timedelta(seconds=300))
        assert 'id="order"' not in phone.cart()
        clock.move_to(end + timedelta(seconds=299))
        assert "/orders/" in phone.send()["Location"]
