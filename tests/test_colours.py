"""P23: words keep 4.5:1 and what one taps 3:1, whatever colour a house sets, in light and in dark."""

import itertools
import re
from pathlib import Path

import pytest
from django.conf import settings

from ordering.diner import colours

pytestmark = pytest.mark.pure

LOOK = (Path(settings.BASE_DIR) / "static" / "look.css").read_text()
STEPS = ("00", "33", "66", "99", "cc", "ff")
COLOURS = ["#" + "".join(each) for each in itertools.product(STEPS, repeat=3)]
COLOURS += [f"#{grey:02x}{grey:02x}{grey:02x}" for grey in range(0, 256, 5)]
COLOURS += ["#7b1e32", "#E8B923", "#ffd9e0", "#111111", "#767676", "#777777"]


def contrast(one, other):
    """Once more and by itself, as https://www.w3.org/TR/WCAG22/#dfn-relative-luminance says it."""

    def luminance(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return sum(
            weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
        )

    dim, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def look():
    """The tokens of look.css, light and dark."""
    light, dark = LOOK.split("@media (prefers-color-scheme: dark)")[:2]
    found = [
        {
            name: colour if len(colour) == 7 else "#" + "".join(2 * each for each in colour[1:])
            for name, colour in re.findall(
                r"--([\w-]+): (#[0-9a-f]{6}|#[0-9a-f]{3});", part.partition("}")[0]
            )
        }
        for part in (light, dark)
    ]
    return found[0], found[0] | found[1]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_reads_in_any_colour(dark):
    paper = look()[dark]
    for colour in COLOURS:
        found = colours.tokens(colour, dark=dark)
        assert contrast(found["on-fill"], found["fill"]) >= 4.5, colour
        for under in (paper["paper"], paper["raise"]):
            assert contrast(found["accent"], under) >= 4.5, colour
            assert contrast(found["brink"], under) >= 3, colour


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_reads_in_the_colours_of_the_page(dark):
    paper = look()[dark]
    for under in (paper["paper"], paper["raise"]):
        for name in ("ink", "soft", "ok", "wait", "bad", "accent"):
            assert contrast(paper[name], under) >= 4.5, name
        for name in ("edge", "brink"):
            assert contrast(paper[name], under) >= 3, name
    assert contrast("#231b15", paper["amber"]) >= 4.5


def test_it_keeps_the_colour_of_the_house_on_light_paper():
    for colour in COLOURS:
        assert colours.tokens(colour, dark=False)["fill"] == colour.lower()


def test_it_knows_the_paper_of_the_page_and_gives_it_its_own_colour():
    light, dark = look()
    for seen, papers, is_dark in ((light, colours.LIGHT, False), (dark, colours.DARK, True)):
        assert (seen["paper"], seen["raise"]) == papers
        assert seen.items() >= colours.tokens("#7b1e32", dark=is_dark).items()


def test_it_is_a_stylesheet_of_two_rules():
    sheet = colours.stylesheet("#ffff00")
    assert sheet.startswith(":root{--fill:#ffff00;--on-fill:#000000;--brink:#")
    assert "@media screen and (prefers-color-scheme:dark){:root{--fill:#" in sheet
