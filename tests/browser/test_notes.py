"""Notes, one steak after the other, and how it shall be brought, on a phone at 390 px, from the dish to the tape."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from ordering.models import CartLine, Order, Product, Visit
from ordering.services.serving import in_house_words
from pos_bridge.models import Register
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from tests import factories
from tests.browser.test_diner_order import join
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def table():
    made = house(
        notes=[{"key": "sans-sel", "text": {"fr": "Sans sel", "en": "No salt"}}], free_note=True
    )
    Product.objects.filter(key="soupe").update(course=1)
    Product.objects.filter(key="steak").update(course=2)
    return factories.table(made)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_notes_and_the_wish_reach_the_tape_f19(phones, live_server, table, script):
    with Leo2Register(Catalogue.of_everything()) as till:
        Register.objects.update(base_url=till.url)
        page = phones(java_script_enabled=script)
        join(page, live_server, table)
        page.get_by_role("link", name=re.compile("Steak")).first.click()
        page.locator("input[value=bleu]").check()
        page.locator("input[value=sans-sel]").check()
        page.locator("#free-note").fill("très <b>chaud</b>")
        page.locator("#each button").click()
        # Named beside its field, and what was chosen stays chosen.
        expect(page.locator("#free-note-wrong")).to_contain_text("<")
        expect(page.locator("#free-note")).to_have_value("très <b>chaud</b>")
        expect(page.locator("input[value=sans-sel]")).to_be_checked()
        page.locator("#free-note").fill("très chaud")
        page.locator("#each button").click()
        page.wait_for_url("**/p/steak/?left=1")
        page.locator("input[value=saignant]").check()
        width = page.evaluate("document.documentElement.scrollWidth") if script else 390
        assert width <= 390
        page.locator("#put").click()
        page.wait_for_url(re.compile(r"/v/[^/]+/#"))
        assert CartLine.objects.count() == 2
        page.locator("#add button[value=soupe], button[value=soupe]").first.click()
        expect(page.locator("#cart-button")).to_contain_text("3")
        page.goto(f"{live_server.url}/v/{Visit.objects.get().code}/cart/")
        expect(page.locator("#lines")).to_contain_text("Sans sel, très chaud")
        page.locator("#serving-together").check()
        if not script:
            page.locator("#serving noscript button, #serving button").click()
        expect(page.locator("#serving-together")).to_be_checked()
        if script:
            expect(page.locator("input[name=serving_before]")).to_have_value("together")
        page.locator("#order").click()
        page.wait_for_url("**/orders/**")
        expect(page.locator(".slip")).to_contain_text("très chaud")
        assert Order.objects.get().serving == "together"
        call_command("deliver", "--once")
        (entry,) = till.ledger()
        notes = [each["title"] for each in entry["body"]["products"][0]["messages"][1:]]
        assert notes == ["Sans sel, « très chaud »", in_house_words("together", [1, 2], "fr")]
        tape = phones()
        tape.goto(till.url)
        expect(tape.locator("body")).to_contain_text("Sans sel, « très chaud »")
