"""Between phone and server: no network, failures, no script. Each is said in words, and nothing is sent twice."""

import re

import pytest
from playwright.sync_api import expect

from ordering.models import CartLine, Order
from tests import factories
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SENT_AGAIN = {
    "fr": {
        404: "Cette page n’existe plus. Scannez à nouveau le code de votre table.",
        413: "C’était trop long pour être lu : rien n’a été envoyé.",
        429: "Trop d’essais à la fois. Patientez un instant, puis réessayez.",
        403: "Cette page est ouverte depuis trop longtemps. Rien n’a été envoyé, votre panier est gardé. "
        "Recharger la page",
        500: "Quelque chose s’est mal passé de notre côté. Réessayez : rien ne partira deux fois.",
        502: "Quelque chose s’est mal passé de notre côté. Réessayez : rien ne partira deux fois.",
        503: "Trop de monde à la fois. Réessayez : rien ne partira deux fois.",
        "nothing": "Trop de monde à la fois : rien n’a été envoyé. Réessayez.",
        "offline": "Pas de réseau : rien n’est encore envoyé. Cette page l’envoie d’elle-même dès qu’il revient.",
        "lost": "Le restaurant ne répond pas. Cette page réessaie d’elle-même : rien ne partira deux fois.",
        "timeout": "La réponse se fait attendre. Cette page réessaie d’elle-même : rien ne partira deux fois.",
        "status": "Le restaurant ne répond pas. Cette page réessaie d’elle-même.",
    },
    "en": {
        "offline": "No network: not sent yet. This page sends it by itself as soon as there is one.",
        500: "Something went wrong on our side. Try again: it will not be sent twice.",
    },
}


@pytest.fixture
def table():
    return factories.table(house())


def in_cart(page, live_server, table):
    """A phone that looks at its cart, with one soup in it."""
    page.goto(f"{live_server.url}/t/{table.code}/")
    page.get_by_role("button", name="2", exact=True).click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    page.locator("#add-carte_soupe").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    page.goto(f"{page.url}cart/")
    return page.locator("[name=submission_key]").get_attribute("value")


def said(page):
    """The alert's text, no-break spaces as spaces."""
    alert = page.locator("[role=alert]:not(:empty)")
    expect(alert).to_be_in_viewport()
    return " ".join(alert.inner_text().split())


def test_it_says_that_there_is_no_network_and_sends_once_there_is(phones, live_server, table):
    """F04: by itself, with the same key."""
    page = phones("en")
    key = in_cart(page, live_server, table)
    page.context.set_offline(True)
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["en"]["offline"]
    assert page.locator("[name=submission_key]").get_attribute("value") == key
    page.context.set_offline(False)
    page.wait_for_url("**/orders/**")
    assert [order.submission_key for order in Order.objects.all()] == [key]


@pytest.mark.parametrize("status", [403, 404, 413, 429, 500, 502, 503])
def test_it_shows_every_failure_of_the_server(phones, live_server, table, status):
    """F05: whatever the answer's body is."""
    page = phones()
    key = in_cart(page, live_server, table)
    page.route("**/send/", lambda route: route.fulfill(status=status, body="<html>no</html>"))
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["fr"][status]
    page.unroute("**/send/")
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    assert Order.objects.get().submission_key == key


def test_it_says_that_nothing_was_sent_only_where_our_server_is_sure(phones, live_server, table):
    """F21: its own word for it, which no proxy says."""
    page = phones()
    in_cart(page, live_server, table)
    sure = {"X-Nothing-Sent": "1"}
    page.route("**/send/", lambda route: route.fulfill(status=503, headers=sure))
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["fr"]["nothing"]


def test_it_claims_nothing_when_the_network_goes_while_it_sends(phones, live_server, table):
    """F02, F04, P9: the order has arrived, only its answer is lost with the network."""
    page = phones()
    in_cart(page, live_server, table)

    def go_offline(route):
        route.fetch()
        page.context.set_offline(True)
        route.abort()

    page.route("**/send/", go_offline)
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["fr"]["lost"]
    assert Order.objects.count() == 1
    page.unroute("**/send/")
    page.context.set_offline(False)
    page.wait_for_url("**/orders/**")
    assert Order.objects.count() == 1


def test_what_failed_is_forgotten_once_the_server_answers(phones, live_server, table):
    """F04, F05: also where it refuses."""
    page = phones()
    in_cart(page, live_server, table)
    page.context.set_offline(True)
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["fr"]["offline"]
    table.restaurant.products.filter(key="soupe").update(price=9_00)
    page.context.set_offline(False)
    expect(page.locator("#news [role=alert] p")).to_have_text(
        "La commande a changé depuis que vous l’avez vue : rien n’a été envoyé. "
        "Vérifiez-la, puis envoyez à nouveau."
    )
    expect(page.locator("#failure")).to_be_empty()


def test_it_says_it_in_the_page_s_language(phones, live_server, table):
    """F05."""
    page = phones("en")
    in_cart(page, live_server, table)
    page.route("**/send/", lambda route: route.fulfill(status=500))
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["en"][500]


def test_it_says_that_an_answer_was_lost_and_finds_the_order_again(phones, live_server, table):
    """F02, F05: the server has it, the phone does not know; the same key leads to the same order."""
    page = phones()
    in_cart(page, live_server, table)

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    page.route("**/send/", lose_the_answer)
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["fr"]["lost"]
    assert Order.objects.count() == 1
    page.unroute("**/send/")
    page.wait_for_url("**/orders/**")
    assert Order.objects.count() == 1


def test_it_says_that_the_answer_takes_too_long(phones, live_server, table):
    """F05: after ten seconds; here they are shortened."""
    page = phones()
    in_cart(page, live_server, table)
    assert page.evaluate("htmx.config.timeout") == 10_000
    page.evaluate("htmx.config.timeout = 200")
    page.route("**/send/", lambda route: None)
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["fr"]["timeout"]
    expect(page.locator("#order")).to_be_enabled()


def test_it_says_on_the_carte_what_failed_there(phones, live_server, table):
    """F05: at the bottom, wherever the page is scrolled to; the next success clears it."""
    page = phones()
    in_cart(page, live_server, table)
    page.goto(page.url.removesuffix("cart/"))
    page.route("**/add/", lambda route: route.abort())
    page.locator("#add-carte_tarte").click()
    assert said(page) == SENT_AGAIN["fr"]["lost"]
    page.unroute("**/add/")
    expect(page.locator("#cart-button .count")).to_have_text("2")
    expect(page.locator("#alert")).to_be_empty()


def test_it_says_on_the_carte_what_was_refused(phones, live_server, table):
    """P14."""
    page = phones()
    in_cart(page, live_server, table)
    page.goto(page.url.removesuffix("cart/"))
    table.restaurant.products.filter(key="tarte").update(sold_out=True)
    page.locator("#add-carte_tarte").click()
    assert said(page) == "Épuisé."


def test_it_leads_on_when_the_form_is_too_old(phones, live_server, table):
    """F08: the link mints a new form, and the cart is there."""
    page = phones()
    in_cart(page, live_server, table)
    cookies = [cookie for cookie in page.context.cookies() if cookie["name"] != "csrftoken"]
    page.context.clear_cookies()
    page.context.add_cookies(cookies)
    page.locator("#order").click()
    assert said(page) == SENT_AGAIN["fr"][403]
    page.get_by_role("link", name="Recharger la page").click()
    expect(page.locator("#cart")).to_contain_text("Soupe")
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")


def test_it_asks_to_scan_when_the_meal_was_closed_meanwhile(phones, live_server, table):
    """P17, F12."""
    page = phones()
    in_cart(page, live_server, table)
    visit = table.visits.get()
    visit.ended_at = visit.opened_at
    visit.save(update_fields=["ended_at"])
    page.locator("#order").click()
    expect(page.locator("h1")).to_have_text("Scannez à nouveau le code de votre table")
    assert not Order.objects.exists()


def test_it_keeps_asking_while_the_network_is_away(phones, live_server, table):
    """F05: a status page that cannot ask says so, and goes on by itself."""
    page = phones()
    in_cart(page, live_server, table)
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    page.context.set_offline(True)
    assert said(page) == SENT_AGAIN["fr"]["status"]
    page.context.set_offline(False)
    expect(page.locator("#alert")).to_be_empty()


def test_a_phone_without_our_cookie_is_told_too(phones, live_server, table):
    """F05, F07: the state's address is enough to hear that it cannot be asked for."""
    page = phones()
    in_cart(page, live_server, table)
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    page.context.clear_cookies()
    page.reload()
    page.context.set_offline(True)
    assert said(page) == SENT_AGAIN["fr"]["status"]


@pytest.mark.parametrize("missing", ["htmx", "app.js"])
def test_it_orders_when_a_script_did_not_load(phones, live_server, table, missing):
    """F06: on restaurant Wi-Fi."""
    page = phones()
    page.route(re.compile(missing), lambda route: route.abort())
    page.goto(f"{live_server.url}/t/{table.code}/")
    page.get_by_role("button", name="2", exact=True).click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    page.get_by_role("button", name="Ajouter Soupe", exact=True).click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    page.locator("#cart-button").click()
    page.get_by_role("button", name="Un de plus", exact=True).click()
    expect(page.locator("[id^=number-]")).to_have_value("2")
    expect(page.locator("#total")).to_contain_text("16,00")
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    assert Order.objects.get().total == 16_00
    assert not CartLine.objects.exists()
