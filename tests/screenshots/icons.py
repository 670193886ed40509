"""`python -m tests.screenshots.icons`: draw static/icon.svg as the PNGs of the manifest, after it has changed."""

from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS
from tests.system_tools import find

STATIC = Path(__file__).parents[2] / "static"
PAPER = "#fffefb"
MASKED = 0.72  # a phone may cut a circle of 80 % out of a maskable one


def main() -> None:
    drawing = (STATIC / "icon.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=FLAGS)
        for name, size, part in (
            ("192", 192, 1.0),
            ("512", 512, 1.0),
            ("maskable-512", 512, MASKED),
        ):
            page = browser.new_page(viewport={"width": size, "height": size})
            style = f"body{{margin:0;display:grid;place-items:center;height:100vh}}svg{{width:{part:%}}}"
            if part < 1:
                style += f"body{{background:{PAPER}}}"
            page.set_content(f"<style>{style}</style>{drawing}")
            picture = Image.open(BytesIO(page.screenshot(omit_background=True)))
            # A palette: a third of the bytes, and nobody sees it.
            picture.quantize(64).save(STATIC / f"icon-{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
