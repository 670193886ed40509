"""Admin as a manager has it on a phone: every page of ours, and those of Django that we fill, in one session."""

from datetime import timedelta
from pprint import pformat

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from ordering.models import OptionGroup, Product, ProductOptionGroup, SetMenu, Table
from pos_bridge.models import Addition
from tests import factories
from tests.browser import judge
from tests.ordering.admin_cast import house, person
from tests.ordering.staff_cast import State, order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Of ours; Django's own are held to the 24 px of WCAG 2.5.8.
OURS = ("tablee-", 'class="button', '<input type="submit"')
SMALL_OF_DJANGO = 24
# No text tells that an input is cut off; a list and a wide table move in frames of their own.
WIDE = """() => [...document.querySelectorAll("input, select, textarea, button")]
  .filter((each) => each.checkVisibility() && !each.closest(".results, .tablee-scrolls"))
  .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth - 8)
  .map((each) => each.outerHTML.slice(0, 120))"""
TABLET = {"width": 820, "height": 1180}


@pytest.fixture
def a():
    made = house("a", "Aldebaran")
    Addition.objects.update(
        state=Addition.State.UNCERTAIN, reason="no_answer", tries=2,
        created_at=timezone.now() - timedelta(minutes=10),
    )  # fmt: skip
    product = Product.objects.get()
    ProductOptionGroup.objects.get_or_create(product=product, group=OptionGroup.objects.get())
    factories.product(made, "neuf", allergens=None, name={"fr": "Pâté en croûte de canard"})
    return made


def enter(page, live_server, name):
    client = Client()
    client.force_login(name)
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])


def is_well(page, name, *, dark=False):
    """No violation; nothing outside of the phone; targets as large as a thumb, Django's own 24 px (WCAG 2.5.8)."""
    found = judge.violations(page) + page.evaluate(judge.CUT) + page.evaluate(WIDE)
    found += page.evaluate(judge.SMALL, SMALL_OF_DJANGO)
    small = page.evaluate(judge.SMALL, judge.TARGET)
    found += [each for each in small if any(word in each for word in OURS)]
    if dark:
        page.emulate_media(color_scheme="dark")
        found += [("dark", each) for each in judge.violations(page, judge.COLOURS)]
        page.emulate_media(color_scheme="light")
    assert not found, (name, page.url, pformat(found, width=200))


def addresses(a):
    """Every page of ours, and each kind of Django's: {address: whether it has colours of ours}."""
    place = f"ordering/restaurant/{a.pk}"
    group, menu = OptionGroup.objects.get(), SetMenu.objects.get()
    return {
        "": True,
        "pos_bridge/addition/undelivered/": True,
        f"pos_bridge/addition/undelivered/{Addition.objects.earliest('pk').pk}/": True,
        "pos_bridge/addition/": False,
        f"pos_bridge/register/{a.registers.get().pk}/change/": False,
        f"{place}/change/": True,
        f"{place}/rehearse/": True,
        f"{place}/untranslated/": True,
        f"{place}/drafts/": False,
        f"{place}/allergens/": False,
        f"{place}/paper/": False,
        f"{place}/slip/": False,
        "ordering/product/": True,
        "ordering/product/add/": False,
        f"ordering/category/{a.categories.get().pk}/change/": False,
        f"ordering/optiongroup/{group.pk}/change/": True,
        f"ordering/setmenu/{menu.pk}/change/": False,
        "ordering/table/": False,
        f"ordering/table/{Table.objects.get().pk}/change/": False,
        "ordering/table/add-range/": False,
        "password_change/": False,
    }


def mistakes(page, base, a):
    """What a manager gets wrong: the name of each page that says so."""
    page.goto(f"{base}ordering/product/{Product.objects.get(key='plat').pk}/change/")
    page.locator("#id_price").fill("douze")
    page.locator("#id_vat").fill("200")
    page.locator("[name=_save]").click()
    expect(page.locator(".field-price .errorlist, .field-vat .errorlist")).to_have_count(2)
    yield "product, refused"
    page.goto(f"{base}ordering/restaurant/{a.pk}/import/")
    page.locator("#id_file").set_input_files(
        {"name": "a.json", "mimeType": "application/json", "buffer": b'{"format": '}
    )
    page.locator("#content-main [type=submit]").click()
    expect(page.locator(".errornote")).to_be_visible()
    yield "import, refused"
    page.goto(f"{base}ordering/restaurant/{a.pk}/sheet/")
    sheet = b"key,price\nplat,9.50\nneuf,12\n"
    page.locator("#id_file").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": sheet}
    )
    page.locator("#content-main [type=submit]").click()
    expect(page.locator(".tablee-scrolls")).to_be_visible()
    yield "spreadsheet, seen"


def test_a_manager_finds_every_page_of_admin_fit_for_a_phone(phones, live_server, a):
    """P23: WCAG 2.2 AA on 390 px, in light and in the dark, also where something is wrong on the page."""
    page = phones("fr")
    base = f"{live_server.url}/admin/"
    boss = person("boss", manager=[a])
    page.goto(base + "login/")
    page.locator("#id_username").fill("boss")
    page.locator("#id_password").fill("wrong")
    page.locator("[type=submit]").click()
    expect(page.locator(".errornote")).to_be_visible()
    is_well(page, "login, refused")
    enter(page, live_server, boss)
    for address, dark in addresses(a).items():
        page.goto(base + address)
        is_well(page, address or "index", dark=dark)
    page.goto(base + "ordering/table/")
    page.get_by_role("button", name="Imprimer").click()
    is_well(page, "cards")
    for name in mistakes(page, base, a):
        is_well(page, name)
    shows_itself_anew(page, base, a)
    page.set_viewport_size(TABLET)
    for address in addresses(a):
        if "/change/" in address:
            page.goto(base + address)
            assert not page.evaluate(WIDE) + page.evaluate(judge.CUT), address


def shows_itself_anew(page, base, a):
    """The list of the undelivered keeps the focus while it looks again, and says so when it cannot."""
    first = Addition.objects.get()
    page.clock.install()
    page.goto(base + "pos_bridge/addition/undelivered/")
    page.locator(f"#do-{first.pk}-by_hand").focus()
    order(a, State.REFUSED, "refused", age=60, tries=1)
    page.clock.fast_forward(8_000)
    expect(page.locator(".tablee-row")).to_have_count(2)
    assert page.evaluate("document.activeElement.id") == f"do-{first.pk}-by_hand"
    page.context.set_offline(True)
    page.clock.fast_forward(8_000)
    expect(page.locator("#old")).to_be_visible()
    is_well(page, "undelivered, out of date")
    page.context.set_offline(False)
    page.clock.fast_forward(8_000)
    expect(page.locator("#old")).to_be_hidden()
