"""The waiter card: a cart or an order that did not get through, in the house's language with the register's codes."""

import pytest

from ordering.models import CartLine, Option, Order, Product, Restaurant, Visit
from ordering.services import pricing, waiter_card
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import HTMX, Phone, house
from tests.ordering.staff_cast import text

pytestmark = [pytest.mark.django_db, pytest.mark.once]

State = Addition.State
STEAK = {"option.cuisson": "bleu", "option.sauce": "poivre"}


@pytest.fixture
def a():
    made = house()
    Product.objects.filter(key="soupe").update(register_id="4711")
    return made


@pytest.fixture
def phone(a):
    return Phone("en").join(factories.table(a), covers=3)


@pytest.fixture
def bob(a, client):
    client.force_login(person("bob", service=[a]))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


def card(page):
    found = page.partition('<section class="card" id="for-waiter"')[2].partition("</section>")[0]
    return found.partition(">")


def test_the_cart_page_holds_it_whole_and_asks_for_nothing_more(phone):
    """It opens without a script and without a network: nothing in it is a link, a form or an hx- attribute."""
    phone.add("soupe", quantity="2")
    page = phone.cart()
    details = page.partition('<details class="waiter"')[2].partition("</details>")[0]
    assert "Show it to a waiter" in details
    for asks in ("hx-get", "hx-post", "href=", "src=", "<form", "<button"):
        assert asks not in details
    attributes, _, inside = card(page)
    assert 'lang="fr"' in attributes
    assert "hidden" not in attributes
    for said in ("Soupe", "<b>2</b>", "<code>4711</code>", "<b>12</b>", "3 couverts", "16,00"):
        assert said in inside, said
    assert "(en)" not in inside  # the dish's name for guests


def test_it_shows_what_was_chosen_inside_with_its_codes(phone):
    phone.add("steak", **STEAK)
    inside = card(phone.cart())[2]
    assert "Bleu" in inside
    ids = Option.objects.filter(key__in=["bleu", "poivre"]).values_list("register_id", flat=True)
    assert len(ids) == 2
    assert all(f"<code>{each}</code>" in inside for each in ids)


def test_it_says_the_wishes_too_as_the_register_is_told_them(a, phone):
    phone.add("soupe")
    Restaurant.objects.update(free_note=True)
    CartLine.objects.update(note="bien chaude")
    inside = card(phone.cart())[2]
    assert "bien chaude" in inside


def test_it_follows_the_cart_without_being_closed(phone):
    phone.add("soupe")
    line = CartLine.objects.get().code
    data = {f"quantity.{line}": "1", "more": line, "covers": "3"}
    answer = phone.post(f"{phone.visit}cart/line/", data, headers=HTMX)
    part = answer.content.decode()
    assert 'id="for-waiter"' in part
    assert "<details" not in part  # what is open stays open: its inside alone is swapped
    assert "<b>2</b>" in card(part)[2]


def test_an_empty_cart_has_none(phone):
    assert "hidden" in card(phone.cart())[0]


def test_a_refused_order_has_one_on_the_phone(phone):
    phone.add("soupe")
    order = phone.send()["Location"]
    assert "for-waiter" not in phone.get(order).content.decode()
    Addition.objects.update(state=State.REFUSED, reason="refused")
    inside = card(phone.get(order).content.decode())[2]
    assert "<code>4711</code>" in inside
    assert "<b>12</b>" in inside


# --- On the board ---------------------------------------------------------------------------------


def test_the_board_has_it_of_a_table_s_cart(a, phone, bob, client):
    assert "Waiter card" not in text(client.get("/board/chez-alice/tables/12/"))
    phone.add("soupe")
    assert (
        "/board/chez-alice/tables/12/card/"
        in client.get("/board/chez-alice/tables/12/").content.decode()
    )
    answer = client.get("/board/chez-alice/tables/12/card/")
    page = answer.content.decode()
    assert "<code>4711</code>" in card(page)[2]
    assert "every " not in page  # it stays as it is, also where the network has gone
    free = factories.table(a, 13)
    assert "Nothing is chosen" in text(client.get(f"/board/chez-alice/tables/{free.number}/card/"))


def test_what_was_not_delivered_leads_to_it(phone, bob, client):
    phone.add("soupe")
    phone.send()
    Addition.objects.update(state=State.HELD, reason="stale")
    order = Order.objects.get()
    board = client.get("/board/chez-alice/").content.decode()
    assert f'href="/board/chez-alice/orders/{order.code}/card/"' in board


@pytest.mark.parametrize(
    ("state", "warned"), [(State.HELD, False), (State.REFUSED, False), (State.RECEIVED, True)]
)
def test_the_board_has_it_of_an_order_and_says_what_is_on_the_till_already(
    phone, bob, client, state, warned
):
    phone.add("soupe")
    phone.send()
    Addition.objects.update(state=state)
    order = Order.objects.get()
    shown = client.get(f"/board/chez-alice/orders/{order.code}/card/")
    assert "<code>4711</code>" in card(shown.content.decode())[2]
    assert ("Do not enter it again." in text(shown)) is warned


def test_it_costs_the_cart_page_no_query(phone, django_assert_num_queries):
    phone.add("soupe")
    visit = Visit.objects.select_related("table__restaurant").get()
    cart = pricing.priced(visit)
    with django_assert_num_queries(0):
        assert waiter_card.of_cart(visit, cart).ticket.total == 8_00
