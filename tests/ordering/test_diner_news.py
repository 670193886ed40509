"""F16: a carte that is open on a phone learns within seconds what is sold out, and what changed its price."""

import re

import pytest

from ordering.diner import kept
from ordering.models import Option, Product, Restaurant, Visit
from ordering.services import carte
from ordering.services.visits import end
from tests import factories
from tests.ordering.diner_phone import Phone, house, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def table():
    return factories.table(house(languages=["fr", "en"]))


@pytest.fixture
def phone(table):
    return Phone().join(table)


def opened(phone, query=""):
    """The address that this page asks by itself, with what it has seen."""
    page = phone.get(f"{phone.visit}{query}").content.decode()
    ((address, seen),) = re.findall(r'data-news="([^"]+)" data-seen="([^"]+)"', page)
    return f"{address}&seen={seen}"


def sell_out(key, sold_out=True):
    carte.set_sold_out(things=[Product.objects.get(key=key)], sold_out=sold_out)


def test_nothing_is_sent_while_nothing_has_changed(phone, django_assert_max_num_queries):
    """Cost: one query, and no body. What another phone puts into the cart is no change of the carte."""
    address = opened(phone)
    phone.add("soupe")
    with django_assert_max_num_queries(1):
        answer = phone.get(address)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("query", ["", "?q=soupe", "?without=milk"])
def test_an_open_carte_learns_what_is_sold_out_and_that_it_is_back(phone, query):
    address = opened(phone, query)
    sell_out("soupe")
    answer = phone.get(address)
    assert answer.status_code == 200
    assert "Épuisé" in words(answer)
    assert 'id="dish-carte_tarte"' in answer.content.decode()
    again = re.sub(r"seen=.*", f"seen={answer['X-Seen']}", address)
    assert phone.get(again).status_code == 204
    sell_out("soupe", sold_out=False)
    assert "Épuisé" not in words(phone.get(again))


def test_the_last_portion_is_learnt_and_one_of_many_is_not(phone, table):
    Product.objects.filter(key="tarte").update(portions=3)
    carte.changed(restaurant_id=table.restaurant_id)
    address = opened(phone)
    for number, portions, learnt in ((13, "1", False), (14, "2", True)):
        other = Phone().join(factories.table(table.restaurant, number))
        other.add("tarte", quantity=portions)
        assert other.send().status_code == 303
        assert phone.get(address).status_code == (200 if learnt else 204)
    assert "Épuisé" in words(phone.get(address))


def test_it_learns_a_price_and_what_is_in_the_cart_stays_on_the_buttons(phone, table):
    phone.add("soupe", quantity="3")
    address = opened(phone)
    Product.objects.filter(key="soupe").update(price=9_50)
    carte.changed(restaurant_id=table.restaurant_id)
    answer = words(phone.get(address))
    assert "9,50" in answer
    assert "3 au panier" in answer


def test_it_is_the_page_that_the_phone_would_load(phone, table):
    """app.js compares the two; a part that always differed would load the page again at each change."""
    phone.add("soupe")
    address = opened(phone)
    sell_out("tarte")
    body = phone.get(address).content.decode()
    assert body.strip().startswith("<main")
    assert body.strip() in phone.get(phone.visit).content.decode()


def test_it_speaks_the_language_of_the_page(phone):
    phone.get(f"{phone.visit}?lang=fr")
    address = opened(phone, "?lang=en")
    phone.get(f"{phone.visit}?lang=fr")  # in another tab
    sell_out("soupe")
    assert "Sold out" in words(phone.get(address))


def test_a_page_that_can_order_no_longer_is_loaded_again(phone, table):
    address = opened(phone)
    Restaurant.objects.update(ordering=False)
    carte.changed(restaurant_id=table.restaurant_id)
    assert phone.get(address).status_code == 205
    closed = opened(phone) if 'id="add"' in phone.get(phone.visit).content.decode() else ""
    Restaurant.objects.update(ordering=True)
    carte.changed(restaurant_id=table.restaurant_id)
    assert phone.get(closed).status_code == 205


def test_nobody_else_asks(phone, table):
    address = opened(phone)
    stranger = Phone()
    stranger.scan(table)
    assert stranger.get(address).status_code == 403
    assert phone.post(address).status_code == 405
    end(visit=Visit.objects.get())
    assert phone.get(address).status_code == 410


def test_without_a_script_the_server_refuses(phone):
    """F16: the page still shows its button, and the tap says why."""
    phone.get(phone.visit)
    sell_out("soupe")
    answer = phone.add("soupe")
    assert answer.status_code == 422
    assert "épuisé" in words(answer).lower()
    kept.forget()
    Option.objects.filter(key="bleu").update(sold_out=True)
    answer = phone.add("steak", **{"option.cuisson": "bleu"})
    assert answer.status_code == 422
