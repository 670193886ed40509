"""A whole order on a phone, with htmx and without any script."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ordering.models import CartLine, Order
from ordering.services.problems import Problem
from pos_bridge.models import Addition
from tests import factories
from tests.helpers import eventually
from tests.ordering.diner_phone import french, house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = {
    "fr": {
        "soup": "Ajouter Soupe", "choose": "Choisir Steak", "add": "Ajouter", "cart": "Panier",
        "send": "Commander — à payer sur place", "sending": "Envoi en cours", "more": "Un de plus",
        "received": "Reçue par la caisse", "total": "60,00 €", "again": "Reprendre ma commande",
        "one more": "au panier, en ajouter un : Soupe",
    },
    "en": {
        "soup": "Add Soupe (en)", "choose": "Choose Steak (en)", "add": "Add", "cart": "Cart",
        "send": "Order — pay at the restaurant", "sending": "Being sent", "more": "One more",
        "received": "Received by the till", "total": "€60.00", "again": "Take my order back",
        "one more": "in the cart, add one more: Soupe (en)",
    },
}  # fmt: skip


@pytest.fixture
def table():
    return factories.table(house(colour="#7b1e32"))


def join(page, live_server, table, covers="3"):
    page.goto(f"{live_server.url}/t/{table.code}/")
    page.get_by_role("button", name=covers, exact=True).click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    return page.url


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_orders_from_the_card_to_the_till(phones, live_server, table, language, script):
    """F06, P13: two soups by one tap each, two steaks with options, seen, sent, and told."""
    words = WORDS[language]
    page = phones(language, java_script_enabled=script)
    join(page, live_server, table)
    page.get_by_role("button", name=words["soup"], exact=True).click()
    page.get_by_role("button", name=words["one more"]).click()
    page.get_by_role("link", name=words["choose"]).click()
    page.locator("input[value=saignant]").check()
    page.locator("input[value=poivre]").check()
    page.get_by_role("button", name=words["more"]).click()
    expect(page.locator("[name=quantity]")).to_have_value("2")
    expect(page.locator("[data-total]")).to_contain_text("44")
    page.locator("#put").click()
    page.wait_for_url(re.compile(r"/v/[^/]+/#"))
    expect(page.locator("#cart-button")).to_contain_text(words["total"])
    page.get_by_role("link", name=re.compile(rf"^{words['cart']} \d")).click()
    expect(page.locator("#recap")).to_contain_text(words["total"])
    page.get_by_role("button", name=words["send"]).click()
    page.wait_for_url("**/orders/**")
    expect(page.locator("h1")).to_have_text(words["sending"])
    assert page.title().startswith(f"{words['sending']} · ")
    page.locator("#to-carte").focus()
    order = Order.objects.get()
    assert (order.total, order.covers, order.table) == (60_00, 3, table)
    Addition.objects.update(state="received", received_at=timezone.now())
    if not script:
        page.reload()
    expect(page.locator("h1")).to_have_text(words["received"])
    if script:
        expect(page.locator("#said")).to_have_text(words["received"])
        expect(page.locator("#to-carte")).to_be_focused()
    assert page.title().startswith(f"{words['received']} · ")
    assert page.title().endswith(" · Chez Alice")


def test_it_counts_every_tap(phones, live_server, table):
    """Taps that are quicker than the network: each one counts, also on two dishes at once."""
    page = phones()
    join(page, live_server, table)
    page.evaluate(
        """() => { for (let tap = 0; tap < 5; tap++) {
            document.querySelector("#add-carte_soupe").click();
            if (tap < 2) document.querySelector("#add-carte_tarte").click();
        } }"""
    )
    expect(page.locator("#cart-button .count")).to_have_text("7")
    assert dict(CartLine.objects.values_list("product__key", "quantity")) == {
        "soupe": 5,
        "tarte": 2,
    }


def test_it_keeps_the_focus_when_a_part_of_the_page_is_swapped(phones, live_server, table):
    """P23: by keyboard, in the carte and in the cart."""
    page = phones()
    visit = join(page, live_server, table)
    page.locator("#add-carte_soupe").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#add-carte_soupe b")).to_have_text("1")
    expect(page.locator("#add-carte_soupe")).to_be_focused()
    expect(page.locator("#said")).to_have_text("Soupe : 1 au panier")
    page.goto(f"{visit}cart/")
    more = page.locator("button[id^=more-]")
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#total")).to_contain_text("16,00")
    expect(more).to_be_focused()
    page.get_by_role("button", name="Retirer Soupe").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    assert not CartLine.objects.exists()


def slow(page):
    """300 ms until an answer comes."""
    conditions = {
        "offline": False,
        "latency": 300,
        "downloadThroughput": -1,
        "uploadThroughput": -1,
    }
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", conditions)


def with_a_soup(page, live_server, table):
    visit = join(page, live_server, table)
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    page.goto(f"{visit}cart/")
    return visit


@pytest.mark.parametrize("pause", [0, 200, 450, 700])
def test_it_counts_every_tap_on_a_slow_network(phones, live_server, table, pause):
    """F04: the number goes up at once, and what is saved in the end is what it shows."""
    page = phones()
    with_a_soup(page, live_server, table)
    slow(page)
    more = page.locator("[id^=more-]")
    for tap in range(4):
        more.click()
        assert page.locator("[id^=number-]").input_value() == str(tap + 2)
        page.wait_for_timeout(pause)
    expect(page.locator("#total")).to_contain_text("40,00")
    expect(page.locator("[id^=number-]")).to_have_value("5")
    assert CartLine.objects.get().quantity == 5


@pytest.mark.parametrize("pause", [0, 200, 450, 600, 1500])
def test_order_is_never_lost_behind_a_change(phones, live_server, table, pause):
    """P13: an order, or the cart with the request to check it; by the next tap it is sent as shown."""
    page = phones()
    with_a_soup(page, live_server, table)
    slow(page)
    page.locator("[id^=more-]").click()
    page.wait_for_timeout(pause)
    page.locator("#order").click()
    if pause < 1500:
        expect(page.get_by_role("alert").filter(has_text="La commande a changé")).to_be_visible()
        assert not Order.objects.exists()
        expect(page.locator("#total")).to_contain_text("16,00")
        page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    assert Order.objects.get().total == 16_00


def test_a_tap_after_order_is_not_sent_unseen(phones, live_server, table):
    """P13: + while the order waits behind a change; nothing is lost, and the next tap sends what is shown."""
    page = phones()
    with_a_soup(page, live_server, table)
    slow(page)
    page.locator("[id^=more-]").click()
    page.wait_for_timeout(450)
    page.locator("#order").click()
    page.locator("[id^=more-]").click()
    expect(page.get_by_role("alert").filter(has_text="La commande a changé")).to_be_visible()
    expect(page.locator("#total")).to_contain_text("24,00")
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    assert Order.objects.get().total == 24_00


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_what_is_typed_is_what_is_sent(phones, live_server, table, script):
    """P13, F14, F18: typed and sent at once, it is shown first."""
    page = phones(java_script_enabled=script)
    visit = join(page, live_server, table)
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    page.goto(f"{visit}cart/")
    page.locator("[id^=number-]").fill("3")
    page.locator("#covers-number").fill("6")
    page.locator("#order").click()
    expect(page.get_by_role("alert").filter(has_text="La commande a changé")).to_be_visible()
    expect(page.locator("#total")).to_contain_text("24,00")
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    assert (Order.objects.get().total, Order.objects.get().covers) == (24_00, 6)


def test_it_shows_what_another_phone_does_and_keeps_what_is_typed(phones, live_server, table):
    """F10, F18: another phone's line, covers and removal arrive with the next answer."""
    page, other = phones(), phones()
    with_a_soup(page, live_server, table)
    other.goto(f"{live_server.url}/t/{table.code}/")
    other.get_by_role("button", name="Rejoindre").click()
    other.wait_for_url(re.compile(r"/v/[^/]+/$"))
    other.locator("#add-carte_tarte").click()
    expect(other.locator("#cart-button .count")).to_have_text("2")
    table.visits.update(covers=5)
    page.locator("[id^=more-]").click()
    expect(page.locator("#lines")).to_contain_text("Tarte")
    expect(page.locator("#covers-number")).to_have_value("5")
    expect(page.locator("[id^=number-]")).to_have_value("2")
    page.get_by_role("button", name="Retirer Soupe").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Retirer Tarte")).to_be_focused()
    page.get_by_role("button", name="Retirer Tarte").click()
    expect(page.locator("#order")).to_have_count(0)
    assert not CartLine.objects.exists()
    assert table.visits.get().covers == 5


def test_it_judges_no_number_that_is_being_typed(phones, live_server, table):
    """F14: an empty field is refused when it is left, not before the new number is in it."""
    page = phones()
    with_a_soup(page, live_server, table)
    page.locator("[id^=number-]").focus()
    page.keyboard.press("Control+A")
    page.keyboard.press("Backspace")
    page.wait_for_timeout(1000)
    expect(page.locator("#alert")).to_be_empty()
    page.keyboard.press("Tab")
    expect(page.locator("#alert")).to_contain_text(french(Problem("quantity", params={"max": 20})))
    page.locator("[id^=number-]").fill("4")
    page.keyboard.press("Tab")
    expect(page.locator("#total")).to_contain_text("32,00")
    expect(page.locator("#alert")).to_be_empty()


def test_it_moves_no_focus_that_nobody_had(phones, live_server, table):
    """P23: Safari gives a tapped button no focus."""
    page = phones()
    with_a_soup(page, live_server, table)
    page.evaluate("document.addEventListener('mousedown', event => event.preventDefault())")
    page.locator("[id^=more-]").click()
    expect(page.locator("#total")).to_contain_text("16,00")
    page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement === document.body")


def test_it_keeps_a_tap_of_one_who_leaves_at_once(phones, live_server, table):
    """F04."""
    page = phones()
    with_a_soup(page, live_server, table)
    page.locator("[id^=more-]").click()
    page.get_by_role("link", name="La carte").click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    eventually(lambda: CartLine.objects.get().quantity == 2)


def test_it_does_not_scroll_when_a_line_is_removed(phones, live_server, table):
    """P23: two taps on Remove, quicker than the network, remove two lines."""
    for number in range(12):
        factories.product(table.restaurant, f"plat-{number}")
    page = phones()
    visit = with_a_soup(page, live_server, table)
    for number in range(12):
        guest = table.visits.get().guests.get()
        product = table.restaurant.products.get(key=f"plat-{number}")
        CartLine.objects.create(
            visit=guest.visit, guest=guest, product=product, quantity=1, shown_price=product.price
        )
    page.goto(f"{visit}cart/")
    slow(page)
    remove = page.locator("button[name=remove]")
    remove.nth(5).scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    assert before
    page.evaluate("document.querySelectorAll('button[name=remove]')[5].click()")
    page.evaluate("document.querySelectorAll('button[name=remove]')[6].click()")
    expect(remove).to_have_count(11)
    assert abs(page.evaluate("scrollY") - before) < 5
    assert CartLine.objects.count() == 11


def test_enter_in_a_number_does_not_press_minus(phones, live_server, table):
    """P23."""
    page = phones()
    visit = join(page, live_server, table)
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#add-carte_soupe b")).to_have_text("1")
    page.goto(f"{visit}cart/")
    number = page.locator("[id^=number-]")
    number.fill("5")
    number.press("Enter")
    expect(page.locator("#recap")).to_contain_text("40,00")
    assert CartLine.objects.get().quantity == 5


def test_back_and_forward_send_nothing_again(phones, live_server, table):
    """F03, F01: an old page's button leads to the order that it has sent."""
    page = phones()
    visit = join(page, live_server, table)
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    page.goto(f"{visit}cart/")
    page.locator("#order").dblclick()
    page.wait_for_url("**/orders/**")
    sent = page.url
    page.go_back()
    if page.locator("#order").count():
        page.locator("#order").click()
        page.wait_for_url("**/orders/**")
        assert page.url == sent
    else:
        page.go_forward()
    page.reload()
    assert page.url == sent
    assert Order.objects.count() == 1


def test_it_takes_a_refused_order_back_by_one_tap(phones, live_server, table):
    page = phones()
    visit = join(page, live_server, table)
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    page.goto(f"{visit}cart/")
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    Addition.objects.update(state="refused", reason="refused")
    page.get_by_role("button", name="Reprendre ma commande").click()
    page.wait_for_url("**/cart/")
    expect(page.locator("#cart")).to_contain_text("Soupe")
    expect(page.locator("#order")).to_be_visible()


def test_a_price_that_changed_is_shown_in_place(phones, live_server, table):
    """F15: old and new, and the second tap sends."""
    page = phones()
    visit = join(page, live_server, table)
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    page.goto(f"{visit}cart/")
    table.restaurant.products.filter(key="soupe").update(price=9_00)
    page.locator("#order").click()
    expect(page.get_by_role("alert").filter(has_text="8,00 € → 9,00 €")).to_be_visible()
    assert not Order.objects.exists()
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    assert Order.objects.get().total == 9_00
