"""How it feels: few taps, an answer at once, nothing that jumps, no place that is lost."""

import re

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from ordering.models import CartLine, Order, Product, Restaurant
from ordering.services import carte
from pos_bridge.models import Addition
from tests.browser.test_diner_access import DEMO

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CARTE = re.compile(r"/v/[^/]+/(#.*)?$")
# Each page's layout shift, kept beyond it; and whether a picture of the page before led to it.
OBSERVE = """
addEventListener("pagereveal", event => { window.faded = Boolean(event.viewTransition); });
window.shift = 0;
new PerformanceObserver(list => list.getEntries().forEach(entry => {
  if (!entry.hadRecentInput) window.shift += entry.value;
})).observe({type: "layout-shift", buffered: true});
"""
# Where the dish stood when something was tapped: a tap may have to scroll first.
REMEMBER = """
addEventListener("click", () => {
  const dish = document.querySelector("#dish-plats_bavette");
  if (dish) window.name = Math.round(dish.getBoundingClientRect().top);
}, true);
"""
# Whether pages may fade into each other now; a browser that is busy leaves it out all the same.
FADES = """[...document.styleSheets].flatMap(sheet => [...sheet.cssRules]).some(function holds(rule) {
  if (rule instanceof CSSViewTransitionRule) return rule.navigation === "auto";
  if (rule instanceof CSSMediaRule && !matchMedia(rule.conditionText).matches) return false;
  return [...(rule.cssRules ?? [])].some(holds);
})"""
# Where the first of these stands on the screen.
TOP = "selector => Math.round(document.querySelector(selector).getBoundingClientRect().top)"
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def colette():
    cache.clear()
    call_command("import_restaurant", str(DEMO), verbosity=0)
    Restaurant.objects.update(hours=None)
    return Restaurant.objects.get(slug="bistrot-colette")


class Thumb:
    """Taps and counts, and hears what has shifted on each page."""

    def __init__(self, page):
        self.page, self.taps = page, 0

    def tap(self, selector):
        self.page.locator(selector).first.tap()
        self.taps += 1

    def stands_still(self):
        self.page.wait_for_timeout(50)
        assert self.page.evaluate("window.shift") <= 0.02, self.page.url


def scanned(phones, live_server, restaurant):
    page = phones()
    page.add_init_script(OBSERVE)
    page.goto(f"{live_server.url}/t/{restaurant.tables.get(number=12).code}/")
    return page, Thumb(page)


def test_it_takes_eight_taps_and_nothing_jumps(phones, live_server, colette):
    """P23: from the scan to a sent order of two dishes, one with a choice to make; back leads to the carte, and sends
    nothing again."""
    page, thumb = scanned(phones, live_server, colette)
    thumb.tap(".plate[value='2']")
    page.wait_for_url(CARTE)
    thumb.stands_still()
    thumb.tap("button.add[value=poireaux]")
    # Whoever goes on at once takes the tap along.
    thumb.tap("#dish-plats_bavette h3 a")
    page.wait_for_url("**/p/bavette/")
    thumb.stands_still()
    thumb.tap("label:has([name='option.cuisson'])")
    thumb.tap("label:has([name='option.garniture'])")
    thumb.tap("#put")
    page.wait_for_url(re.compile("#dish-plats_bavette"))
    expect(page.locator("#dish-plats_bavette")).to_be_in_viewport()
    thumb.tap("#cart-button")
    page.wait_for_url("**/cart/")
    thumb.stands_still()
    thumb.tap("#order")
    page.wait_for_url("**/orders/**")
    assert thumb.taps <= 8
    assert Order.objects.get().lines.count() == 2
    page.evaluate("document.querySelector('#to-carte').focus()")
    Addition.objects.update(state="received", received_at=timezone.now())
    expect(page.locator("h1")).to_have_text("Reçue par la caisse")
    expect(page.locator("#to-carte")).to_be_focused()
    thumb.stands_still()
    page.go_back()
    page.wait_for_url(CARTE)
    expect(page.locator("#cart-button .count")).to_have_count(0)
    expect(page.locator(".add b")).to_have_count(0)
    page.go_forward()
    page.wait_for_url("**/orders/**")
    assert Order.objects.count() == 1


def test_a_tap_answers_at_once_and_takes_it_back(phones, live_server, colette):
    """F04, F05, P23: the number is there before the answer, the sum is not; what failed is taken back, in words, and
    what is in the cart all the same is shown as soon as it can be asked."""
    page, thumb = scanned(phones, live_server, colette)
    thumb.tap(".plate[value='2']")
    page.wait_for_url(CARTE)
    button = page.locator("button.add[value=poireaux]").first
    cart, said = page.locator("#cart-button"), page.locator("#said")
    held, sent = [], []

    def hold_the_first(route):
        sent.append(route)
        if len(sent) == 1:
            held.append(route)
        else:
            route.continue_()

    page.route("**/add/", hold_the_first)
    for _ in range(5):
        thumb.tap("button.add[value=poireaux]")
    expect(button).to_have_text(re.compile("^5"))
    expect(cart).to_have_text(re.compile("^Panier 5"))
    expect(said).to_be_empty()
    assert not CartLine.objects.exists()
    assert len(sent) == 1
    # The cart waits for what is under way.
    thumb.tap("#cart-button")
    assert CARTE.search(page.url)
    held.pop().continue_()
    page.wait_for_url("**/cart/")
    page.unroute("**/add/")
    assert CartLine.objects.get().quantity == 5
    page.go_back()
    expect(cart.locator(".count")).to_have_text("5")
    before, sum_ = button.inner_text(), cart.inner_text()
    assert "€" in sum_

    def fails(words, answer):
        page.route("**/add/", lambda route: held.append(route))
        thumb.tap("button.add[value=poireaux]")
        expect(button).to_have_text(re.compile("^6"))
        expect(cart.locator("[data-hoped]")).to_have_text("6")
        thumb.tap("#cart-button")
        answer(held.pop())
        expect(page.locator("#alert")).to_contain_text(words)
        expect(page.locator("[data-hoped]")).to_have_count(0)
        assert CARTE.search(page.url), "it is read here"
        expect(cart).to_be_focused()
        page.unroute("**/add/")

    fails("ne répond pas", lambda route: route.abort())
    assert (button.inner_text(), cart.inner_text()) == (before, sum_)
    fails("de notre côté", lambda route: route.fulfill(status=500))
    assert (button.inner_text(), cart.inner_text()) == (before, sum_)
    page.wait_for_timeout(600)  # a shift that a tap has brought is none
    page.evaluate("window.shift = 0")
    # Refused: by its own words, and the number is the old one.
    Product.objects.filter(key="poireaux").update(sold_out=True)
    fails("Épuisé", lambda route: route.continue_())
    assert (button.inner_text(), cart.inner_text()) == (before, sum_)
    thumb.stands_still()
    Product.objects.filter(key="poireaux").update(sold_out=False)

    def loses_the_answer(route):
        route.fetch()
        route.abort()

    fails("ne répond pas", loses_the_answer)
    expect(button).to_have_text(re.compile("^6"))
    expect(cart.locator(".count")).to_have_text("6")
    assert CartLine.objects.get().quantity == 6


def test_the_place_in_the_carte_is_never_lost(phones, live_server, colette):
    """P23, F16: there and back, in another language, unfiltered again, loaded again; the strip follows, the keyboard
    hides nothing, and pages fade into each other without holding up a tap."""
    page, thumb = scanned(phones, live_server, colette)
    page.add_init_script(REMEMBER)
    thumb.tap(".plate[value='2']")
    page.wait_for_url(CARTE)
    page.wait_for_load_state()
    thumb.tap(".panels label:has(#show-allergens)")
    dish, strip = "#dish-plats_bavette", page.locator(".strip ul")

    def there(by):
        page.evaluate(f"document.querySelector('{dish}').scrollIntoView({{behavior: 'instant'}})")
        page.evaluate(f"window.name = ({TOP})('{dish}')")
        by()
        page.wait_for_function("document.readyState === 'complete'", polling=100)
        page.wait_for_function(
            f"Math.abs(({TOP})('{dish}') - Number(window.name)) < 2",
            polling=100,  # a picture of the page before may hold its frames up
        )
        expect(page.locator("#show-allergens")).to_be_checked()

    entries = page.evaluate("history.length")

    def by_the_browser():
        assert not page.evaluate("window.faded"), "who wants no motion sees none"
        assert not page.evaluate(FADES)
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(FADES), "and who has nothing against it sees some"
        thumb.tap(f"{dish} h3 a")
        page.wait_for_url("**/p/bavette/")
        page.go_back()
        page.wait_for_url(CARTE)

    def by_our_link():
        thumb.tap(f"{dish} a.add")
        page.wait_for_url("**/p/bavette/")
        thumb.tap(".top a")
        page.wait_for_url(CARTE)

    def by_adding():
        thumb.tap(f"{dish} h3 a")
        page.wait_for_url("**/p/bavette/")
        thumb.tap("label:has([name='option.cuisson'])")
        thumb.tap("label:has([name='option.garniture'])")
        thumb.tap("#put")
        page.wait_for_url(CARTE)

    there(by_the_browser)
    expect(page.locator(f"{dish} h3 a")).to_be_focused()
    expect(page.locator(f"{dish} h3 a")).to_have_css(
        "outline-style", "none"
    )  # it was a thumb's tap
    there(by_our_link)
    expect(page.locator(f"{dish} a.add")).to_be_focused()
    there(by_adding)
    expect(page.locator("#cart-button .count")).to_have_text("1")
    assert page.evaluate("history.length") == entries + 1, "back leads to nothing twice"
    there(lambda: page.evaluate("document.querySelector('.lang a[lang=en]').click()"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.evaluate("window.same = true")

    def by_news():
        page.locator(f"{dish} h3 a").focus()
        colette.categories.filter(key="desserts").update(name={"fr": "Les douceurs"})
        carte.changed(restaurant_id=colette.pk)
        page.evaluate(LOOK)
        expect(page.locator("#h-c-desserts")).to_contain_text("douceurs")

    there(by_news)
    assert not page.evaluate("window.same")
    expect(page.locator(f"{dish} h3 a")).to_be_focused()
    page.keyboard.press("Shift")
    expect(page.locator(f"{dish} h3 a")).to_have_css("outline-style", "solid")
    page.goto(f"{page.url.partition('#')[0]}?q=bavette")
    page.locator("#show-allergens").check()
    there(lambda: page.evaluate("document.querySelector('.filter .box a').click()"))
    expect(page.locator(".filter .box")).to_have_count(0)

    # The strip: scrolled to, and jumped to, however short the section is.
    current = page.locator(".strip [aria-current]")
    for section in (
        "desserts",
        "plats",
        page.locator(".carte section").last.get_attribute("id")[2:],
    ):
        page.evaluate("dispatchEvent(new Event('touchmove'))")
        page.evaluate(
            f"document.getElementById('c-{section}').scrollIntoView({{behavior: 'instant'}})"
        )
        if section != "plats":
            page.evaluate(f"document.querySelector('.strip a[href=\"#c-{section}\"]').click()")
        expect(current).to_have_attribute("href", f"#c-{section}")
        expect(current).to_be_in_viewport(ratio=1)
    assert strip.evaluate("strip => strip.scrollLeft") > 0

    # The keyboard: where the page shrinks, and where it does not.
    thumb.tap("#c-plats .dish:has(a.add) h3 a")
    page.wait_for_url("**/p/**")
    page.set_viewport_size({"width": 390, "height": 400})
    page.locator("[name=quantity]").focus()
    expect(page.locator("#put")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate(
        "Object.defineProperty(visualViewport, 'height', {get: () => 500});"
        "visualViewport.dispatchEvent(new Event('resize'))"
    )
    assert page.locator("#put").evaluate("put => put.getBoundingClientRect().bottom") <= 500
    assert "interactive-widget=resizes-content" in page.locator("[name=viewport]").get_attribute(
        "content"
    )
