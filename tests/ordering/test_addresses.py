"""Addresses that nobody printed, and forms that come late."""

import pytest

from ordering.models import Order, Visit
from ordering.services import visits
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, house

pytestmark = pytest.mark.django_db

NUL = "AAAAAAAAAAAAAAAA%00AAAAAA"


@pytest.fixture
def phone():
    return Phone().join(factories.table(house()))


@pytest.mark.parametrize(
    "address",
    [
        f"/t/{NUL}/",
        f"/v/{NUL}/",
        f"/v/{'A' * 22}/orders/{NUL}/",
        f"/r/chez-alice/photo/{NUL}",
        "/t/12/",
        "/v/1/",
    ],
)
def test_it_knows_no_address_that_is_no_code(phone, address):
    """P16: PostgreSQL takes no NUL, and a number is nobody's code."""
    assert phone.get(address).status_code == 404


def test_it_shows_the_order_of_a_form_whose_answer_was_lost(phone):
    """F02: the meal has ended since, and "nothing was sent" would not be true."""
    phone.add("soupe")
    form = phone.form()
    told = phone.send(form)["Location"]
    visits.end(visit=Order.objects.get().visit)
    assert phone.send(form)["Location"] == told
    assert phone.send(form, headers=HTMX)["HX-Redirect"] == told
    phone.cookies.clear()
    phone.get("/r/chez-alice/")
    assert phone.send(form)["Location"] == told


def test_it_still_sends_nothing_of_a_meal_that_has_ended(phone):
    phone.add("soupe")
    form = phone.form()
    visits.end(visit=Visit.objects.get())
    assert phone.send(form).status_code == 410
    assert phone.send({**form, "submission_key": "\0" * 20}).status_code == 410
    assert not Order.objects.exists()
