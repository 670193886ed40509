"""The house's colour, made to read: whatever is set, words keep 4.5:1 and what one taps 3:1, in light and in dark.

Counted here and not by the browser, for an old phone knows no relative colours. Hue and strength stay the house's own;
only the lightness moves, and no further than it must (OKLab, where equal steps look equal).
"""

import math
from functools import lru_cache

# Of the edge of what one taps. Words reach 4.5 by where `accent` and `on-fill` begin: tests/test_colours.py.
SHAPE = 3.0
# What it stands on, as in static/look.css: the page, and the objects on it.
LIGHT = ("#fbf8f1", "#fffefb")
DARK = ("#16120f", "#221c17")
# So much more than is asked, for a colour is rounded to six digits.
SPARE = 1.01
STEP = 0.005

RGB = tuple[float, float, float]


@lru_cache(maxsize=1_000)
def stylesheet(colour: str) -> str:
    """What look.css leaves to the restaurant; unlayered, it wins over its tokens. `colour`: "#7b1e32"."""
    light, dark = tokens(colour, dark=False), tokens(colour, dark=True)
    return f":root{{{_rules(light)}}}@media screen and (prefers-color-scheme:dark){{:root{{{_rules(dark)}}}}}"


def tokens(colour: str, *, dark: bool) -> dict[str, str]:
    """`fill`: of the main button, with `on-fill` as its words and `brink` as its edge; `accent`: words and lines."""
    lightness, strength, hue = _oklch(_rgb(colour))
    # On dark paper a strong colour glares, and a dark one is not seen.
    fill = (
        (min(max(lightness, 0.47), 0.85), min(strength, 0.19), hue)
        if dark
        else (lightness, strength, hue)
    )
    accent = (
        (max(lightness, 0.8), min(strength, 0.07), hue)
        if dark
        else (min(lightness, 0.45), strength, hue)
    )
    papers = DARK if dark else LIGHT
    filled = colour.lower() if not dark else _hex(_drawn(*fill))
    return {
        "fill": filled,
        "on-fill": max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, filled)),
        "brink": _until(fill, papers, lighter=dark),
        "accent": _hex(_drawn(*accent)),
    }


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 counts it: 1 to 21."""
    dim, bright = sorted((_luminance(one), _luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def _rules(found: dict[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in found.items())


def _until(start: RGB, papers: tuple[str, ...], *, lighter: bool) -> str:
    """The first colour from here on, darker or lighter, that stands out from all of these."""
    lightness, strength, hue = start
    while True:
        found = _hex(_drawn(lightness, strength, hue))
        reads = all(contrast(found, paper) >= SHAPE * SPARE for paper in papers)
        if reads or not 0 <= lightness <= 1:
            return found
        lightness += STEP if lighter else -STEP


def _drawn(lightness: float, strength: float, hue: float) -> RGB:
    """The colour as a screen has it: as strong as it can be at this lightness."""
    for part in range(20, -1, -1):
        found = _linear(lightness, strength * part / 20, hue)
        if all(-1e-4 <= each <= 1 + 1e-4 for each in found):
            break
    return found


def _rgb(colour: str) -> RGB:
    """Linear light, each 0 to 1."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return _light(red), _light(green), _light(blue)


def _light(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _hex(rgb: RGB) -> str:
    return "#" + "".join(f"{round(255 * _coded(each)):02x}" for each in rgb)


def _coded(value: float) -> float:
    value = min(max(value, 0.0), 1.0)
    return 12.92 * value if value <= 0.0031308 else float(1.055 * value ** (1 / 2.4) - 0.055)


def _luminance(colour: str) -> float:
    red, green, blue = _rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# Björn Ottosson's figures, https://bottosson.github.io/posts/oklab/
def _oklch(rgb: RGB) -> RGB:
    red, green, blue = rgb
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _linear(lightness: float, strength: float, hue: float) -> RGB:
    a, b = strength * math.cos(hue), strength * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
