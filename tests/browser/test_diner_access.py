"""Accessible, narrow, and on its own: every page of the diner, on the demo's carte."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from ordering.diner import kept
from ordering.models import Guest, Order, Product, Restaurant, Table, Visit
from ordering.services import cart, carte, visits
from pos_bridge.models import Addition

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DEMO = Path(settings.BASE_DIR) / "ordering" / "demo" / "bistrot-colette.json"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Its own list of landmarks does not know a sticky bar after main.
    "rules": {"region": {"enabled": False}},
}


@pytest.fixture
def colette():
    kept.forget()
    call_command("import_restaurant", str(DEMO), verbosity=0)
    return Restaurant.objects.get(slug="bistrot-colette")


def walk(page, live_server, restaurant):
    """Every page, with everything on it that it can show: its name each time."""
    base = live_server.url
    table = restaurant.tables.get(number=12)
    for name, address in {
        "unknown code": "/t/unknown/",
        "scan again": "/v/AAAAAAAAAAAAAAAAAAAAAA/",
        "to read": "/r/bistrot-colette/carte/",
        "filtered": "/r/bistrot-colette/carte/?without=milk&diet=vegetarian",
        "nothing found": "/r/bistrot-colette/carte/?q=pizza",
        "dish to read": "/r/bistrot-colette/carte/p/bavette/",
        "data": "/r/bistrot-colette/data/",
    }.items():
        page.goto(base + address)
        yield name
    page.goto(f"{base}/t/{restaurant.tables.get(number=25).code}/")
    yield "table off"
    Restaurant.objects.update(hours=[{"days": ["sun"], "from": "04:00", "to": "04:01"}])
    page.goto(f"{base}/t/{table.code}/")
    yield "closed"
    Restaurant.objects.update(hours=None)
    page.goto(f"{base}/t/{table.code}/")
    page.locator("summary").click()
    yield "welcome"
    page.get_by_role("button", name="3", exact=True).click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    visit = page.url
    yield "carte"
    page.locator("#show-allergens").check()
    page.locator("#add-entrees_oeuf").click()
    expect(page.locator("#cart-button .count")).to_have_text("1")
    yield "carte with allergens"
    page.goto(f"{visit}p/bavette/")
    page.evaluate("document.querySelector('#choices').noValidate = true")
    page.locator("#put").click()
    expect(page.locator("#alert .box")).to_be_visible()
    yield "dish, refused"
    page.goto(f"{visit}p/bavette/")
    for value in ("saignante", "gratin", "os"):
        page.locator(f"input[value={value}]").check()
    yield "dish"
    page.locator("#put").click()
    page.wait_for_url(re.compile("#dish"))
    page.goto(f"{visit}m/menu-colette/")
    page.locator("[id^=course-] input").last.check()
    yield "set menu"
    page.evaluate("document.querySelector('#choices').noValidate = true")
    page.locator("#put").click()
    expect(page.locator("[id^=wrong-]").first).to_be_visible()
    yield "set menu, refused"
    Product.objects.filter(key="bavette").update(price=25_00)
    page.goto(f"{visit}cart/")
    yield "cart"
    Product.objects.filter(key="bavette").update(sold_out=True)
    page.locator("#order").click()
    expect(page.locator("#alert .box")).to_be_visible()
    yield "cart, refused"
    Product.objects.filter(key="bavette").update(sold_out=False)
    page.goto(f"{visit}cart/")
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    sent = page.url
    yield "sending"
    for state in ("received", "refused", "held"):
        Addition.objects.update(state=state, reason="refused")
        page.goto(sent)
        yield state
    page.goto(f"{visit}cart/")
    yield "cart, empty"
    page.locator("#call").click()
    page.locator("[name=pay]").first.click()
    expect(page.locator("#live .called")).to_be_visible()
    yield "calls"
    yield from together(page, f"{base}/t/{table.code}/", visit)


def together(page, card, visit):
    """What only a party of several sees, or the one that comes after it."""
    party = Visit.objects.get()
    Guest.objects.update(name="Maximiliane-Therese")
    for secret in ("another phone", "a third one"):
        # The bill was called for: whoever comes now is asked which party is theirs.
        theirs = visits.Answer(party.opened_at, belongs=True)
        guest = visits.join(table=party.table, secret=secret, covers=None, answer=theirs)
        cart.add(guest=guest, product_key="oeuf", quantity=2, chosen=[])
    page.goto(f"{visit}cart/")
    page.locator("#name summary").click()
    yield "cart of two"
    page.goto(f"{visit}p/oeuf/")
    page.locator("#put").click()
    page.wait_for_url(re.compile("#dish"))
    page.goto(f"{visit}cart/")
    page.locator("#ready").click()
    expect(page.locator("#wait")).to_be_visible()
    yield "cart of three, ready"
    page.goto(f"{visit}orders/")
    yield "all that was ordered"
    Visit.objects.update(touched_at=timezone.now() - timedelta(minutes=20))
    page.context.clear_cookies()
    page.goto(card)
    expect(page.locator("[name=seated]")).to_be_attached()
    yield "which party"
    page.locator("button[value=yes]").click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    visits.end(visit=party)
    page.goto(f"{visit}cart/")
    yield "ended"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_violation_on_any_page(phones, live_server, colette, scheme):
    """P23: WCAG 2.2 A and AA, by axe."""
    page = phones(color_scheme=scheme)
    found = {}
    for name in walk(page, live_server, colette):
        violations = Axe().run(page, options=RULES).response["violations"]
        if violations:
            found[name] = [
                (each["id"], [node["html"][:200] for node in each["nodes"]][:3])
                for each in violations
            ]
    assert not found


FIVE = [code for code, _name in settings.LANGUAGES]


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_it_never_scrolls_sideways(phones, live_server, colette, language):
    """P23: 320 px wide, with long names; and with text at 200 %. German has the longest words, and the five languages
    to choose from."""
    if language == "de":
        Restaurant.objects.update(languages=FIVE)
    Table.objects.filter(number=12).update(number=89_999)
    Table.objects.create(restaurant=colette, number=12)
    long = "Anticonstitutionnellement " + "x" * 60
    Product.objects.filter(key="croissant").update(name={"fr": long}, description={"fr": long})
    carte.changed(restaurant_id=colette.pk)
    page = phones(language, width=320)
    wide = {}
    for name in walk(page, live_server, colette):
        for text in ("", "200%"):
            page.evaluate("text => { document.documentElement.style.fontSize = text }", text)
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                wide[name, text] = width
        page.evaluate("document.documentElement.style.fontSize = ''")
    assert not wide


@pytest.mark.parametrize("language", FIVE)
def test_five_languages_stand_in_one_row_and_closed_in_one_line(
    phones, live_server, colette, language
):
    """P23: a word is not broken in two because it is German; every link is a finger high."""
    Restaurant.objects.update(languages=FIVE, hours=[])
    page = phones(language)
    page.goto(f"{live_server.url}/t/{colette.tables.get(number=12).code}/")
    boxes = [link.bounding_box() for link in page.locator(".lang a").all()]
    assert len(boxes) == 5
    assert len({box["y"] for box in boxes}) == 1
    assert all(box["height"] >= 44 for box in boxes)
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        lines = page.locator("h1").evaluate(
            "h1 => h1.clientHeight / parseFloat(getComputedStyle(h1).lineHeight)"
        )
        assert lines < 1.5
    page.locator(".lang a").last.click()
    expect(page.locator("html")).to_have_attribute("lang", FIVE[-1])


def test_it_asks_nobody_else_and_breaks_no_rule(phones, live_server, colette):
    """P21, T15, T28: no other host, two cookies, no word from the policy, no address with the code as referrer."""
    page = phones()
    hosts, said, referrers = set(), [], set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("request", lambda request: referrers.add(request.headers.get("referer", "")))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for _name in walk(page, live_server, colette):
        pass
    assert hosts == {live_server.url.removeprefix("http://")}
    assert {cookie["name"] for cookie in page.context.cookies()} == {"tablee", "csrftoken"}
    # What the browser itself notes of the answers that are meant to fail: 404, 403, and twice 422.
    assert [text for text in said if "Failed to load resource" not in text] == []
    code = colette.tables.get(number=12).code
    assert not any(code in referrer for referrer in referrers)


def test_it_orders_by_keyboard_alone(phones, live_server, colette):
    """P23: Tab, Space, Enter and the arrows."""
    page = phones()
    page.goto(f"{live_server.url}/t/{colette.tables.get(number=12).code}/")

    def tab_to(selector):
        for _ in range(400):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab does not reach {selector}")

    tab_to(".plate[value='2']")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    tab_to("#dish-plats_bavette a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/bavette/")
    tab_to("input[name='option.cuisson']")
    page.keyboard.press("Space")
    tab_to("input[name='option.garniture']")
    page.keyboard.press("ArrowDown")
    tab_to("#put")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("#dish"))
    tab_to("#cart-button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cart/")
    tab_to("#order")
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/**")
    assert Order.objects.count() == 1


def test_it_marks_the_category_that_is_read(phones, live_server, colette):
    page = phones()
    page.goto(f"{live_server.url}/r/bistrot-colette/carte/#c-desserts")
    marked = page.locator(".strip a[href='#c-desserts']")
    expect(marked).to_have_css("color", "rgb(35, 27, 21)")


def test_it_jumps_to_where_a_dish_is_in_a_carte_that_is_still_laid_out(
    phones, live_server, colette
):
    """What is far below is laid out in steps; a guess at its height must not move what somebody looks for."""
    page = phones()
    carte = f"{live_server.url}/r/bistrot-colette/carte/"
    guessed = (
        "[...document.querySelectorAll('.dish')].filter(each => "
        "getComputedStyle(each).contentVisibility === 'auto').length"
    )
    page.add_init_script(
        f"addEventListener('DOMContentLoaded', () => {{ window.atFirst = {guessed}; "
        "document.querySelector('.strip li:last-child a').click(); "
        f"window.jumped = {guessed} }})"
    )
    page.goto(carte)
    assert page.evaluate("window.atFirst") > 0
    assert page.evaluate("window.jumped") == 0

    page = phones()
    page.goto(carte)
    all_laid = f"{guessed} === 0 ? done() : requestAnimationFrame(look)"
    page.evaluate(f"new Promise(done => {{ const look = () => {all_laid}; look() }})")
