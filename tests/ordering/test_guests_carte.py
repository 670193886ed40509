"""The carte's page that a house's guests share: it is each guest's own page, and holds nothing of another one's."""

import gzip
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import caches
from django.utils import timezone

from ordering.diner import kept
from ordering.diner.shared_page import OWN
from ordering.models import (
    Category,
    CategoryItem,
    Option,
    Product,
    Restaurant,
    SetMenu,
    Table,
    Visit,
)
from ordering.services import carte, pauses
from ordering.services.days import service_day
from pos_bridge.models import Register
from tests import factories
from tests.ordering.diner_phone import Phone, house

pytestmark = pytest.mark.django_db

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture
def table():
    return factories.table(house(languages=["fr", "en"]))


@pytest.fixture
def phone(table):
    return Phone().join(table)


def read(phone, query="", encoding="identity"):
    answer = phone.get(f"{phone.visit}{query}", headers={"Accept-Encoding": encoding})
    assert answer.status_code == 200
    return answer


def page(phone, query=""):
    return read(phone, query).content.decode()


def drawn(phone, query=""):
    """The same, with nothing kept."""
    kept.forget()
    return page(phone, query)


def without_token(html):
    return TOKEN.sub("", html)


def test_no_mark_is_left_in_it(phone):
    assert not [mark for mark in OWN.values() if mark in page(phone)]


def test_it_is_the_page_that_is_drawn_for_one_phone_alone(table, phone, monkeypatch):
    """Drawn with this guest's own words at once, it is the same."""
    phone.add("soupe", quantity="2")
    shared = page(phone)
    monkeypatch.setattr("ordering.access.is_at_another_table", lambda *_: True)
    monkeypatch.setattr("ordering.diner.pages._news", lambda *_: None)
    alone = page(phone)
    assert without_token(shared) == without_token(alone)


def test_gzip_is_the_same_page(phone):
    phone.add("soupe")
    plain = page(phone)
    zipped = read(phone, encoding="gzip, deflate, br")
    assert zipped["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in zipped["Vary"]
    assert without_token(gzip.decompress(zipped.content).decode()) == without_token(plain)


def test_two_guests_pages_differ_in_their_own_words_alone(table, phone):
    """Byte by byte: token, address, table, covers, cart and its version."""
    other = Phone().join(factories.table(table.restaurant, number=34), covers=5)
    pages = [page(each) for each in (phone, other)]
    tokens = [TOKEN.findall(each) for each in pages]
    visits = [each.visit.strip("/").rpartition("/")[2] for each in (phone, other)]
    assert tokens[0] != tokens[1]
    for html, (mine, theirs) in zip(pages, (visits, reversed(visits)), strict=True):
        assert mine in html
        assert theirs not in html
    seated = r"Table\s(12|34),\s(2|5)\scouverts|<title>.*</title>"
    bare = [
        re.sub(seated, "", without_token(html).replace(code, ""))
        for html, code in zip(pages, visits, strict=True)
    ]
    assert bare[0] == bare[1]


def test_the_token_of_another_guest_orders_nothing(table, phone):
    """T17: what is shared holds no token, and each guest's own opens nothing to another one."""
    other = Phone(enforce_csrf_checks=True)
    other.cookies = Phone().join(factories.table(table.restaurant, number=34)).cookies
    form = {
        "product": "soupe",
        "quantity": "1",
        "csrfmiddlewaretoken": TOKEN.findall(page(phone))[0],
    }
    visit = Visit.objects.get(table__number=34)
    assert other.post(f"/v/{visit.code}/add/", form).status_code == 403
    assert not visit.cart_lines.exists()


def test_a_scan_gives_both_cookies_for_as_long(table, phone):
    """The carte's page does not renew the one that its forms need."""
    scanned = phone.scan(table)
    assert {each["max-age"] for each in scanned.cookies.values()} == {24 * 3600}
    assert set(scanned.cookies) == {"tablee", "csrftoken"}
    read(phone)  # which remembers its language
    assert not read(phone).cookies


# --- Whatever changes, the page that is kept is the page that would be drawn -----------------------


def of_product(**fields):
    return lambda: Product.objects.filter(key="soupe").update(**fields)


def of_house(**fields):
    return lambda: Restaurant.objects.update(**fields)


def tomorrow():
    return timezone.localdate() + timedelta(days=1)


def pause(scope, what=""):
    bob = User.objects.create_user("bob")
    pauses.pause(by=bob, restaurant=Restaurant.objects.get(), scope=scope, what=what, minutes=15)


EVERY_DAY = [{"from": "00:00", "to": "12:00"}]
# All of it is told to the carte (carte.changed) by whoever changes it: tests/ordering/test_carte_service.py and others.
OF_CARTE = {
    "name": of_product(name={"fr": "Bisque"}),
    "translation": of_product(name={"fr": "Soupe", "en": "Soup"}),
    "description": of_product(description={"fr": "De saison"}),
    "price": of_product(price=9_99),
    "sold out": of_product(sold_out=True),
    "allergens": of_product(allergens=["fish"]),
    "allergens not declared": of_product(allergens=None),
    "diets": of_product(diets=["vegan"]),
    "origin": of_product(origin="FR"),
    "served at other hours": of_product(served=[]),
    "happy hour": of_product(happy_price=5_00, happy_hours=[{"from": "00:00", "to": "23:59"}]),
    "no register id": of_product(register_id=""),
    "category": lambda: Category.objects.update(name={"fr": "Entrées"}),
    "category's hours": lambda: Category.objects.update(served=[]),
    "order of categories": lambda: CategoryItem.objects.filter(product__key="soupe").update(
        position=98
    ),
    "dish taken off": lambda: CategoryItem.objects.filter(product__key="soupe").delete(),
    "option that is always added": lambda: Option.objects.filter(key="bouteille").update(
        price=2_00
    ),
    "set menu": lambda: SetMenu.objects.update(price=30_00),
    "set menu sold out": lambda: SetMenu.objects.update(sold_out=True),
    "register": lambda: Register.objects.update(current=False),
}
OF_HOUSE = {
    "house's name": of_house(name="Chez Bob"),
    "colour": of_house(colour="#7a1f2b"),
    "languages": of_house(languages=["fr", "en", "de"]),
    "hours": of_house(hours=EVERY_DAY),
    "closed": of_house(hours=[]),
    "ordering off": of_house(ordering=False),
    "closed tomorrow": lambda: Restaurant.objects.update(
        closed_days=[{"from": str(tomorrow()), "to": str(tomorrow()), "text": {"fr": "Fermé"}}]
    ),
    "waiting time": lambda: Restaurant.objects.update(
        waiting_minutes=40, slower_day=service_day(Restaurant.objects.get(), timezone.now())
    ),
    "pause of the house": lambda: pause("house"),
    "pause of a category": lambda: pause("category", "carte"),
    "table off": lambda: Table.objects.update(ordering=False),
    "covers": lambda: Visit.objects.update(covers=7),
    "register is silent": lambda: Register.objects.update(
        failures=5, silent_since=timezone.now() - timedelta(minutes=10)
    ),
}


@pytest.mark.parametrize("what", [*OF_CARTE, *OF_HOUSE])
def test_it_is_never_older_than_what_it_shows(table, phone, what):
    """F16, P22: every change, beside the page with nothing kept."""
    phone.add("soupe")
    before = {query: page(phone, query) for query in ("?lang=fr", "?lang=en")}
    (OF_CARTE | OF_HOUSE)[what]()
    if what in OF_CARTE:
        carte.changed(restaurant_id=table.restaurant_id)
    after = {query: page(phone, query) for query in before}
    anew = {query: drawn(phone, query) for query in before}
    for query in before:
        assert without_token(after[query]) == without_token(anew[query])
    assert any(without_token(after[query]) != without_token(before[query]) for query in before)


def test_it_follows_the_clock(table, phone):
    """Nobody has changed anything but the hour: a slot opens, the house closes, a happy hour ends."""
    Product.objects.filter(key="tarte").update(served=[{"from": "12:00", "to": "14:00"}])
    Product.objects.filter(key="soupe").update(
        happy_price=5_00, happy_hours=[{"from": "17:00", "to": "19:00"}]
    )
    Restaurant.objects.update(hours=[{"from": "08:00", "to": "22:00"}], grace_minutes=5)
    carte.changed(restaurant_id=table.restaurant_id)
    pages = []
    with time_machine.travel(datetime(2026, 11, 20, 10, 0, tzinfo=UTC), tick=False) as clock:
        phone.join(table)
        phone.add("soupe")
        for hour, minute in ((11, 30), (12, 30), (16, 30), (18, 2), (18, 30), (20, 59), (21, 1)):
            clock.move_to(datetime(2026, 11, 20, hour, minute, tzinfo=UTC))
            Visit.objects.update(touched_at=timezone.now())
            pages.append(without_token(page(phone)))
            assert pages[-1] == without_token(drawn(phone))
    assert len(set(pages)) >= 5


def test_what_another_process_has_drawn_is_taken_from_it(phone, monkeypatch):
    first = page(phone)
    kept.pages.forget()
    monkeypatch.setattr("ordering.diner.pages.render_to_string", lambda *_: 1 / 0)
    assert without_token(page(phone)) == without_token(first)


@pytest.mark.parametrize("wrong", [OSError(28, "No space left on device"), EOFError()])
def test_a_disk_that_keeps_nothing_is_no_reason_for_no_page(phone, monkeypatch, wrong):
    """F23, F27."""

    def fail(*_args, **_options):
        raise wrong

    monkeypatch.setattr(caches["carte"], "get", fail)
    if isinstance(wrong, OSError):
        monkeypatch.setattr(caches["carte"], "set", fail)
    kept.pages.forget()
    assert "Soupe" in page(phone)


def test_no_version_of_a_carte_comes_twice(table):
    """Last night's backup is restored, and then the carte is changed another way: what was kept is not taken for it."""
    carte.changed(restaurant_id=table.restaurant_id)
    lost = Restaurant.objects.get().carte_version
    Restaurant.objects.update(carte_version=1)
    with time_machine.travel(timezone.now() + timedelta(seconds=1)):
        carte.changed(restaurant_id=table.restaurant_id)
    assert Restaurant.objects.get().carte_version > lost
