"""The whole order without a pointer and without sight: by keys alone, and as the accessibility tree tells it."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ordering.models import Order, Product
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.diner_phone import house

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Whether the focus can be seen: it has a ring, is on the screen, and nothing lies over it (WCAG 2.4.7, 2.4.11).
SEEN = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return at.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1
    && (at.contains(top) || Boolean(top?.contains(at)));
}"""


@pytest.fixture
def table():
    made = house(free_note=True)
    Product.objects.filter(key="tarte").update(name={"fr": "Tarte"})
    return factories.table(made)


def tab_to(page, selector):
    """By Tab alone; whatever has the focus on the way can be seen to have it."""
    wanted = page.locator(selector).first
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML")[:300]
        if wanted.evaluate("each => each === document.activeElement"):
            return wanted
    raise AssertionError(f"Tab does not reach {selector}")


def press(page, selector, key="Enter"):
    at = tab_to(page, selector)
    page.keyboard.press(key)
    return at


def skip(page, name, to):
    """The first Tab of a page offers it, and the next one is where it leads."""
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=name)).to_be_focused()
    assert page.evaluate(SEEN)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(to)).to_be_focused()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_whole_order_by_keyboard_and_by_ear(phones, live_server, table, script):
    """P23: from the scan to the till: names, roles, states, what is announced, and a focus that is seen and kept."""
    page = phones("en", java_script_enabled=script)
    page.goto(f"{live_server.url}/t/{table.code}/")
    expect(page).to_have_title("Welcome, table 12 · Chez Alice")
    expect(page.locator("main")).to_match_aria_snapshot("""
      - heading "How many are you?" [level=1]
      - group "How many are you?":
        - button "1"
        - button "2"
    """)
    press(page, ".plate[value='2']")

    page.wait_for_url(re.compile(r"/v/[^/]+/$"))
    expect(page).to_have_title("The carte, table 12 · Chez Alice")
    expect(page.locator("body")).to_match_aria_snapshot("""
      - banner:
        - navigation "Language":
          - link "Français"
          - link "English"
        - heading "Chez Alice" [level=1]
      - navigation "Categories"
      - main:
        - region "Carte":
          - heading "Carte" [level=2]
          - list:
            - listitem:
              - heading "Soupe (en)" [level=3]
              - button "Add Soupe (en)"
            - listitem:
              - heading "Tarte" [level=3]
              - button "Add Tarte"
            - listitem:
              - heading "Steak (en)" [level=3]
              - link "Choose Steak (en)"
      - navigation "Your table":
        - link "Waiter"
        - link "Cart"
      - status
    """)
    skip(page, "Skip to the carte", to="#show-allergens")
    soup = press(page, "#add-carte_soupe")
    expect(soup).to_have_accessible_name("1 in the cart, add one more: Soupe (en)")
    expect(page.locator("#cart-button")).to_have_accessible_name("Cart 1 €8.00")
    if script:
        expect(soup).to_be_focused()
        expect(page.get_by_role("status")).to_have_text("Soupe (en): 1 in the cart")
    press(page, "#dish-carte_steak h3 a")

    page.wait_for_url("**/p/steak/")
    expect(page).to_have_title("Steak (en) · Chez Alice")
    skip(page, "Skip to the choices", to="input[value=bleu]")
    # The browser itself leads to what is missing; where it does not, the server's answer says so beside the choice.
    press(page, "#put")
    expect(page.locator("input[value=bleu]")).to_be_focused()
    page.evaluate("document.querySelector('#choices').noValidate = true")
    tab_to(page, "#free-note").type("<b>")
    put = press(page, "#put")
    cooking = page.get_by_role("group", name="CUISSON one choice, required")
    expect(cooking).to_have_accessible_description("Your choice is still missing: CUISSON.")
    expect(cooking).to_match_aria_snapshot("""
      - group "CUISSON one choice, required":
        - alert:
          - paragraph: /still missing/
        - radio "BLEU"
        - radio "SAIGNANT"
    """)
    note = page.get_by_role("textbox", name="A note of your own")
    expect(note).to_have_attribute("aria-invalid", "true")
    expect(note).to_have_accessible_description(re.compile("Your note: “<” cannot be taken"))
    if script:
        expect(put).to_be_focused()
        page.keyboard.press("Shift+Tab")  # and on from where it was
        assert page.evaluate(SEEN)
        page.locator("h1").evaluate("h1 => { h1.tabIndex = -1; h1.focus(); }")
    press(page, "input[value=bleu]", "Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="SAIGNANT")).to_be_checked()
    press(page, "input[value=poivre]", "Space")
    tab_to(page, "#free-note").fill("hot")
    expect(tab_to(page, "#put")).to_have_accessible_name("Add €22.00" if script else "Add €20.00")
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile("#dish"))
    press(page, "#cart-button")
    page.wait_for_url("**/cart/")
    expect(page).to_have_title("Your order, table 12 · Chez Alice")
    expect(page.locator("body")).to_match_aria_snapshot("""
      - main:
        - heading "Your order" [level=1]
        - region "You":
          - list:
            - listitem:
              - heading "Soupe (en)" [level=3]
              - group "Quantity, Soupe (en)":
                - button "One fewer"
                - spinbutton "Quantity": "1"
                - button "One more"
              - button "Remove Soupe (en)"
            - listitem:
              - button "Remove Steak (en)"
        - region "Recap":
          - group "Covers":
            - button "One cover fewer"
            - spinbutton "Covers": "2"
            - button "One cover more"
      - region "Send the order":
        - paragraph: /2 items, table 12 €30.00/
        - button "Order — pay at the restaurant"
      - status
    """)
    skip(page, "Skip to the recap", to="#covers-less")
    page.locator("h1").focus()
    number = tab_to(page, "#lines [name^=quantity]")
    number.type("99")
    page.keyboard.press("Enter")
    many = "Please say how many you would like, from 1 to 20."
    expect(number).to_have_accessible_description(many)
    expect(number).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#alert")).to_contain_text(f"Soupe (en): {many}")
    expect(page.locator("#alert")).to_have_role("alert")
    if script:
        expect(number).to_be_focused()
    else:
        tab_to(page, "#lines [name^=quantity]")
    number.fill("1")
    more = press(page, "#lines [name=more]")
    expect(page.locator("#total")).to_have_text("€38.00")
    expect(number).not_to_have_attribute("aria-invalid", "true")
    if script:
        expect(more).to_be_focused()
        expect(page.locator("#said")).to_have_text("3 items, €38.00")
        press(page, "#lines [name=remove]")
        expect(page.get_by_role("button", name="Remove Steak (en)")).to_be_focused()
        press(page, "#order")
    else:
        press(page, "#order")

    page.wait_for_url("**/orders/**")
    expect(page).to_have_title("Being sent · order no. 1 · Chez Alice")
    expect(page.locator("main")).to_match_aria_snapshot("""
      - status:
        - heading "Being sent" [level=1]
        - paragraph: /Order no. 1 is on its way/
      - region "Order no. 1"
    """)
    assert Order.objects.get().total == (22_00 if script else 38_00)
    held = tab_to(page, "#to-carte")
    Addition.objects.update(state="received", received_at=timezone.now())
    if script:
        expect(page.locator("#said")).to_have_text("Received by the till")
        expect(held).to_be_focused()
    else:
        page.reload()
    expect(page).to_have_title("Received by the till · order no. 1 · Chez Alice")
    expect(page.get_by_role("status").first).to_contain_text("Received by the till")
