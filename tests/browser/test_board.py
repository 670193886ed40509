"""The board in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.ordering.admin_cast import person
from tests.ordering.staff_cast import house, order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_it_keeps_itself_up_to_date(phones, live_server):
    """F72: after a while without a network too, and until then it says how old it is."""
    made = house()
    person("bob", service=[made])
    page = phones("en", width=1024)
    page.goto(f"{live_server.url}/board/chez-alice/")
    page.locator("#id_username").fill("bob")
    page.locator("#id_password").fill("x")
    page.locator("[type=submit]").click()
    expect(page.locator("#h-needs")).to_have_text("Nothing needs you")
    page.locator("#table-12").focus()
    order(made)
    expect(page.locator(".need")).to_have_count(1, timeout=8_000)
    expect(page).to_have_title("(1) Service · Chez Alice")
    assert page.evaluate("document.activeElement.id") == "table-12"
    # As if the last answer were of a while ago.
    page.context.set_offline(True)
    page.evaluate("document.getElementById('age').dataset.oldAfter = 1")
    expect(page.locator("#failure")).to_contain_text("out of date")
    page.evaluate("document.getElementById('age').dataset.oldAfter = 15")
    page.context.set_offline(False)
    expect(page.locator("#failure")).to_be_empty()
