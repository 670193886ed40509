"""F16: an open carte changes what is sold out where it stands, and nothing else moves."""

import pytest
from playwright.sync_api import expect

from ordering.models import Category, Product
from ordering.services import carte
from tests import factories
from tests.browser.test_diner_order import join
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What a phone does when somebody looks at it again; the same look comes every five seconds.
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


def test_an_open_carte_learns_what_is_sold_out(phones, live_server):
    table = factories.table(house())
    page = phones()
    join(page, live_server, table)
    soup, tart = page.locator("#dish-carte_soupe"), page.locator("#add-carte_tarte")
    tart.tap()
    expect(tart.locator("b")).to_have_text("1")
    tart.focus()
    page.evaluate("window.same = true")
    carte.set_sold_out(things=[Product.objects.get(key="soupe")], sold_out=True)
    # By itself, without a touch: once, and then on demand.
    expect(soup.locator(".gone")).to_be_visible(timeout=9_000)
    expect(page.locator("#said")).to_contain_text("Soupe: Épuisé")
    expect(tart).to_be_focused()
    tart.tap()
    expect(tart.locator("b")).to_have_text("2")
    carte.set_sold_out(things=[Product.objects.get(key="soupe")], sold_out=False)
    page.evaluate(LOOK)
    expect(soup.locator("button")).to_be_visible()
    soup.locator("button").tap()
    expect(page.locator("#cart-button .count")).to_have_text("3")
    assert page.evaluate("window.same")
    # What is no dish is loaded with its page.
    Category.objects.update(name={"fr": "Tout"})
    carte.changed(restaurant_id=table.restaurant_id)
    page.evaluate(LOOK)
    expect(page.locator("#carte h2").first).to_have_text("Tout")
    assert not page.evaluate("window.same")


def test_what_is_filtered_is_looked_at_anew_and_told_to_nobody(phones, live_server):
    """P22: a dish that is not without any more leaves the page; htmx sends no address along."""
    table = factories.table(house())
    page = phones()
    join(page, live_server, table)
    page.goto(f"{page.url.partition('#')[0]}?without=gluten")
    told = []
    page.on("request", lambda request: told.append(request.all_headers()))
    page.locator("#add-carte_tarte").tap()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    assert told
    assert "gluten" not in str(told)
    Product.objects.filter(key="tarte").update(allergens=["gluten"])
    carte.changed(restaurant_id=table.restaurant_id)
    page.evaluate(LOOK)
    expect(page.locator("#dish-carte_tarte")).to_have_count(0)
    expect(page.locator("#dish-carte_soupe")).to_be_visible()
    assert page.url.endswith("?without=gluten")
