"""The first visit and the second, as an old phone on a slow network sees them (Chromium's own protocol)."""

from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.house import House
from tests.browser.conftest import FLAGS
from tests.system_tools import find

# What Lighthouse calls “slow 4G”: bytes in a second, and milliseconds there and back.
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
SLOWER = 4  # times, of the processor
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True,
    "has_touch": True, "locale": "fr",
}  # fmt: skip
OBSERVE = """
window.seen = {lcp: 0, shift: 0, blocking: 0};
const watch = (type, note) =>
  new PerformanceObserver(list => list.getEntries().forEach(note)).observe({type, buffered: true});
watch('largest-contentful-paint', entry => seen.lcp = entry.startTime);
watch('layout-shift', entry => { if (!entry.hadRecentInput) seen.shift += entry.value; });
watch('longtask', entry => seen.blocking += Math.max(0, entry.duration - 50));
"""


def first_visit(house: House) -> dict[str, float]:
    """The carte of a table that a phone has just joined, with an empty cache, and once more with a full one."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=FLAGS)
        joined = browser.new_context(**PHONE)
        page = joined.new_page()
        page.goto(house.address + house.cards[0][0])
        page.locator("form button").first.click()
        page.wait_for_url("**/v/**")
        # The cookies alone: what that page has put aside would answer for the network.
        context = browser.new_context(**PHONE, storage_state=joined.storage_state())
        first = _visit(context.new_page(), page.url, cold=True)
        second = _visit(context.new_page(), page.url, cold=False)
        browser.close()
    return {**first, **{f"second_{name}": value for name, value in second.items()}}


def _visit(page: Page, address: str, *, cold: bool) -> dict[str, float]:
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    if cold:
        protocol.send("Network.clearBrowserCache")
    protocol.send("Network.emulateNetworkConditions", NETWORK)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    received: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    protocol.on("Network.loadingFinished", lambda event: received.append(event))
    protocol.on("Network.responseReceived", lambda event: asked.append(event))
    page.add_init_script(OBSERVE)
    page.goto(address, wait_until="networkidle")
    page.wait_for_timeout(1500)
    seen = page.evaluate("window.seen")
    photos = {each["requestId"] for each in asked if each["type"] == "Image"}
    over_the_wire = [
        each for each in asked
        if not each["response"].get("fromDiskCache") and each["requestId"] not in photos
        and not each["response"]["url"].startswith("data:")
    ]  # fmt: skip
    page.close()
    return {
        "bytes": sum(each["encodedDataLength"] for each in received if each["requestId"] not in photos),
        "requests": len(over_the_wire),
        "lcp_s": seen["lcp"] / 1000,
        "shift": seen["shift"],
        "blocking_ms": seen["blocking"],
    }  # fmt: skip
