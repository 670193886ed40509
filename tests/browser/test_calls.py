"""A phone that calls, and the board that answers, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_call_is_answered_and_a_moved_phone_is_told(phones, live_server):
    """F13: the phone keeps itself up to date, and is told of its other table once."""
    made = house(colour="#7b1e32")
    table = factories.table(made)
    factories.table(made, 7)
    person("bob", service=[made])
    phone, board = phones("en"), phones("en", width=1024)
    phone.goto(f"{live_server.url}/t/{table.code}/")
    phone.get_by_role("button", name="3", exact=True).click()
    phone.wait_for_url(re.compile(r"/v/[^/]+/$"))
    phone.get_by_role("link", name="Waiter").click()
    phone.get_by_role("button", name="Call a waiter").click()
    expect(phone.locator("#live")).to_contain_text("not answered yet")

    board.goto(f"{live_server.url}/board/chez-alice/")
    board.locator("#id_username").fill("bob")
    board.locator("#id_password").fill("x")
    board.locator("[type=submit]").click()
    expect(board.locator(".need")).to_contain_text("A waiter")
    board.get_by_role("button", name="Someone is coming").click()
    expect(board.locator("#said")).to_contain_text("is told that someone is coming")
    expect(phone.locator("#live")).to_contain_text("Someone is coming", timeout=8_000)
    expect(phone.locator("#said")).to_contain_text("A waiter: Someone is coming")

    board.goto(f"{live_server.url}/board/chez-alice/tables/12/")
    board.get_by_role("link", name="Move, join or part").click()
    board.get_by_role("button", name="To table 7", exact=True).click()
    expect(board.locator("#said")).to_contain_text("The party now sits at table 7.")
    phone.get_by_role("link", name="The carte").click()
    expect(phone.get_by_role("alert").first).to_contain_text("You now sit at table 7.")
    phone.get_by_role("link", name="Cart", exact=True).click()
    expect(phone.locator("main")).to_be_visible()
    expect(phone.get_by_text("You now sit")).to_have_count(0)
