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
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from tests.screenshots.pages import a_meal, admin, board, diner

ROOT = Path(__file__).parents[2]
PHONE, SMALL, TABLET = (390, 844), (320, 568), (1024, 768)
HIGHEST = 2400
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
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
    take(
        "--docs", action="store_true", help="only those of the documentation, into docs/screenshots"
    )
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
        shots = documented() if given.docs else take_all(given, out)
    if given.docs:
        return 0
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
        page.evaluate(PAINTED)
        page.screenshot(path=self.out / file, scale="css")
        self.shots.append((file, f"{name}, {self.language}, {size[0]} px, {how}"))


def documented() -> list[Shot]:
    """The good ones, each a first screen as a guest sees it, small enough to be kept with the code."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import FLAGS
    from tests.system_tools import find

    with sync_playwright() as playwright, server() as live:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=FLAGS)
        restaurant = opened("")
        phone, tablet = (
            browser.new_context(
                viewport={"width": width, "height": height},
                locale="fr",
                reduced_motion="reduce",
                device_scale_factor=2,
            ).new_page()
            for width, height in (PHONE, (TABLET[0], 1180))
        )
        for name in a_meal(phone, live, restaurant):
            keep(phone, name, 520)
        for name in board(tablet, live, opened("")):
            if name == "service":
                keep(tablet, "board", 1024)
        browser.close()
    return []


def keep(page: Any, name: str, width: int) -> None:
    """As WebP, `width` pixels wide."""
    picture = Image.open(BytesIO(page.screenshot()))
    picture.thumbnail((width, 10 * width))
    picture.convert("RGB").save(
        ROOT / "docs" / "screenshots" / f"{name}.webp", quality=82, method=6
    )


def file_name(*words: str) -> str:
    """Letters of plain ASCII, and a hyphen between words."""
    plain = unicodedata.normalize("NFKD", " ".join(words)).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"\w+", plain.lower())) + ".png"


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
