"""What a page sends again by itself, when its time is over or its place is gone."""

import re

import pytest
from django.core.signals import request_started
from playwright.sync_api import expect

from ordering.models import Order, Product
from ordering.services.carte import changed, set_sold_out
from tests import factories
from tests.browser.test_offline import KEPT
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def table():
    return factories.table(house())


@pytest.fixture
def page(phones, live_server, table):
    """On the carte, with a clock that can be put on."""
    page = phones("en")
    page.clock.install()
    page.goto(f"{live_server.url}/t/{table.code}/")
    page.get_by_role("button", name="2", exact=True).click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    return page


def lose(page, address):
    page.route(address, lambda route: route.abort(), times=1)


def test_an_order_that_has_slept_in_a_pocket_is_not_sent_by_itself(page):
    """P8, F04: the network came back while the phone slept, and the diner has told the team since."""
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    page.goto(f"{page.url}cart/")
    lose(page, "**/send/")
    page.locator("#order").click()
    failure = page.locator("#failure")
    expect(failure).to_contain_text("This page tries again by itself: nothing is sent twice.")
    page.clock.fast_forward("20:00")
    expect(failure).to_contain_text("Try again: it will not be sent twice.")
    assert not Order.objects.exists()
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")


def test_what_the_others_do_takes_no_failure_away(page):
    """F05: the next look at the cart, which is another one by now, is no answer to what was lost."""

    def after_it_came(route):
        route.fetch()
        route.abort()

    page.route("**/add/", after_it_came, times=1)
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    expect(page.locator("#alert")).to_contain_text("This page tries again by itself")
    page.clock.fast_forward("00:04")
    expect(page.locator("#alert")).to_be_empty()
    expect(page.locator("#cart-button .count")).to_have_text("1")


def test_a_tap_is_asked_again_though_its_dish_has_run_out(page, table):
    """F02, F16: its button is gone, and whether it was heard is still to be told."""
    set_sold_out(things=[table.restaurant.products.get(key="soupe")], sold_out=True)
    lose(page, "**/add/")
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#dish-carte_soupe .gone")).to_be_visible()
    page.clock.fast_forward("00:04")
    expect(page.locator("#alert")).to_have_text("Sold out.")


def test_who_leaves_the_page_without_a_network_is_not_called_back(page, table):
    """F04: the network is back while they go to the carte, and the page would ask for itself again."""
    page.goto(f"{page.url.partition('/v/')[0]}/r/{table.restaurant.slug}/offline/?lang=en")
    expect(page.locator("h1")).to_have_text("No network")
    page.evaluate("""() => {
      document.querySelector("a[href*=carte]").click();
      dispatchEvent(new Event("online"));
    }""")
    expect(page.locator("#carte")).to_contain_text("Soupe")


def test_what_is_kept_to_read_changes_with_the_carte_that_is_open(page, table):
    """P22: a declaration that was put right while the page was open is right without a network, too."""
    assert page.evaluate(KEPT)
    Product.objects.filter(key="tarte").update(allergens=["nuts"])
    changed(restaurant_id=table.restaurant_id)
    page.clock.fast_forward("00:06")
    expect(page.locator("#dish-carte_tarte")).to_contain_text("nuts")
    said = page.evaluate(
        """async (name) => {
      for (let tries = 0; tries < 100; tries += 1) {
        const kept = await (await caches.match(name)).text();
        if (kept.includes("Contains: nuts")) return true;
        await new Promise((done) => setTimeout(done, 20));
      }
      return false;
    }""",
        f"/r/{table.restaurant.slug}/carte/?lang=en",
    )
    assert said


def test_a_waiter_who_has_been_a_guest_asks_for_each_page_once(page, live_server):
    """P21: what the diner's pages leave on the phone is in nobody's way."""
    assert page.evaluate(KEPT)
    asked = []

    def note(environ, **_):
        asked.append(environ["PATH_INFO"])

    request_started.connect(note)
    page.goto(f"{live_server.url}/board/")
    page.goto(f"{live_server.url}/robots.txt")
    request_started.disconnect(note)
    assert asked.count("/board/") == 1
    assert page.locator("body").inner_text().startswith("User-agent: *")
