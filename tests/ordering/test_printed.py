"""What is printed from admin: the allergens for the wall, and the carte on paper."""

import re

import pytest
import time_machine
from django.urls import reverse

from ordering.models import ALLERGENS, Option, Product, Restaurant
from tests import factories
from tests.ordering.admin_cast import page, person
from tests.ordering.diner_phone import house
from tests.ordering.staff_cast import text

pytestmark = pytest.mark.django_db

NAMES = list(ALLERGENS)


@pytest.fixture
def alice():
    return house(languages=["fr", "en", "ja"])


@pytest.fixture
def bob(alice, client):
    user = person("bob", service=[alice])
    client.force_login(user)
    return user


def sheet(client, restaurant, query=""):
    return client.get(reverse("admin:ordering_restaurant_allergens", args=[restaurant.pk]) + query)


def rows(response):
    """{name of a row: {allergen: what its cell says}}"""
    found = {}
    for row in re.findall(r'<tr><th scope="row">(.*?)</tr>', response.content.decode(), re.DOTALL):
        name = re.sub(r"<[^>]+>", "", row.partition("</span>")[0])
        cells = re.findall(r'<td class="(\w+)">', row)
        assert len(cells) == 14, name
        found[name] = dict(zip(NAMES, cells, strict=True))
    return found


def test_the_sheet_says_of_each_product_and_option_which_of_three_it_is(alice, bob, client):
    """P22: contained, not contained, or not declared; all fourteen of each."""
    Option.objects.filter(key="poivre").update(allergens=["milk"])
    found = rows(sheet(client, alice))
    assert found.keys() == {
        "Soupe", "Tarte", "Steak", "Biere", "Bleu", "Saignant", "Poivre", "Beurre",
    }  # fmt: skip
    contained = {name for name, state in found["Soupe"].items() if state == "contains"}
    assert contained == {"celery", "milk"}
    assert set(found["Soupe"].values()) == {"contains", "without"}
    assert set(found["Tarte"].values()) == {"without"}
    assert set(found["Steak"].values()) == {"undeclared"}
    assert found["Poivre"]["milk"] == "contains"


def test_the_sheet_counts_what_is_always_added(alice, bob, client):
    """P22: gluten is in the beer; of the rest nobody knows, since nobody has declared its bottle."""
    beer = rows(sheet(client, alice))["Biere"]
    assert beer.pop("gluten") == "contains"
    assert set(beer.values()) == {"undeclared"}
    Option.objects.filter(key="bouteille").update(allergens=["milk"])
    beer = rows(sheet(client, alice))["Biere"]
    assert {name for name, state in beer.items() if state == "contains"} == {"gluten", "milk"}
    assert "undeclared" not in beer.values()


def test_the_sheet_has_a_product_that_only_a_set_menu_offers(alice, bob, client):
    Product.objects.get(key="steak").placed.all().delete()
    shown = sheet(client, alice, "?lang=en")
    assert "Steak (en)" in rows(shown)
    assert "Other dishes" in text(shown)


def test_the_sheet_speaks_a_language_of_the_house_and_says_its_date(alice, bob, client):
    with time_machine.travel("2026-11-20 23:30:00+00:00"):
        french, english = sheet(client, alice), sheet(client, alice, "?lang=en")
    assert "21 novembre 2026" in text(french)  # on the wall in Paris
    assert "lait" in text(french)
    assert "Soupe (en)" in text(english)
    assert "Printed on Nov. 21, 2026" in text(english)
    for answer, spoken in ((french, "fr"), (english, "en")):
        assert f'<html lang="{spoken}">' in answer.content.decode()
    # In a language without a text, the house's own stands there, and says so to a screen reader.
    japanese = sheet(client, alice, "?lang=ja").content.decode()
    assert '<html lang="en">' in japanese
    assert '<span lang="fr">Soupe</span>' in japanese
    assert '<html lang="fr">' in sheet(client, alice, "?lang=xx").content.decode()


def test_the_sheet_needs_no_colour_and_says_its_signs_to_the_ear(alice, bob, client):
    shown = sheet(client, alice, "?lang=en").content.decode()
    assert '<td class="contains"><b aria-hidden="true">●</b><span class="unseen">contains' in shown
    assert '<td class="undeclared"><b aria-hidden="true">?</b><span class="unseen">not' in shown


def test_the_sheet_is_of_those_who_work_there(alice, client):
    other = house("chez-charlie")
    address = reverse("admin:ordering_restaurant_allergens", args=[alice.pk])
    assert client.get(address).status_code == 302
    client.force_login(person("charlie", manager=[other]))
    assert client.get(address).status_code == 404
    for role in ("manager", "service"):
        client.force_login(person(role, **{role: [alice]}))
        assert client.get(address).status_code == 200
        assert address in client.get(page(Restaurant, "change", alice.pk)).content.decode()


def test_the_page_of_a_restaurant_counts_what_lacks_a_declaration(alice, client):
    """P22: and leads to the list of them."""
    client.force_login(person("alice", manager=[alice, house("chez-charlie")]))
    shown = client.get(page(Restaurant, "change", alice.pk), headers={"accept-language": "en"})
    assert "Allergens are not declared: 1 product , 5 options" in text(shown)
    links = re.findall(r'href="([^"]*allergens=undeclared[^"]*)"', shown.content.decode())
    for link, names in zip(links, ({"Steak"}, {"Poivre", "Bleu"}), strict=True):
        listed = client.get(link.replace("&amp;", "&"))
        things = {str(each) for each in listed.context["cl"].result_list}
        assert names <= things
        assert len(things) == {1: 1, 2: 5}[len(names)]
    Product.objects.update(allergens=[])
    Option.objects.update(allergens=[])
    shown = client.get(page(Restaurant, "change", alice.pk), headers={"accept-language": "en"})
    assert "Allergens are not declared" not in text(shown)


def test_the_sheet_costs_the_same_whatever_the_carte(
    alice, bob, client, django_assert_max_num_queries
):
    """Cost: who it is, the restaurant, and five for the carte."""
    for number in range(30):
        factories.option_group(factories.product(alice, f"plat-{number}"), f"q{number}", {"a": 0})
    with django_assert_max_num_queries(10):
        sheet(client, alice)
