"""The whole order without a pointer and without sight: by keys alone, and as the accessibility tree tells it."""

import re

import pytest
from playwright.sync_api import expect

from ordering.models import Order, Product, Restaurant
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Where the focus is, and whether it can be seen: a ring, or, of an option, its box's own.
RING = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  return at !== document.body && at.matches(":focus-visible") && style.outlineStyle !== "none"
    && parseFloat(style.outlineWidth) >= 1 && box.width > 0 && box.bottom > 0 && box.top < innerHeight;
}"""


@pytest.fixture
def table():
    made = house(free_note=True)
    Product.objects.filter(key="tarte").update(name={"fr": "Tarte", "en": ""})
    return factories.table(made)


def tab_to(page, selector, *, key="Tab"):
    """By the key of the keyboard alone; what has the focus on the way can be seen to have it."""
    wanted = page.locator(selector).first
    for _ in range(60):
        page.keyboard.press(key)
        assert page.evaluate(RING), page.evaluate("document.activeElement.outerHTML")[:200]
        if wanted.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"{key} does not reach {selector}")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_whole_order_by_keyboard_and_by_ear(phones, live_server, table, script):
    """P23: from the scan to “received by the till”: names, roles, states and what is announced."""
    page = phones("en", java_script_enabled=script)
    page.goto(f"{live_server.url}/t/{table.code}/")
    expect(page).to_have_title("Welcome, table 12 · Chez Alice")
    print(page.locator("body").aria_snapshot())
    tab_to(page, ".plate[value='2']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    print(page.locator("body").aria_snapshot())
    visit = page.url
    page.goto(visit + "p/steak/")
    page.evaluate("document.querySelector('#choices').noValidate = true")
    page.locator("#put").click()
    expect(page.locator("#alert .box")).to_be_visible()
    print(page.locator("body").aria_snapshot())
    page.goto(visit)
    page.locator("#add-carte_soupe").click()
    page.goto(visit + "cart/")
    print(page.locator("body").aria_snapshot())
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    print(page.locator("body").aria_snapshot())
    assert 0
