"""A bad signal, a phone that refuses, and what is left on a phone afterwards."""

import json
import re
from urllib.parse import urlsplit

import pytest
from django.db.models import Sum
from playwright.sync_api import expect

from ordering.models import CartLine, Order
from ordering.services import visits
from tests import factories
from tests.browser.conftest import FLAGS
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
    count, alert = page.locator("#cart-button .count"), page.locator("#alert")

    # The carte: a tap without a network waits for it, one whose answer was lost is asked again.
    page.context.set_offline(True)
    page.locator("#add-carte_soupe").click()
    expect(alert).to_contain_text("This page sends it by itself")
    assert in_cart() is None
    page.context.set_offline(False)
    expect(count).to_have_text("1")
    expect(alert).to_be_empty()
    hoped = page.locator("[data-hoped]")
    expect(hoped).to_have_count(0)
    lose_one_answer(page, "**/add/")
    page.locator("#add-carte_soupe").click()
    expect(alert).to_contain_text("This page tries again by itself: nothing is sent twice.")
    expect(count).to_have_text("2")
    expect(hoped).to_have_count(0)
    assert in_cart() == 2

    # Another page cannot be loaded: what to do is said, and the carte is there to read, with nothing to send.
    slug = table.restaurant.slug
    assert page.evaluate(IN_CACHES) == sorted(
        [f"/r/{slug}/carte/", f"/r/{slug}/offline/", "/static/app.js", "/static/icon.svg", "/static/look.css"]
    )  # fmt: skip
    page.context.set_offline(True)
    page.goto(f"{carte}cart/")
    expect(page.locator("h1")).to_have_text("No network")
    # What is without something, only the server knows (P22).
    page.goto(f"{live_server.url}/r/{slug}/carte/?lang=en&without=milk")
    expect(page.locator("h1")).to_have_text("No network")
    page.get_by_role("link", name="Read the carte").click()
    expect(page.locator("#carte")).to_contain_text("Soupe")
    assert page.locator("form[method=post], button.add").count() == 0
    page.context.set_offline(False)

    # The order: sent by itself, with the key that it had, once.
    page.goto(f"{carte}cart/")
    key = page.locator("[name=submission_key]").get_attribute("value")
    page.context.set_offline(True)
    page.locator("#covers-more").click()
    expect(page.locator("#failure")).to_contain_text("This page sends it by itself")
    page.locator("#order").click()
    expect(page.locator("#order")).not_to_have_class(re.compile("htmx-request"))
    page.context.set_offline(False)
    page.get_by_role("alert").filter(has_text="changed").or_(page.locator("#status")).wait_for()
    if (
        not Order.objects.exists()
    ):  # the covers that were tapped are another order: it is shown and asked again
        page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    assert Order.objects.get().visit.covers == 3
    assert key

    assert {cookie["name"] for cookie in page.context.cookies()} == {"tablee", "csrftoken"}
    visits.end(visit=table.visits.get())
    page.reload()  # most phones see the end on the page of their last order, or never
    assert page.evaluate(LEFT_IN_THE_END) == NOTHING
    page.goto(carte)
    expect(page.locator("h1")).to_have_text("Please scan the code on your table again")
    assert hosts == {urlsplit(live_server.url).netloc}


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
