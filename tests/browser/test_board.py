"""The board in a real browser, as a waiter goes through it in a service."""

import re
from datetime import timedelta
from pprint import pformat

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ordering.models import Product, Visit
from ordering.services import cart
from pos_bridge.models import Addition, Heartbeat
from tests import factories
from tests.browser import judge
from tests.ordering.admin_cast import person
from tests.ordering.staff_cast import house, order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
State = Addition.State

# Counts the tones that the page makes.
EAR = "const make = AudioContext.prototype.createOscillator; window.tones = 0; \
AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };"

# Tables that are wider than the phone, and scroll by themselves.
SIDEWAYS = """() => [...document.querySelectorAll(".scroll")]
  .filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.id)"""


@pytest.fixture
def a():
    made = house()
    soup = factories.product(made, "soupe")
    factories.product(made, "tarte")
    factories.option_group(soup, "pain", {"noir": 50, "blanc": 0}, max=None)
    factories.set_menu(made, "midi", {"plat": {"soupe": 0}})
    factories.table(made, 7, zone="Bar", seats=2)
    now = timezone.now()
    Heartbeat.objects.create(
        kind="deliver", name="x", started_at=now, beat_at=now + timedelta(seconds=20)
    )
    person("bob", service=[made])
    return made


def enter(page, live_server, who="bob", said="Nothing needs you"):
    page.goto(f"{live_server.url}/board/chez-alice/")
    page.locator("#id_username").fill(who)
    page.locator("#id_password").fill("x")
    page.locator("[type=submit]").click()
    expect(page.locator("#h-needs")).to_have_text(said)


def look(page):
    """As it does by itself every few seconds."""
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.evaluate("htmx.trigger('#live', 'look')")


def is_well(page, name):
    """Accessible in this light, its targets as large as a thumb, and it fits 320 px and letters of 200 %."""
    found = judge.accessible(page) + judge.narrow(page)
    assert not found, (name, pformat(found, width=200))


def test_a_service_from_the_board(phones, live_server, a):
    """F72: it looks by itself, rings after one tap, keeps the focus and what is open, says how old it is, and goes on
    when the network is there again.
    """
    page = phones("en", width=390)
    page.add_init_script(EAR)
    enter(page, live_server)
    page.locator("#sound").click()
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
    page.locator("#table-12").focus()
    before = page.evaluate("window.tones")
    late = order(a)
    expect(page.locator(".need")).to_have_count(1, timeout=8_000)
    expect(page).to_have_title("(1) Service · Chez Alice")
    expect(page.locator("#news")).to_have_text("1 thing needs a person")
    assert page.evaluate("document.activeElement.id") == "table-12"
    assert page.evaluate("window.tones") > before
    # Well below half of the screen: the next one is in sight too.
    assert page.locator(".need").bounding_box()["height"] <= 330
    page.locator(".need summary").click()
    order(a, State.UNCERTAIN, "no_answer", age=60)
    look(page)
    expect(page.locator(".need")).to_have_count(2)
    expect(page.locator(f"#lines-{late.pk}")).to_have_attribute("open", "")
    is_well(page, "board")

    # As if the last answer were of a while ago.
    page.context.set_offline(True)
    page.evaluate("document.getElementById('age').dataset.oldAfter = 1")
    expect(page.locator("#failure")).to_contain_text("out of date")
    is_well(page, "board, out of date")
    page.evaluate("document.getElementById('age').dataset.oldAfter = 15")
    page.context.set_offline(False)
    expect(page.locator("#failure")).to_be_empty()

    page.locator(f"#need-undelivered-{late.pk}").get_by_text("entered it by hand").click()
    expect(page.locator("#by_hand:target")).to_be_visible()
    is_well(page, "task")
    page.locator("#by_hand button").click()
    expect(page.locator("#said")).to_contain_text("noted as entered by hand")
    late.refresh_from_db()
    assert late.handled_as == "by_hand"

    page.get_by_role("link", name="Sold out", exact=True).click()
    page.locator("#q").fill("soupé")
    expect(page.get_by_text("Tarte", exact=True)).to_be_hidden()
    page.locator(f"#all-product-{Product.objects.get(key='soupe').pk}").click()
    expect(page.locator("#said")).to_contain_text("Soupe is sold out for today.")
    assert Product.objects.get(key="soupe").sold_out_until
    expect(page.get_by_text("Tarte", exact=True)).to_be_hidden()
    page.locator("#q").fill("")
    is_well(page, "carte")
    page.get_by_role("link", name="Soupe", exact=True).first.click()
    expect(page.locator("#portions")).to_be_visible()
    is_well(page, "thing")


def test_a_table_from_the_board_on_a_tablet_in_the_dark(phones, live_server, a):
    """A party comes, chooses and leaves while the page is open; nothing moves under a finger."""
    page = phones("en", width=1024, color_scheme="dark")
    enter(page, live_server)
    page.locator("#table-12").click()
    expect(page.get_by_role("heading", name="Table 12")).to_be_visible()
    guest = factories.guest(a.tables.get(number=12), 3)
    cart.add(guest=guest, product_key="soupe", quantity=2, chosen=[])
    order(a, State.RECEIVED, "", received_at=timezone.now())
    look(page)
    expect(page.get_by_role("heading", name=re.compile("3 covers, since"))).to_be_visible()
    page.get_by_text("Correct the covers").click()
    is_well(page, "table")
    page.locator(f"#covers-{guest.visit_id}-5").click()
    expect(page.locator("#said")).to_contain_text("The covers are 5 now.")
    page.locator("#ordering").click()
    expect(page.locator("#said")).to_contain_text("takes no orders by phone any more")
    page.get_by_text("The party has left").click()
    # A colleague is faster, and this page does not know it yet.
    page.mouse.move(500, 5)
    page.mouse.down()
    Visit.objects.update(ended_at=timezone.now())
    look(page)
    page.locator(f"#free-{guest.visit_id}-now").evaluate("(button) => button.click()")
    expect(page.locator("#said")).to_contain_text("left already; nothing was changed")
    page.mouse.up()
    expect(page.locator(".sitting")).to_have_count(0)
    page.get_by_role("link", name="Service", exact=True).click()
    expect(page.locator("#table-12")).to_contain_text("no phones")
    is_well(page, "board in the dark")


def test_every_other_page_of_the_house_is_accessible(phones, live_server, a):
    """P23: the board's remaining pages in light and in the dark; those of admin are in test_admin.py."""
    person("carol", manager=[a])
    # The longer words.
    page = phones("fr")
    enter(page, live_server, "carol", "Rien à régler")
    guest = factories.guest(a.tables.get(number=12), 3)
    cart.add(guest=guest, product_key="soupe", quantity=2, chosen=[])
    waits = order(a, State.HELD, "approval", age=20)
    a.tables.filter(number=7).update(ordering=False)
    board = f"{live_server.url}/board/chez-alice/"
    found = {}
    for address in (
        f"approvals/{waits.pk}/", f"parties/{guest.visit.code}/", f"orders/{waits.order.code}/card/",
        "pauses/", "tables/7/why/", "tables/12/card/", "service/", "journal/",
    ):  # fmt: skip
        assert page.goto(board + address).status == 200, address
        cut = page.evaluate(judge.CUT) + judge.narrow(page) + page.evaluate(SIDEWAYS)
        if wrong := judge.accessible(page, dark=True) + cut:
            found[address] = wrong
    assert not found, pformat(found, width=200)
