"""The whole order in Firefox and in WebKit, with JavaScript and without. In Chromium, test_demo.py does it."""

import sys

import pytest
from django.core.management import call_command

from pos_bridge.models import Register
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from tests import factories
from tests.browser import webdriver
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.django_db(transaction=True)]

ENGINES = [webdriver.firefox, *([webdriver.webkit] if sys.platform == "linux" else [])]


def fits(page):
    """Nothing reaches beyond a phone's width."""
    if page.script:
        assert page.run("return [innerWidth, document.documentElement.scrollWidth]") == [390, 390]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("engine", ENGINES, ids=lambda each: each.__name__)
def test_it_orders_from_the_card_to_the_till(live_server, tmp_path, engine, script):
    """P13, F06: one tap adds the soup, the steak asks, and both stand on the register, once."""
    table = factories.table(house())
    with (
        Leo2Register(Catalogue.of_everything()) as till,
        engine(tmp_path, script=script) as page,
    ):
        Register.objects.update(base_url=till.url)
        page.open(f"{live_server.url}/t/{table.code}/")
        fits(page)
        page.click("button[name=covers][value='3']")
        page.wait_for_address(r"/v/[^/]+/$")
        page.click("#add-carte_soupe")
        page.wait_for("#cart-button .count", "1")
        fits(page)
        page.click("#add-carte_steak")
        page.wait_for_address("/p/steak/$")
        page.click("label:has(input[value=saignant])")
        page.wait_for_element("input[value=saignant]:checked")
        page.click("label:has(input[value=poivre])")
        page.wait_for_element("input[value=poivre]:checked")
        # Only a script reckons before anything is sent.
        page.wait_for("[data-total]", "22,00 €" if script else "20,00 €")
        fits(page)
        page.click("#put")
        page.wait_for_address("/v/[^/]+/#")
        page.wait_for("#cart-button", "30,00 €")
        page.click("a#cart-button, #cart-button a")
        page.wait_for("#recap", "30,00 €")
        fits(page)
        page.click("#order")
        page.wait_for_address("/orders/")
        page.wait_for("h1", "Envoi en cours")
        call_command("deliver", "--once")
        if not script:
            page.ask("Refresh")
        page.wait_for("h1", "Reçue par la caisse")
        fits(page)
        (entry,) = till.ledger()
    body = entry["body"]
    assert (body["table"], body["nbCouverts"]) == (int(table.number), 3)
    assert float(body["total_order"]["ttc"]) == 30.00
    assert len(body["products"]) == 2
