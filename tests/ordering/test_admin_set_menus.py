"""Set menus in admin: another VAT rate is said when it is saved, and an order's choices are read."""

from typing import Any

import pytest
from django.urls import reverse

from ordering.models import Course, Product, SetMenu
from ordering.services import cart, orders, pricing
from tests import factories
from tests.ordering.admin_cast import page, person, send
from tests.ordering.staff_cast import text

pytestmark = pytest.mark.django_db

OTHER = "“Vin” has 20 % VAT and the menu 10 %"


@pytest.fixture
def house():
    made = factories.restaurant(languages=["en"])
    factories.register(made)
    for key, vat in (("plat", 10), ("vin", 20)):
        factories.product(made, key, vat=vat, name={"en": key.capitalize()})
    factories.option_group(made.products.get(key="plat"), "sauce", {"poivre": 2_00})
    factories.set_menu(made, "menu", {"manger": {"plat": 3_00}, "boire": {"vin": 0}})
    return made


@pytest.fixture(autouse=True)
def alice(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))


def saved(client, thing):
    """What the page says after it was saved as it stood."""
    answer = send(client, page(type(thing), "change", thing.pk))
    assert answer.status_code == 302
    return text(client.get(answer["Location"]))


def test_it_shows_the_choices_of_an_order_with_what_they_cost(house, client):
    guest = factories.guest(factories.table(house))
    composed: list[dict[str, Any]] = [
        {"course": "manger", "product": "plat", "chosen": [["sauce", "poivre"]]},
        {"course": "boire", "product": "vin", "chosen": []},
    ]
    cart.add_menu(guest=guest, menu_key="menu", quantity=1, composed=composed)
    seen = pricing.priced(guest.visit).fingerprint
    order = orders.place(guest=guest, submission_key="k" * 20, seen=seen, language="en")
    found = text(client.get(reverse("admin:ordering_order_change", args=[order.pk])))
    assert "Plat 3.00, POIVRE 2.00, Vin" in found, found


def test_it_says_when_saving_what_the_register_books_at_another_rate(house, client):
    menu, course = SetMenu.objects.get(), Course.objects.get(key="boire")
    said = saved(client, menu)
    assert OTHER in said
    assert "“Plat” has" not in said
    assert OTHER in saved(client, course)
    Product.objects.filter(key="vin").update(vat=10)
    assert "% VAT and" not in saved(client, menu)
