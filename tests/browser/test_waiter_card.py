"""The waiter card in a real browser: it opens where the network is gone, and fills the screen."""

import pytest
from playwright.sync_api import expect

from ordering.models import Product
from tests import factories
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_guest_shows_the_cart_to_a_waiter_without_a_network(phones, live_server):
    """Black on white in the dark too, whole screen, the register's codes; and it closes again."""
    made = house()
    table = factories.table(made, 12)
    Product.objects.filter(key="soupe").update(register_id="4711")
    phone = phones("en", color_scheme="dark")
    phone.goto(f"{live_server.url}/t/{table.code}/")
    phone.locator("button[name=covers][value='2']").click()
    phone.locator("#add-carte_soupe").click()
    expect(phone.locator("#cart-button .count")).to_have_text("1")
    phone.goto(f"{phone.url}cart/")
    phone.context.set_offline(True)
    phone.get_by_text("Show it to a waiter").click()
    card = phone.locator("#for-waiter")
    expect(card).to_be_in_viewport()
    expect(card).to_contain_text("4711")
    filled = phone.locator("#waiter").evaluate(
        "e => [e.getBoundingClientRect().width, e.getBoundingClientRect().height, innerWidth, innerHeight]"
    )
    assert filled[:2] == filled[2:]
    looks = card.evaluate("e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]")
    assert looks == ["rgb(17, 17, 17)", "rgb(255, 255, 255)"]
    on_top = "e => e.contains(document.elementFromPoint(innerWidth / 2, innerHeight - 20))"
    assert phone.locator("#waiter").evaluate(on_top)  # the bar with its button is under it
    phone.get_by_text("Close").click()
    expect(card).not_to_be_visible()
    expect(phone.locator("#order")).to_be_visible()
