"""Sold out in two taps, and back, on the board."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ordering.models import Act, Option, Product, SetMenu
from ordering.services import acts
from tests import factories
from tests.ordering.staff_cast import house, text

pytestmark = pytest.mark.django_db
CARTE = "/board/chez-alice/carte/"


@pytest.fixture
def a():
    made = house()
    soup = factories.product(made, "soupe")
    factories.product(made, "bœuf-bourguignon", name={"fr": "Bœuf bourguignon"})
    factories.option_group(soup, "pain", {"noir": 50, "blanc": 0}, max=None)
    factories.set_menu(made, "midi", {"plat": {"soupe": 0}})
    return made


def things():
    return {
        "product": Product.objects.get(key="soupe"),
        "option": Option.objects.get(key="noir"),
        "menu": SetMenu.objects.get(key="midi"),
    }


def sell(client, how, kind, **more):
    data = {"sell": f"{how} {kind} {things()[kind].pk}", **more}
    return text(client.post(f"{CARTE}sell/", data, follow=True))


def version(a):
    a.refresh_from_db()
    return a.carte_version


@pytest.mark.parametrize(
    ("kind", "name"), [("product", "Soupe"), ("option", "Noir"), ("menu", "Midi")]
)
def test_it_sells_out_for_today_and_puts_back(a, bob, client, kind, name):
    """One tap on the menu, one on the button; the phones' pages are old at once, and it is kept who did it."""
    page = client.get(CARTE).content.decode()
    assert f'value="today {kind} {things()[kind].pk}"' in page
    before = version(a)
    assert f"{name} is sold out for today." in sell(client, "today", kind)
    thing = things()[kind]
    assert (thing.sold_out, thing.sold_out_until is not None) == (False, True)
    assert version(a) > before
    before = version(a)
    page = client.get(CARTE).content.decode()
    assert page.count(f'value="back {kind} {thing.pk}"') == 2  # on top, and in its place
    assert f"{name} is on sale again." in sell(client, "back", kind)
    assert things()[kind].sold_out_until is None
    assert version(a) > before
    assert [acts.sentence(act) for act in Act.objects.all()] == [
        f"on sale again: {name}",
        f"sold out for today: {name}",
    ]
    assert {act.person for act in Act.objects.all()} == {bob}


def test_it_sells_out_until_somebody_puts_it_back(a, bob, client):
    assert "Soupe is sold out until it is put back." in sell(client, "until_back", "product")
    assert things()["product"].sold_out
    assert "Sold out until it is put back" in text(client.get(CARTE))


@pytest.mark.parametrize("kind", ["product", "option", "menu"])
def test_it_counts_each_of_them(a, bob, client, kind):
    assert "2 portions left." in sell(client, "portions", kind, portions="2")
    assert things()[kind].portions == 2


def test_it_counts_portions(a, bob, client):
    address = f"{CARTE}product/{things()['product'].pk}/"
    assert "Portions left" in text(client.get(address))
    sell(client, "today", "product")
    assert "Soupe: 3 portions left." in sell(client, "portions", "product", portions="3")
    thing = things()["product"]
    assert (thing.portions, thing.sold_out_until) == (3, None)
    assert "Soupe: 0 portions left." in sell(client, "portions", "product", portions="0")
    assert "Sold out: no portion left" in text(client.get(CARTE))
    sell(client, "back", "product")
    assert things()["product"].portions is None


@pytest.mark.parametrize("portions", ["", "x", "-1", "²", "12345"])
def test_it_counts_nothing_else(a, bob, client, portions):
    said = sell(client, "portions", "product", portions=portions)
    assert "Nothing was changed: the portions must be a whole number." in said
    assert things()["product"].portions is None
    assert not Act.objects.exists()


@pytest.mark.parametrize(
    ("asked", "found"),
    [("boeuf", ["Bœuf bourguignon"]), ("BOURG bœ", ["Bœuf bourguignon"]), ("zzz", [])],
)
def test_it_is_searched_without_accents_and_capitals(a, bob, client, asked, found):
    page = client.get(CARTE, {"q": asked})
    names = [name for name in ("Bœuf bourguignon", "Soupe", "Midi", "Noir") if name in text(page)]
    assert names == found
    if not found:
        assert "Nothing on the carte is called so." in text(page)


def test_it_comes_back_to_what_was_searched(a, bob, client):
    data = {"sell": f"today product {things()['product'].pk}"}
    answer = client.post(f"{CARTE}sell/?q=sou", data)
    assert answer["Location"] == f"{CARTE}?q=sou"


def test_it_shows_what_waits_for_a_later_day(a, bob, client):
    sell(client, "today", "product")
    soup = things()["product"]
    later = soup.sold_out_until + timedelta(days=3)
    Product.objects.filter(pk=soup.pk).update(sold_out_until=later)
    assert "Sold out until" in text(client.get(CARTE))


def test_it_touches_nothing_of_another_house(a, bob, client):
    b = factories.restaurant("chez-charlie")
    foreign = factories.product(b, "gâteau")
    for sent in (
        f"today product {foreign.pk}", "today product 0", "today table 1", "today product x",
        "today product ²", "free product 1", "", f"today product {'9' * 30}",
        f"portions menu {things()['menu'].pk} 3", f"give menu {things()['menu'].pk}",
    ):  # fmt: skip
        assert client.post(f"{CARTE}sell/", {"sell": sent}).status_code == 404
    assert client.get(f"{CARTE}product/{foreign.pk}/").status_code == 404
    assert client.get(f"{CARTE}table/1/").status_code == 404
    foreign.refresh_from_db()
    assert foreign.sold_out_until is None
    assert not Act.objects.exists()


def test_a_long_carte_costs_no_query_more(a, bob, client):
    with CaptureQueriesContext(connection) as one:
        client.get(CARTE)
    for number in range(20):
        product = factories.product(a, f"plat-{number}")
        factories.option_group(product, f"groupe-{number}", {"un": 0, "deux": 0})
    with CaptureQueriesContext(connection) as many:
        client.get(CARTE)
    assert len(many) == len(one) <= 8
