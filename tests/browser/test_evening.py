"""Two parties one after the other, two phones at a table and a board, in a real browser, with all that runs in a house:
the web server, `deliver`, `watch` and a register that dies (tests/torture/house.py). After every step the three screens
and the register's ledger say the same.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.evening.waiters import PASSWORD
from tests.helpers import eventually
from tests.torture import till
from tests.torture.house import House
from tests.torture.plan import Plan

pytestmark = [pytest.mark.browser, pytest.mark.wire]

WAIT = 20_000  # milliseconds: a slow machine, and a list that is read every few seconds
AWAY = float("inf")
# Open pages look each second, and not each fourth.
LOOKS = """setInterval(() => {
  if (window.htmx && document.querySelector('#live[hx-get]')) htmx.trigger('#live', 'look');
}, 1000)"""
ENDED = "Please scan the code on your table again"
NOT_CONFIRMED = "Not confirmed yet. Please show this card to a member of staff."


@pytest.fixture(autouse=True)
def _patience():
    expect.set_options(timeout=WAIT)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """Four tables and a waiter. Promised seconds are an eighth of themselves. Nobody but the test works the list."""
    folder = tmp_path_factory.mktemp("house")
    made = House(
        Plan(directory=str(folder), divisor=8.0, registers=1, workers=1, web_children=2, faults=0.0,
             list_faults=0.0, tables=4, waiters=1),
        "tests.evening.prepare:for_browsers", watch=True,
    )  # fmt: skip
    try:
        made.open()
        made.kill("staff-0", away_for=AWAY)
        yield made
    finally:
        made.close()


def ledger(house):
    """(table, covers, quantity of each article) of everything on the till."""
    entries = till.get(house.plan.register_ports[0], "/_ledger")
    return [
        (
            entry["body"]["table"],
            entry["body"]["nbCouverts"],
            {line["id"]: line["quantity"] for line in entry["body"]["products"]},
        )
        for entry in entries
    ]


def sit_down(page, house, table, button):
    page.set_default_timeout(WAIT)
    page.add_init_script(LOOKS)
    page.goto(house.plan.cards[0][table - 1])
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    return page.url


def choose(page, visit, dish):
    """A dish into the cart, which stays open."""
    page.goto(visit)
    page.get_by_role("button", name=f"Add {dish}", exact=True).click()
    expect(page.locator("#cart-button .count")).to_be_visible()
    page.goto(f"{visit}cart/")
    expect(page.locator("#lines")).to_contain_text(dish)


def enter(board, house):
    board.set_default_timeout(WAIT)
    board.add_init_script(LOOKS)
    board.goto(f"{house.plan.web}/board/torture-0/")
    board.locator("#id_username").fill("waiter-0")
    board.locator("#id_password").fill(PASSWORD)
    board.locator("[type=submit]").click()
    expect(board.locator("#h-needs")).to_have_text("Nothing needs you")


def says(page, words):
    expect(page.locator("h1")).to_have_text(words)


def order_shown(page):
    """The code of the order that a phone has come to, or is led to in a sentence."""
    link = page.locator("#news a[href*='/orders/']").first
    eventually(lambda: "/orders/" in page.url or link.count(), timeout=WAIT / 1000)
    if "/orders/" not in page.url:
        link.click()
        page.wait_for_url("**/orders/*/")
    return page.url.rstrip("/").rpartition("/")[2]


def test_an_evening_of_two_parties(phones, house):
    """P1, P2, P9, P13, P17, F09, F13, F67, F72, T03, T35: from sitting down to leaving, twice."""
    ann, ben, board = phones("en"), phones("en"), phones("en", width=1024)
    enter(board, house)
    visit = first_party_orders(ann, ben, board, house)
    the_register_dies(ann, ben, board, house, visit)
    a_call_is_answered(ann, ben, board, house, visit)
    they_move(ann, ben, board, house, visit)
    they_pay(ann, ben, board, house, visit)
    house.nursery.run(60, call="tests.evening.prepare:ask_first")
    cem, dan = phones("en"), phones("en")
    the_next_party(cem, dan, ann, board, house, visit)


def first_party_orders(ann, ben, board, house):
    """F09, P13: each sees the other's dish, both press at once, and it is one order on all screens and on the till."""
    visit = sit_down(ann, house, 1, "2")
    assert sit_down(ben, house, 1, "Join the party") == visit
    choose(ann, visit, "Dish 0")
    expect(board.locator("#table-1")).to_contain_text("2 covers")
    choose(ben, visit, "Dish 1")
    expect(ann.locator("#lines")).to_contain_text("Dish 1")
    expect(ben.locator("#lines")).to_contain_text("Dish 0")
    assert ledger(house) == []
    for phone in (ann, ben):
        phone.evaluate("document.querySelector('#order').click()")
    assert order_shown(ann) == order_shown(ben)
    says(ann, "Received by the till")
    says(ben, "Received by the till")
    assert ledger(house) == [(1, 2, {100: 1, 101: 1})]
    expect(board.locator("#table-1")).to_contain_text("On the till")
    expect(board.locator("#h-needs")).to_have_text("Nothing needs you")
    return visit


def the_register_dies(ann, ben, board, house, visit):
    """P1, P9, F72: phone and board say it in time, loudly; once it is back it is on the till once."""
    house.kill("register-0", away_for=AWAY)
    choose(ann, visit, "Dish 2")
    ann.locator("#order").click()
    ann.wait_for_url("**/orders/*/")
    says(ann, NOT_CONFIRMED)
    need = board.locator(".need[data-loud]")
    expect(need).to_contain_text("Table 1")
    assert board.title().startswith("(1) ")
    ben.goto(f"{visit}orders/")
    expect(ben.locator("main")).to_contain_text("Not confirmed by the till yet")
    house.slots["register-0"].not_before = 0.0
    says(ann, "Received by the till")
    assert ledger(house) == [(1, 2, {100: 1, 101: 1}), (1, 2, {102: 1})]
    expect(board.locator("#h-needs")).to_have_text("Nothing needs you")
    ben.reload()
    expect(ben.locator("main")).not_to_contain_text("Not confirmed by the till yet")


def a_call_is_answered(ann, ben, board, house, visit):
    """F72: the other phone of the party reads the answer as well."""
    for phone in (ann, ben):
        phone.goto(f"{visit}calls/")
    ben.get_by_role("button", name="Call a waiter").click()
    expect(ben.locator("#live")).to_contain_text("not answered yet")
    expect(board.locator(".need[data-loud]")).to_contain_text("A waiter")
    board.get_by_role("button", name="Someone is coming").click()
    expect(board.locator("#said")).to_contain_text("Table 1 is told that someone is coming.")
    expect(ben.locator("#live")).to_contain_text("Someone is coming")
    ann.reload()
    expect(ann.locator("#live")).to_contain_text("Someone is coming")
    board.get_by_role("button", name="Done, somebody was there").click()
    expect(board.locator("#h-needs")).to_have_text("Nothing needs you")
    expect(ben.locator("#live")).to_be_empty()
    assert len(ledger(house)) == 2


def they_move(ann, ben, board, house, visit):
    """F13: phones and what is in the cart come along, and what was sent stays where the till has it."""
    choose(ann, visit, "Dish 3")
    ben.goto(visit)
    board.locator("#table-1").click()
    board.get_by_role("link", name="Move, join or part").click()
    board.get_by_role("button", name="To table 2", exact=True).click()
    expect(board.locator("#said")).to_contain_text("The party now sits at table 2.")
    expect(board.locator("main")).to_contain_text("To do on the till:")
    for phone in (ann, ben):
        phone.goto(f"{visit}cart/")
        expect(phone.get_by_role("alert").first).to_contain_text("You now sit at table 2.")
        expect(phone.locator("#sum")).to_contain_text("table 2")
        expect(phone.locator("#lines")).to_contain_text("Dish 3")
    board.goto(f"{house.plan.web}/board/torture-0/")
    expect(board.locator("#table-2")).to_contain_text("2 covers")
    expect(board.locator("#table-1")).not_to_contain_text("2 covers")
    assert [table for table, _, _ in ledger(house)] == [1, 1]


def they_pay(ann, ben, board, house, visit):
    """P17, F67, T03: the register says settled; open pages close by themselves, and send nothing any more."""
    port = house.plan.register_ports[0]
    ben.goto(f"{visit}cart/")
    for entry in till.get(port, "/_ledger"):
        till.tell(port, "/_state", {"number": entry["number"], "state": 9})
    for phone in (ann, ben):
        says(phone, ENDED)
        expect(phone.locator("form")).to_have_count(0)
        expect(phone.locator("main")).to_contain_text("Dish 2")
    expect(board.locator("#table-2")).not_to_contain_text("2 covers")
    assert len(ledger(house)) == 2


def the_next_party(cem, dan, ann, board, house, before):
    """P17, T35: it sees nothing of the first, and its first order goes to the till once a person says OK."""
    visit = sit_down(cem, house, 2, "3")
    assert visit != before
    assert sit_down(dan, house, 2, "Join the party") == visit
    for phone in (cem, dan):
        phone.goto(visit)
        expect(phone.locator("#cart-button .count")).to_be_hidden()
        for page in ("orders", "calls", "cart"):
            phone.goto(f"{visit}{page}/")
            assert not re.search("Dish|Order no|Someone is coming", phone.inner_text("main")), page
        expect(phone.locator("main")).to_contain_text("There is nothing in the cart yet.")
    assert cem.goto(f"{before}cart/").status == 403
    choose(cem, visit, "Dish 4")
    expect(dan.locator("#lines")).to_contain_text("Dish 4")
    cem.locator("#order").click()
    cem.wait_for_url("**/orders/*/")
    says(cem, "Waits for the team’s OK")
    dan.goto(f"{visit}orders/")
    expect(dan.locator("main")).to_contain_text("Waits for the team’s OK")
    expect(board.locator(".need")).to_contain_text("Waits for your OK")
    assert len(ledger(house)) == 2
    board.get_by_role("link", name="Look and answer").click()
    board.locator("#approve").click()
    says(cem, "Received by the till")
    assert ledger(house)[2:] == [(2, 3, {104: 1})]
    dan.reload()
    expect(dan.locator("main")).to_contain_text("Received by the till")
    expect(board.locator("#h-needs")).to_have_text("Nothing needs you")
    says(ann, ENDED)

    dan.goto(f"{visit}cart/")
    board.locator("#table-2").click()
    board.get_by_text("The party has left").click()
    board.get_by_role("button", name="Free the table").click()
    expect(board.locator("#said")).to_contain_text("The table is free.")
    says(dan, ENDED)
    expect(dan.locator("form")).to_have_count(0)
    assert len(ledger(house)) == 3
