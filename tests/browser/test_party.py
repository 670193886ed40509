"""Two phones at one table, without loading again."""

import re

import pytest
from playwright.sync_api import expect

from ordering.models import Order, Visit
from ordering.services import visits
from tests import factories
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def table():
    return factories.table(house())


def seat(page, live_server, table, button, dish):
    page.goto(f"{live_server.url}/t/{table.code}/")
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    page.get_by_role("button", name=dish, exact=True).click()
    expect(page.locator("#cart-button .count")).to_be_visible()
    page.locator("#cart-button").click()
    page.wait_for_url("**/cart/")


def look(page):
    """What it does every few seconds."""
    with page.expect_response(re.compile("/live/")):
        page.evaluate("htmx.trigger('#live', 'look')")


def test_they_see_each_other_and_the_last_one_s_tap_sends_f09_p17(phones, live_server, table):
    """F09, P13, P17: a line, a name, who is ready, what was sent, and that the meal is over."""
    ann, ben = phones("en"), phones("en")
    seat(ann, live_server, table, "3", "Add Soupe (en)")
    expect(ann.locator("#order-mine")).to_have_count(0)
    seat(ben, live_server, table, "Join the party", "Add Tarte (en)")
    ben.locator("#name summary").click()
    ben.locator("#own-name").fill("Zoé")
    ben.locator("#save-name").click()
    expect(ben.locator("#lines")).to_contain_text("You (Zoé)")
    look(ann)
    expect(ann.locator("#lines")).to_contain_text("Zoé")
    ann.locator("#ready").click()
    expect(ann.locator("#together")).to_contain_text("1 of 2 are ready")
    # Nothing under the finger moves while others choose: a number that is being typed stays.
    ann.locator("input[name^='quantity.']").fill("7")
    look(ben)
    expect(ben.locator("#together")).to_have_text("All the others are ready.")
    look(ann)
    expect(ann.locator("input[name^='quantity.']")).to_have_value("7")
    ann.locator("input[name^='quantity.']").fill("1")
    ben.locator("#order").click()
    ben.wait_for_url("**/orders/*/")
    assert Order.objects.get().total == 15_50
    look(ann)
    expect(ann.locator("#sent")).to_contain_text("Order no.")
    visits.end(visit=Visit.objects.get())
    look(ann)
    expect(ann.locator("h1")).to_have_text("Please scan the code on your table again")
    expect(ann.locator("main")).to_contain_text("Tarte (en)")
    expect(ann.locator("form")).to_have_count(0)


def test_a_page_that_nobody_sees_asks_for_nothing_f20(phones, live_server, table):
    page = phones("en")
    seat(page, live_server, table, "3", "Add Soupe (en)")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});"
        "htmx.trigger('#live', 'look')"
    )
    page.evaluate(
        "fetch('/robots.txt').then(() => null)"
    )  # what came before it has been seen by then
    assert [url for url in asked if "/live/" in url] == []
    with page.expect_response(re.compile("/live/")):
        page.evaluate(
            "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))"
        )


def test_mine_is_sent_alone_f09(phones, live_server, table):
    """The button that was pressed is the one that counts."""
    ann, ben = phones("en"), phones("en")
    seat(ann, live_server, table, "3", "Add Soupe (en)")
    seat(ben, live_server, table, "Join the party", "Add Tarte (en)")
    ben.locator("#order-mine").click()
    ben.wait_for_url("**/orders/*/")
    assert Order.objects.get().total == 7_50
