"""The main job, whole: the demo's own command, a real browser at phone size, and what the register holds then."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from tests.helpers import eventually

pytestmark = [pytest.mark.browser, pytest.mark.wire]

ROOT = Path(__file__).parents[2]
WAIT = 30_000  # milliseconds: a slow machine

# Typed by hand from the carte. HT is rounded for each unit, product and option apart:
# bavette 21.36 + gratin 2.27 + os 4.09; two poireaux at 8.64; glaces 6.82 + pistache 0.73; Morgon at 20 %: 7.08.
TTC, HT, VAT = Decimal("66.30"), Decimal("59.63"), Decimal("6.67")
MESSAGES = {1042: [2003, 2013, 2031], 1015: [], 1083: []}

WORDS = {
    "fr": ("Commander — à payer sur place", "Reçue par la caisse", "66,30"),
    "en": ("Order — pay at the restaurant", "Received by the till", "66.30"),
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The running demo: what it printed, and where its register listens."""
    data = tmp_path_factory.mktemp("demo")
    ports = {"PORT": str(free_port()), "REGISTER_PORT": str(free_port())}
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    with (data / "printed").open("w") as printed:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env={**clean, **ports, "DATA_DIR": str(data / "data")},
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
    said = lambda: (data / "printed").read_text()  # noqa: E731
    try:
        eventually(
            lambda: "Ctrl-C ends all of it" in said() or process.poll() is not None, timeout=90
        )
        assert process.poll() is None, said()
        yield {
            "said": said(),
            "register": f"http://127.0.0.1:{ports['REGISTER_PORT']}",
            "data": data / "data",
        }
        process.send_signal(signal.SIGINT)
        assert process.wait(90) == 0, said()
    finally:
        process.kill()


def ledger(demo):
    with urlopen(f"{demo['register']}/_ledger") as answer:
        return json.load(answer, parse_float=Decimal)


def tables(demo):
    """Each table's number and address, as `table_links` prints them."""
    done = subprocess.run(
        [sys.executable, "manage.py", "table_links", "bistrot-colette"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(demo["data"]), "BASE_URL": base_url(demo)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split("\t") for line in done.stdout.splitlines()]


def base_url(demo) -> str:
    return re.findall(r"(http://localhost:\d+)/t/", demo["said"])[0]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_it_brings_an_order_from_the_card_to_the_till(demo, chromium, language, script):
    """P13, F06: four products with options stand on the register with table, covers, HT, VAT and TTC."""
    number, address = tables(demo)[2 * (language == "en") + script]
    order, received, total = WORDS[language]
    phone = chromium.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        locale=language,
        java_script_enabled=script,
    )
    page = phone.new_page()
    page.set_default_timeout(WAIT)
    page.goto(address)
    page.get_by_role("button", name="3", exact=True).click()

    def carte():
        page.goto(re.sub(r"(/v/[^/]+/).*", r"\1", page.url))

    page.wait_for_url("**/v/**")
    for _ in range(2):
        page.locator("button[name=product][value=poireaux]").click()
    page.locator("button[name=product][value=morgon]").click()
    # A page that is left takes what it was just sending with it.
    expect(page.locator("#cart-button .count")).to_have_text("3")
    page.goto(page.url.partition("#")[0] + "p/bavette/")
    for choice in ("cuisson=saignante", "garniture=gratin", "plus=os"):
        group, _, key = choice.partition("=")
        page.locator(f"input[name='option.{group}'][value={key}]").check()
    page.locator("#put").click()
    page.wait_for_url(re.compile(r"/v/[^/]+/#"))
    carte()
    page.goto(page.url + "p/glaces/")
    for key in ("vanille", "pistache"):
        page.locator(f"input[name='option.parfums'][value={key}]").check()
    page.locator("#put").click()
    page.wait_for_url(re.compile(r"/v/[^/]+/#"))
    carte()
    page.goto(page.url + "cart/")
    expect(page.locator("#recap")).to_contain_text(total)
    page.get_by_role("button", name=order).click()
    page.wait_for_url("**/orders/**")
    expect(page.locator("h1")).to_have_text(received, timeout=WAIT)

    found = [row["body"] for row in ledger(demo) if row["body"]["table"] == int(number)]
    assert len(found) == 1
    body = found[0]
    assert body["nbCouverts"] == 3
    assert body["total_order"] == {"ttc": TTC, "ht": HT, "tva_amount": VAT}
    lines = {line["id"]: line for line in body["products"]}
    assert {key: line["quantity"] for key, line in lines.items() if key in MESSAGES} == {
        1042: 1,
        1015: 2,
        1083: 1,
    }
    for product, expected in MESSAGES.items():
        assert [message["id"] for message in lines[product].get("messages", [])] == expected
    with urlopen(demo["register"]) as answer:
        tape = answer.read().decode()
    assert "66,30" in tape
    phone.close()
