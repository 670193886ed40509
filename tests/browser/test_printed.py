"""The pages that are printed from admin: accessible, and no wider than the paper."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from ordering.diner import kept
from ordering.models import Restaurant
from tests.browser.judge import RULES
from tests.ordering.admin_cast import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DEMO = Path(settings.BASE_DIR) / "ordering" / "demo" / "bistrot-colette.json"
A4 = 794  # pixels of 1/96 inch


@pytest.mark.parametrize("name", ["allergens", "paper", "paper large", "slip", "slip large"])
def test_what_is_printed_is_accessible_and_fits_the_paper(phones, live_server, name):
    """P22, P23: on the screen and as it is printed."""
    kept.forget()
    call_command("import_restaurant", str(DEMO), verbosity=0)
    colette = Restaurant.objects.get()
    client = Client()
    client.force_login(person("bob", service=[colette]))
    page = phones(width=A4)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    kind, _, size = name.partition(" ")
    where = f"{live_server.url}/admin/ordering/restaurant/{colette.pk}/{kind}/?size={size}"
    for language in ("fr", "en"):
        page.goto(f"{where}&lang={language}")
        violations = Axe().run(page, options=RULES).response["violations"]
        assert not [(each["id"], each["nodes"][0]["html"][:200]) for each in violations]
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= A4
    assert not page.locator("header.screen").is_visible()
