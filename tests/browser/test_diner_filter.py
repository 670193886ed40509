"""Search and filters with one thumb, on a phone without a script."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from playwright.sync_api import expect

from ordering.diner import kept
from ordering.models import Table

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DEMO = Path(settings.BASE_DIR) / "ordering" / "demo" / "bistrot-colette.json"


@pytest.mark.parametrize("script", [True, False])
def test_it_narrows_the_carte_and_tells_nobody(phones, live_server, script):
    """P22, P23: tick, show, read, show all; and no request says what was ticked but the one that asks for it."""
    kept.forget()
    call_command("import_restaurant", str(DEMO), verbosity=0)
    page = phones("en", java_script_enabled=script)
    referrers = []
    page.on("request", lambda request: referrers.append(request.headers.get("referer", "")))
    carte = f"{live_server.url}/r/bistrot-colette/carte/"
    page.goto(f"{live_server.url}/t/{Table.objects.get(number=12).code}/")
    page.goto(carte)
    everything = page.locator("[id^=dish-]").count()
    bar = page.locator("nav.bar")
    expect(bar).to_be_visible()
    page.locator("#filter summary").tap()
    box = page.locator("input[name=without][value=milk]")
    for target in (page.locator("#filter summary"), page.locator("#filter label.btn").first):
        assert target.bounding_box()["height"] >= 44
    # Under the thumb without a turn of the page, also on a small phone; then below all that it is about.
    page.set_viewport_size({"width": 320, "height": 568})
    show = page.locator("#filter button")
    expect(bar).to_be_hidden()
    shown_at = show.bounding_box()
    assert shown_at["height"] >= 44
    assert shown_at["y"] + shown_at["height"] <= 568
    last = page.locator("#filter label.btn").last
    last.locator("input").check()
    last.locator("input").uncheck()
    last_at = last.bounding_box()
    assert last_at["y"] + last_at["height"] <= show.bounding_box()["y"]
    page.locator(".dish").nth(3).scroll_into_view_if_needed()
    expect(bar).to_be_visible()
    box.check()
    show.tap()
    page.wait_for_url(re.compile("without=milk"))
    shown = page.locator("[id^=dish-]").count()
    assert 0 < shown < everything
    expect(page.locator("#filter [role=status]")).to_contain_text(f"{shown} dishes of")
    expect(box).to_be_checked()
    expect(page.locator(".dish .allergens").first).to_be_visible()
    for text in page.locator(".dish .allergens").all_inner_texts():
        assert "milk" not in text
        assert "not declared" not in text
    referrers.clear()
    page.reload()
    page.locator(".dish h3 a").first.tap()
    page.wait_for_url("**/p/**")
    assert not any("milk" in referrer for referrer in referrers)
    page.goto(f"{carte}?without=milk")
    page.locator("#filter [role=status] a").tap()
    page.wait_for_url(re.compile(r"carte/\?lang="))
    expect(page.locator("[id^=dish-]")).to_have_count(everything)
