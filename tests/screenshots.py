"""`make screenshots`: every page and state of the demo restaurant, as pictures to look at, with an index page.

The pages come from the demo restaurant, walked through by `tests.browser.test_diner_access`; what the register has said
is written into the database, for a state that lasts a second could not be pictured.
"""

import argparse
import html
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[1]
PHONE, SMALL, TABLET = (390, 844), (320, 568), (1024, 768)
HIGHEST = 2400
# Also taken as large text, lying, on a tablet, and on paper; the others differ from one of these in words.
ALSO = {
    "welcome", "closed", "carte", "to read", "dish", "set menu", "cart", "received", "held", "service",
    "table of a party",
}  # fmt: skip
Shot = tuple[str, str]  # file name, what it shows


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    take = parser.add_argument
    take("--out", default=str(ROOT / "var" / "screenshots"), help="the folder; what is there stays")
    take("--languages", default="fr,en")
    take("--schemes", default="light,dark")
    take("--widths", default="390,320")
    take("--only", default="", help="pages whose name contains one of these words, comma between")
    take("--colour", default="", help="of the house: #e8b923")
    take("--without", default="", metavar="PART", help="also,board,admin: leave that out")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    out = Path(given.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tablee-screenshots-") as data:
        os.environ.update(
            DATA_DIR=data, TABLEE_TEST_DATA=data, DJANGO_SETTINGS_MODULE="tests.settings"
        )
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        shots = take_all(given, out)
    (out / "index.html").write_text(index(shots), encoding="utf-8")
    sys.stdout.write(f"{len(shots)} pictures: {out / 'index.html'}\n")
    return 0


def take_all(given: argparse.Namespace, out: Path) -> list[Shot]:
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS
    from tests.system_tools import find

    shots: list[Shot] = []
    with sync_playwright() as playwright, server() as live:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=FLAGS)
        for language in given.languages.split(","):
            camera = Camera(given, out, language, shots)
            for pages in (diner, board, admin):
                if pages.__name__ in given.without.split(","):
                    continue
                restaurant = opened(given.colour)
                context = browser.new_context(
                    viewport={"width": PHONE[0], "height": PHONE[1]},
                    has_touch=True,
                    is_mobile=True,
                    locale=language,
                    reduced_motion="reduce",
                    device_scale_factor=2,
                )
                context.set_default_timeout(60_000)
                page = context.new_page()
                for name in pages(page, live, restaurant):
                    camera.take(page, name)
                context.close()
        browser.close()
    return shots


@contextmanager
def server() -> Iterator[Any]:
    from pytest_django.live_server_helper import LiveServer

    live = LiveServer("localhost:0")
    try:
        yield live
    finally:
        live.stop()


def opened(colour: str) -> Any:
    """The demo restaurant as it is before service, with nobody in it."""
    from django.core.cache import cache
    from django.core.management import call_command

    from ordering.models import Restaurant
    from tests.browser.test_diner_access import DEMO

    call_command("flush", interactive=False, verbosity=0)
    cache.clear()
    call_command("import_restaurant", str(DEMO), verbosity=0)
    if colour:
        Restaurant.objects.update(colour=colour)
    return Restaurant.objects.get()


class Camera:
    """Takes each page in all the ways that were asked for, and leaves it as it was."""

    def __init__(self, given: argparse.Namespace, out: Path, language: str, shots: list[Shot]):
        self.out, self.language, self.shots = out, language, shots
        self.schemes = given.schemes.split(",")
        self.widths = [size for size in (PHONE, SMALL) if str(size[0]) in given.widths.split(",")]
        self.only = [word for word in given.only.split(",") if word]
        self.also = "also" not in given.without.split(",")

    def take(self, page: Any, name: str) -> None:
        if self.only and not any(word in name for word in self.only):
            return
        for scheme in self.schemes:
            page.emulate_media(color_scheme=scheme)
            for size in self.widths:
                self.shot(page, name, scheme, size)
        page.emulate_media(color_scheme=self.schemes[0])
        if self.also and name in ALSO:
            large = "text => { document.documentElement.style.fontSize = text }"
            page.evaluate(large, "200%")
            self.shot(page, name, "200 % text", SMALL)
            page.evaluate(large, "")
            self.shot(page, name, "lying", (PHONE[1], PHONE[0]), whole=False)
            self.shot(page, name, "tablet", TABLET)
            page.emulate_media(media="print")
            self.shot(page, name, "paper", (794, 1123))
            page.emulate_media(media="screen")
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})

    def shot(
        self, page: Any, name: str, how: str, size: tuple[int, int], whole: bool = True
    ) -> None:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        file = file_name(name, self.language, str(size[0]), how)
        if whole:
            # A window as high as the page, else the bar would stand in the middle of it.
            high = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": size[0], "height": min(max(high, size[1]), HIGHEST)})
        page.screenshot(path=self.out / file, scale="css")
        self.shots.append((file, f"{name}, {self.language}, {size[0]} px, {how}"))


def file_name(*words: str) -> str:
    """Letters of plain ASCII, and a hyphen between words."""
    plain = unicodedata.normalize("NFKD", " ".join(words)).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"\w+", plain.lower())) + ".png"


def diner(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    from tests.browser.test_diner_access import walk

    yield from before_ordering(page, live, restaurant)
    yield from walk(page, live, restaurant)


def before_ordering(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    """What a walk through an order does not pass: a house that pauses, that takes no orders, that has sold out."""
    from ordering.models import Product, Restaurant, Visit
    from ordering.services import carte, pauses
    from tests.ordering.admin_cast import person

    table = f"{live.url}/t/{restaurant.tables.get(number=12).code}/"
    long = "Noix de Saint-Jacques de la baie de Saint-Brieuc, poireaux fondants et beurre blanc à l’orange sanguine"
    kept = Product.objects.get(key="bavette")
    Product.objects.filter(key__in=["bavette", "poireaux"]).update(sold_out=True)
    Product.objects.filter(key="croissant").update(name={"fr": long}, price=1_234_50)
    carte.changed(restaurant_id=restaurant.pk)
    page.goto(f"{live.url}/r/{restaurant.slug}/carte/")
    yield "sold out and long names"
    page.goto(f"{live.url}/r/{restaurant.slug}/carte/p/bavette/")
    yield "sold out dish"
    Product.objects.filter(key="poireaux").update(sold_out=False)
    Product.objects.filter(key="bavette").update(sold_out=kept.sold_out)
    Restaurant.objects.update(ordering=False)
    page.goto(table)
    yield "no orders by phone"
    Restaurant.objects.update(ordering=True)
    boss = person("boss", manager=[restaurant])
    pauses.pause(by=boss, restaurant=restaurant, scope="category", what="plats", minutes=30)
    page.goto(table)
    page.locator("button[name=covers][value='2']").click()
    page.wait_for_url("**/v/**")
    yield "category paused"
    pauses.pause(by=boss, restaurant=restaurant, scope="house", minutes=15)
    page.reload()
    yield "carte paused"
    page.goto("about:blank")  # else the open page asks for news meanwhile, and is led elsewhere
    page.context.clear_cookies()
    page.goto(table)
    yield "paused"
    Visit.objects.all().delete()
    Restaurant.objects.update(pauses=[])
    carte.changed(restaurant_id=restaurant.pk)
    page.context.clear_cookies()


def now() -> Any:
    from django.utils import timezone

    return timezone.now()


def enter(page: Any, live: Any, user: Any) -> None:
    """As somebody who has logged in already."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    page.context.add_cookies(
        [
            {"name": name, "value": morsel.value, "url": live.url}
            for name, morsel in client.cookies.items()
        ]
    )


def full_room(restaurant: Any) -> Any:
    """Parties that choose, wait, have their order on the till, call, and one whose order is in question: that one."""
    from ordering.models import Call
    from ordering.services import calls, cart
    from pos_bridge.models import Addition, Heartbeat
    from tests import factories
    from tests.ordering.staff_cast import order

    Heartbeat.objects.create(
        kind="deliver", name="x", started_at=now(), beat_at=now() + timedelta(hours=1)
    )
    tables = list(restaurant.tables.filter(enabled=True).order_by("number"))
    for table, state, reason, age in zip(
        tables,
        (
            Addition.State.RECEIVED,
            Addition.State.HELD,
            Addition.State.UNCERTAIN,
            Addition.State.QUEUED,
        ),
        ("", "stale", "no_answer", ""),
        (900, 300, 90, 3),
        strict=False,
    ):
        guest = factories.guest(table, 2 + age % 3)
        cart.add(guest=guest, product_key="oeuf", quantity=2, chosen=[])
        place = SimpleNamespace(
            tables=restaurant.tables.filter(pk=table.pk), registers=restaurant.registers
        )
        order(place, state, reason, age, tries=int(reason == "no_answer"))
    calls.call(guest=factories.guest(tables[4], 4), kind=Call.Kind.BILL, pay="card")
    return Addition.objects.get(state=Addition.State.HELD)


def board(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    from tests.ordering.admin_cast import person

    enter(page, live, person("bob", manager=[restaurant]))
    base = f"{live.url}/board/{restaurant.slug}/"
    page.goto(base)
    yield "service, quiet"
    held = full_room(restaurant)
    page.goto(base)
    yield "service"
    number = held.order.visit.table.number
    for name, address in {
        "table of a party": f"tables/{number}/",
        "table card": f"tables/{number}/card/",
        "task": f"orders/{held.pk}/",
        "sold out list": "carte/",
        "pauses": "pauses/",
        "evening": "service/",
        "journal": "journal/",
    }.items():
        page.goto(base + address)
        yield name


def admin(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    from django.contrib.auth import get_user_model

    full_room(restaurant)
    enter(page, live, get_user_model().objects.create_superuser("alice", password="x"))
    for name, address in {
        "admin": "",
        "admin undelivered": "pos_bridge/addition/undelivered/",
        "admin restaurant": f"ordering/restaurant/{restaurant.pk}/change/",
    }.items():
        page.goto(f"{live.url}/admin/{address}")
        yield name


def index(shots: list[Shot]) -> str:
    """One page that shows them all, each page's pictures in a row."""
    rows: dict[str, list[Shot]] = {}
    for file, shown in shots:
        rows.setdefault(shown.partition(",")[0], []).append((file, shown))
    picture: Callable[[str, str], str] = lambda file, shown: (  # noqa: E731
        f'<figure><a href="{file}"><img src="{file}" alt="{html.escape(shown)}" loading="lazy"></a>'
        f"<figcaption>{html.escape(shown)}</figcaption></figure>"
    )
    body = "".join(
        f"<h2>{html.escape(name)}</h2><div>{''.join(picture(*shot) for shot in of_it)}</div>"
        for name, of_it in rows.items()
    )
    style = (
        "body{font:1rem system-ui}div{display:flex;overflow-x:auto;gap:1rem;align-items:start}"
        "img{height:32rem}figure{margin:0}"
    )
    head = f'<meta charset="utf-8"><title>Screenshots</title><style>{style}</style>'
    return f'<!doctype html><html lang="en">{head}{body}</html>'


if __name__ == "__main__":
    sys.exit(main())
