"""A set menu on a phone at 390 px, from the card to the tape of the till."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from ordering.models import Order, Product, SetMenu
from pos_bridge.models import Register
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from tests import factories
from tests.browser.test_diner_order import join
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def table():
    """The menu of 25.00 with a steak (+ 3.00), and a soup before it."""
    made = house()
    SetMenu.objects.update(register_id="3001")
    course = SetMenu.objects.get().courses.create(key="entree", name={"fr": "Entrée"}, position=0)
    main = SetMenu.objects.get().courses.get(key="plat")
    SetMenu.objects.get().courses.filter(key="plat").update(position=1)
    main.choices.create(product=Product.objects.get(key="biere"), position=1)
    course.choices.create(product=Product.objects.get(key="soupe"))
    course.choices.create(product=Product.objects.get(key="tarte"), supplement=1_00)
    return factories.table(made)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_it_is_composed_corrected_ordered_and_booked_p13(phones, live_server, table, script):
    with Leo2Register(Catalogue.of_everything()) as till:
        Register.objects.update(base_url=till.url)
        page = phones(java_script_enabled=script)
        join(page, live_server, table)
        page.get_by_role("link", name=re.compile("Menu du jour")).click()
        page.wait_for_url("**/m/menu/")
        cooking = page.locator("input[value=bleu]")
        expect(cooking).to_be_hidden()
        page.locator("input[value=steak]").check()
        expect(cooking).to_be_visible()
        page.locator("input[value=poivre]").check()
        page.locator("input[value=tarte]").check()
        if script:
            expect(page.locator("[data-total]")).to_contain_text("31,00")
            # Another choice: what was asked about the first one counts no more; a deposit is always added.
            page.locator("input[value=biere]").check()
            expect(page.locator("[data-total]")).to_contain_text("27,00")
            page.locator("input[value=steak]").check()
            expect(page.locator("[data-total]")).to_contain_text("31,00")
        # The cooking is missing: said at the course, and nothing else is lost.
        page.locator("#put").click()
        expect(page.locator("#wrong-plat")).to_contain_text("Steak")
        expect(page.locator("input[value=tarte]")).to_be_checked()
        expect(page.locator("[data-total]")).to_contain_text("31,00")
        width = page.evaluate("document.documentElement.scrollWidth") if script else 390
        assert width <= 390
        page.locator("input[value=bleu]").check()
        page.locator("#put").click()
        page.wait_for_url(re.compile(r"/v/[^/]+/#"))
        page.locator("#cart-button a, a#cart-button").first.click()
        expect(page.locator("#lines")).to_contain_text("Tarte")
        expect(page.locator("#lines")).to_contain_text("Poivre")
        expect(page.locator("#recap")).to_contain_text("31,00")
        page.get_by_role("button", name="Commander — à payer sur place").click()
        page.wait_for_url("**/orders/**")
        expect(page.locator(".slip")).to_contain_text("Steak")
        order = Order.objects.get()
        assert order.total == 31_00
        call_command("deliver", "--once")
        (entry,) = till.ledger()
        (line,) = entry["body"]["products"]
        assert float(entry["body"]["total_order"]["ttc"]) == 31.00
        inside = [float(each["price"]["unit_ttc"]) for each in line["products"]]
        assert inside == [1.00, 3.00]
        tape = phones()
        tape.goto(till.url)
        expect(tape.locator("body")).to_contain_text("31,00")
