"""A bad signal, a phone that refuses, and what is left on a phone afterwards."""

import json
import re
from threading import Event, get_ident
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.core.signals import request_finished, request_started
from django.db.models import Sum
from playwright.sync_api import expect

from ordering.diner import offline
from ordering.models import CartLine, Guest, Order
from ordering.services import cart, visits
from ordering.services.carte import changed
from tests import factories
from tests.browser.conftest import FLAGS
from tests.browser.judge import accessible, narrow
from tests.helpers import eventually
from tests.ordering.diner_phone import house
from tests.system_tools import find

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = """async () => {
  const {active} = await navigator.serviceWorker.ready;
  const {keep} = document.getElementById("words").dataset;
  const {port1, port2} = new MessageChannel();
  const kept = new Promise((done) => { port1.onmessage = () => done(true); });
  active.postMessage({keep: keep.split(" ")}, [port2]);
  return kept;
}"""
# All that a page could leave on a phone, but for the cookies.
LEFT = """async () => ({
  caches: await caches.keys(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  databases: (await indexedDB.databases()).length,
  local: localStorage.length,
  session: sessionStorage.length,
})"""
NOT_SENT = "No network: not sent yet. This page sends it by itself as soon as there is one."
AGAIN = "This page tries again by itself: nothing is sent twice."
NO_ANSWER = "The restaurant does not answer."
CHANGED = (
    "The order has changed since you looked: nothing was sent. Please check it and send it again."
)
# The same, once it is forgotten.
LEFT_IN_THE_END = f"""async () => {{
  for (let tries = 0; tries < 200; tries += 1) {{
    const left = await ({LEFT})();
    if (!Object.values(left).flat().some(Boolean)) return left;
    await new Promise((done) => setTimeout(done, 25));
  }}
  return ({LEFT})();
}}"""
NOTHING = {"caches": [], "workers": 0, "databases": 0, "local": 0, "session": 0}
IN_CACHES = """async () => {
  const kept = [];
  for (const name of await caches.keys()) {
    for (const {url} of await (await caches.open(name)).keys()) kept.push(new URL(url).pathname);
  }
  return kept.sort();
}"""


@pytest.fixture
def table():
    return factories.table(house())


def in_cart():
    return CartLine.objects.aggregate(n=Sum("quantity"))["n"]


def join(page, live_server, table):
    page.goto(f"{live_server.url}/t/{table.code}/")
    page.get_by_role("button", name="2", exact=True).click()
    page.wait_for_url(re.compile(r"/v/[^/]+/$"))


def lose_one_answer(page, address):
    """The next request arrives, and its answer does not."""

    def lose(route):
        route.fetch()
        route.abort()

    page.route(address, lose, times=1)


def test_a_whole_order_on_a_bad_signal_leaves_nothing_behind(phones, live_server, table):
    """F02, F04, P21: what is tapped without a network is there once; no other host, two cookies, and after the meal
    nothing is left on the phone.
    """
    page = phones("en")
    hosts = set()
    page.context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    join(page, live_server, table)
    carte = page.url
    assert page.evaluate(KEPT)
    count, alert = page.locator("#cart-button .count"), page.locator("#alert p")

    # The carte: a tap without a network waits for it, one whose answer was lost is asked again.
    page.context.set_offline(True)
    page.locator("#add-carte_soupe").click()
    expect(alert).to_have_text(NOT_SENT)
    assert in_cart() is None
    page.context.set_offline(False)
    expect(count).to_have_text("1")
    expect(alert).to_have_count(0)
    hoped = page.locator("[data-hoped]")
    expect(hoped).to_have_count(0)
    lose_one_answer(page, "**/add/")
    page.locator("#add-carte_soupe").click()
    expect(alert).to_have_text([NO_ANSWER, AGAIN])
    expect(count).to_have_text("2")
    expect(hoped).to_have_count(0)
    assert in_cart() == 2

    # Where there is a network, nothing is shown that was kept.
    slug = table.restaurant.slug
    assert page.evaluate(IN_CACHES) == sorted(
        [f"/r/{slug}/carte/", f"/r/{slug}/offline/", *(f"/static/{name}" for name in offline.FILES)]
    )
    page.goto(f"{live_server.url}/r/{slug}/carte/?lang=en")
    table.restaurant.products.filter(key="tarte").update(name={"fr": "Tatin"})
    changed(restaurant_id=table.restaurant_id)
    page.reload()
    expect(page.locator("#dish-carte_tarte h3")).to_have_text("Tatin")
    kept_at = page.locator("[data-kept]")
    expect(kept_at).to_be_hidden()

    # Another page cannot be loaded: what to do is said, and the carte is there to read, with nothing to send.
    page.context.set_offline(True)
    page.goto(f"{carte}cart/")
    expect(page.locator("h1")).to_have_text("No network")
    assert [accessible(page, dark=True), narrow(page)] == [[], []]
    # What is without something, only the server knows (P22).
    page.goto(f"{live_server.url}/r/{slug}/carte/?lang=en&without=milk")
    expect(page.locator("h1")).to_have_text("No network")
    page.get_by_role("link", name="Read the carte").click()
    expect(page.locator("#dish-carte_tarte h3")).to_have_text("Tarte (en)")
    expect(kept_at).to_be_visible()
    expect(kept_at).to_contain_text(re.compile(r"the carte of [\d:]+\s[ap]m\. Ask the team"))
    page.locator(".strip a").click()
    expect(page.locator(".strip [aria-current]")).to_have_count(1)
    assert page.locator("form[method=post], button.add").count() == 0
    # And is there by itself as soon as it can be.
    page.goto(f"{carte}cart/")
    expect(page.locator("h1")).to_have_text("No network")
    page.context.set_offline(False)
    expect(page.locator("#order")).to_be_visible()
    page.wait_for_load_state()

    # The order: what was not on the screen is shown and asked again; what was is sent by itself, with the key that it
    # had, once.
    failure, order = page.locator("#failure p"), page.locator("#order")
    page.context.set_offline(True)
    page.locator("#covers-more").click()
    expect(failure).to_have_text(NOT_SENT)
    order.click()
    expect(order).not_to_have_class(re.compile("htmx-request"))
    page.context.set_offline(False)
    expect(page.locator("#news [role=alert] p")).to_have_text(CHANGED)
    page.context.set_offline(True)
    order.click()
    expect(failure).to_have_text(NOT_SENT)
    key = page.locator("[name=submission_key]").get_attribute("value")
    assert not Order.objects.exists()
    page.context.set_offline(False)
    page.wait_for_url("**/orders/**")
    sent = Order.objects.get()
    assert (sent.submission_key, sent.visit.covers, sent.additions.count()) == (key, 3, 1)

    assert {cookie["name"] for cookie in page.context.cookies()} == {"tablee", "csrftoken"}
    visits.end(visit=table.visits.get())
    page.reload()  # most phones see the end on the page of their last order, or never
    assert page.evaluate(LEFT_IN_THE_END) == NOTHING
    page.goto(carte)
    expect(page.locator("h1")).to_have_text("Please scan the code on your table again")
    assert hosts == {urlsplit(live_server.url).netloc}


def test_what_is_not_sent_is_tried_again_for_two_minutes(phones, live_server, table):
    """F02, F04, F05: as the same tap, also where the answer only takes too long; then it is said, and never sent again
    unasked.
    """
    table.restaurant.set_menus.update(register_id="3001")
    page = phones("en")
    page.clock.install()
    join(page, live_server, table)
    carte, count, alert = page.url, page.locator("#cart-button .count"), page.locator("#alert p")

    # It has arrived, and the answer hangs.
    page.route("**/add/", lambda route: route.fetch(), times=1)
    page.evaluate("htmx.config.timeout = 300")
    page.locator("#add-carte_soupe").click()
    expect(alert).to_have_text(["The answer is taking too long.", AGAIN])
    page.evaluate("htmx.config.timeout = 10_000")
    page.clock.fast_forward(3_000)
    expect(count).to_have_text("1")
    expect(alert).to_have_count(0)

    # Given up, where nothing can have arrived, and where something may have.
    page.context.set_offline(True)
    page.locator("#add-carte_tarte").click()
    expect(alert).to_have_text(NOT_SENT)
    with page.expect_event("requestfailed", lambda failed: failed.url.endswith("/add/")):
        page.clock.fast_forward(110_000)
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(alert).to_have_text(NOT_SENT)
    page.clock.fast_forward(20_000)
    expect(alert).to_have_text("No network: nothing was sent. Try again.")
    page.context.set_offline(False)
    page.clock.fast_forward(60_000)
    page.route("**/add/", lambda route: route.abort())
    page.locator("#add-carte_soupe").click()
    expect(alert).to_have_text([NO_ANSWER, AGAIN])
    page.clock.fast_forward(121_000)
    given_up = [NO_ANSWER, "Check the cart before you try again."]
    expect(alert).to_have_text(given_up)
    # What the others do does not take it away.
    cart.add(guest=Guest.objects.get(), product_key="tarte", quantity=1, chosen=[])
    page.evaluate("htmx.trigger('#live', 'look')")
    expect(count).to_have_text("2")
    expect(alert).to_have_text(given_up)
    page.unroute("**/add/")
    page.clock.fast_forward(60_000)
    page.locator("#add-carte_tarte").click()
    expect(count).to_have_text("3")
    assert in_cart() == 3

    # A set menu, with all that was chosen.
    page.goto(f"{carte}m/menu/")
    page.locator("input[value=steak]").check()
    page.locator("input[value=bleu]").check()
    page.context.set_offline(True)
    page.locator("#put").click()
    expect(alert).to_have_text(NOT_SENT)
    lose_one_answer(page, "**/add/")
    page.context.set_offline(False)
    expect(alert).to_have_text([NO_ANSWER, AGAIN])
    page.clock.fast_forward(20_000)
    page.wait_for_url(re.compile(r"/v/[^/]+/#dish-"))
    expect(count).to_have_text("4")
    assert CartLine.objects.get(set_menu__key="menu").quantity == 1

    # Of no more taps than the server surely knows again.
    page.context.set_offline(True)
    tap = "for (let taps = 0; taps < {}; taps += 1) document.getElementById('add-carte_tarte').click()"
    page.evaluate(tap.format(100))
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(alert).to_have_text(NOT_SENT)
    page.evaluate(tap.format(1))
    expect(alert).to_have_text("No network: nothing was sent. Try again.")


@pytest.fixture
def additions():
    """What asks to add something: those of htmx wait for `go` before the server hears them; of those that a page sends
    as it goes, and of all, `done` counts the answers.
    """
    go, done, busy = Event(), [], {}

    def begins(environ, **_others):
        if environ["PATH_INFO"].endswith("/add/"):
            busy[get_ident()] = "HTTP_HX_REQUEST" in environ
            assert not busy[get_ident()] or go.wait(20)

    def ends(**_others):
        if get_ident() in busy:
            done.append(busy.pop(get_ident()))

    request_started.connect(begins)
    request_finished.connect(ends)
    yield SimpleNamespace(go=go, done=done)
    go.set()
    request_started.disconnect(begins)
    request_finished.disconnect(ends)


def test_whoever_leaves_the_carte_at_once_takes_each_tap_along_once(
    phones, live_server, table, additions
):
    """F02, F03, P23: the tap that is under way, whose request then arrives as well; those that wait for it; and a page
    that was left and found again is left once more.
    """
    page = phones("en")
    join(page, live_server, table)
    assert page.evaluate(KEPT)  # and the worker of its pages does not stand in between
    for dish in ("soupe", "soupe", "soupe", "tarte"):
        page.locator(f"#add-carte_{dish}").tap()
    expect(page.locator("#cart-button [data-hoped]")).to_have_text("4")
    assert in_cart() is None
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    eventually(lambda: len(additions.done) == 3)
    assert in_cart() == 4
    page.reload()
    eventually(lambda: len(additions.done) == 6)
    additions.go.set()
    eventually(lambda: len(additions.done) == 7)
    assert additions.done[-1], "the request itself is the last"
    page.reload()
    expect(page.locator("#cart-button .count")).to_have_text("4")
    lines = CartLine.objects.values_list("product__key", "quantity")
    assert sorted(lines) == [("soupe", 3), ("tarte", 1)]


def test_a_phone_that_refuses_cookies_and_storage_reads_the_carte_and_is_told_what_to_do(
    chromium, live_server, table, tmp_path
):
    """F07: as the browser of a scanner may. Storage, caches and workers throw there."""
    profile = tmp_path / "Default"
    profile.mkdir()
    refuse = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (profile / "Preferences").write_text(json.dumps(refuse))
    context = chromium.browser_type.launch_persistent_context(
        tmp_path, executable_path=find("chromium"), args=FLAGS, locale="fr"
    )
    page, wrong = context.pages[0], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{live_server.url}/t/{table.code}/")
    assert context.cookies() == []
    with pytest.raises(Exception, match="Access is denied"):
        page.evaluate("localStorage.length")
    expect(page.locator("header")).to_contain_text(re.compile("doit accepter notre cookie"))
    page.get_by_role("link", name="Soupe").first.click()
    expect(page.locator("h1")).to_have_text("Soupe")
    page.wait_for_selector("link[rel=manifest]", state="attached")
    assert wrong == []
    context.close()
