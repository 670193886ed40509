"""What is wrong with an open page for those who cannot see, point or read well: by axe, and by measure."""

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import expect

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Its own list of landmarks does not know a sticky bar after main.
    "rules": {"region": {"enabled": False}},
}
LAW = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
# All that the dark can spoil.
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
TARGET = 44  # CSS pixels, each way

# A finger's target is its box, or the label around it, or, for the name of a dish, the dish. Not measured: a link
# inside a sentence, which is as high as its line (WCAG 2.5.8, "inline"), and the links to skip by, for keyboards.
SMALL = """least => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, label")]
  .filter((each) => !each.disabled && each.type !== "hidden" && each.checkVisibility({ visibilityProperty: true }))
  .filter((each) => !each.matches(".skip, .unseen"))
  .filter((each) => !each.matches("p a:not(.btn)") || each.parentElement.textContent.trim() === each.text.trim())
  .filter((each) => each.localName !== "label" || each.querySelector("input, select, textarea"))
  .filter((each) => each.localName === "label" || !each.closest("label"))
  .filter((each) => {
    const { width, height } = (each.closest(".dish") && each.closest("h3") ? each.closest(".dish") : each)
      .getBoundingClientRect();
    return Math.min(width, height) < least - 0.1;
  })
  .map((each) => `${Math.round(each.getBoundingClientRect().width)} x ${Math.round(
    each.getBoundingClientRect().height)}: ${each.outerHTML.slice(0, 120)}`)"""

# What stands outside of the screen, or is cut off by its own box; a strip that scrolls by itself may.
CUT = """() => {
  const found = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) found.push(`scrolls: ${document.documentElement.scrollWidth}`);
  const strips = (each) => ["auto", "scroll"].includes(getComputedStyle(each).overflowX);
  for (const each of document.body.querySelectorAll("*")) {
    if (![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    if (each.closest(".unseen, .visually-hidden, .skip, template, noscript, svg") || !each.checkVisibility()) continue;
    let above = each;
    while (above && !strips(above)) above = above.parentElement;
    const { left, right } = each.getBoundingClientRect();
    const outside = !above && (left < -1 || right > width + 1);
    const hides = getComputedStyle(each).overflowX !== "visible" && !strips(each);
    const cut = hides && each.scrollWidth > each.clientWidth + 1;
    if (outside || cut) found.push(`${outside ? "outside" : "cut"}: ${each.outerHTML.slice(0, 120)}`);
  }
  return found;
}"""

# By the keyboard's first Tab: a link to skip by leads to something that is there.
SKIPS = """() => [...document.querySelectorAll(".skip[href]")]
  .filter((link) => !document.querySelector(link.getAttribute("href"))).map((link) => link.outerHTML)"""


def violations(page, rules=LAW):
    """What axe finds at the level that is promised, and where. It is half a megabyte: a page gets it once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    asked = rules | {"resultTypes": ["violations"]}
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]][:3])
        for each in page.evaluate("rules => axe.run(rules)", asked)["violations"]
    ]


def accessible(page, *, dark=False):
    """What axe finds, in light and, where asked for, in the dark; targets under 44 px; links that skip to nothing."""
    # What is under way is paler for as long as it is.
    expect(page.locator(".htmx-request")).to_have_count(0)
    found = violations(page, RULES) + page.evaluate(SMALL, TARGET) + page.evaluate(SKIPS)
    if dark:
        page.emulate_media(color_scheme="dark")
        found += [("dark", each) for each in violations(page, COLOURS)]
        page.emulate_media(color_scheme="light")
    return found


def narrow(page):
    """What does not fit at 320 px, as it is and with the letters at 200 %. The page is as wide as before afterwards."""
    before = page.viewport_size
    page.set_viewport_size({"width": 320, "height": before["height"]})
    found = []
    for size in ("", "200%"):
        page.evaluate("size => { document.documentElement.style.fontSize = size }", size)
        found += [(size or "100%", each) for each in page.evaluate(CUT)]
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(before)
    return found
