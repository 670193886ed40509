"""What is printed from admin: the allergens for the wall, and the carte on paper."""

import re

import pytest
import time_machine
from django.urls import reverse

from ordering.models import ALLERGENS, Option, Product, Restaurant, Table
from ordering.services import carte
from tests import factories
from tests.ordering.admin_cast import page, person
from tests.ordering.diner_phone import house
from tests.ordering.staff_cast import text

pytestmark = [pytest.mark.django_db, pytest.mark.once]

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


@pytest.mark.parametrize("name", ["allergens", "paper", "slip"])
def test_it_is_for_those_who_work_there(alice, client, name):
    other = house("chez-charlie")
    address = reverse(f"admin:ordering_restaurant_{name}", args=[alice.pk])
    assert client.get(address).status_code == 302
    client.force_login(person("charlie", manager=[other]))
    assert client.get(address).status_code == 404
    for role in ("manager", "service"):
        client.force_login(person(role, **{role: [alice]}))
        assert client.get(address).status_code == 200
        if name != "slip":
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


# --- The carte on paper ---------------------------------------------------------------------------


def printed(client, restaurant, name, query="?lang=fr"):
    return client.get(reverse(f"admin:ordering_restaurant_{name}", args=[restaurant.pk]) + query)


def test_the_paper_has_what_one_must_know_to_order(alice, bob, client):
    """P22: prices, options, set menus, and one of three wordings of allergens for each of them."""
    Option.objects.filter(key="poivre").update(allergens=["milk"])
    Restaurant.objects.update(legal_origin={"fr": "Bœuf français"})
    carte.changed(restaurant_id=alice.pk)
    shown = text(printed(client, alice, "paper")).replace("\N{NO-BREAK SPACE}", " ")
    assert "Soupe 8,00 € Contient : céleri, lait" in shown
    assert "Tarte 7,50 € Aucun des 14 allergènes" in shown
    assert "Steak 20,00 € Allergènes non renseignés" in shown
    assert "Poivre + 2,00 € Contient : lait" in shown
    assert "Biere 5,00 € Bouteille + 1,00 €" in shown
    assert "Menu du jour 25,00 €" in shown
    assert "Steak + 3,00 € Allergènes non renseignés" in shown
    assert "Bœuf français" in shown
    assert "Prix nets en euros, taxes et service compris." in shown


def test_the_paper_counts_what_is_always_added_though_it_is_sold_out(alice, bob, client):
    """P22: tomorrow the paper is still there, and so is what was sold out today."""
    bottle = Option.objects.get(key="bouteille")
    Option.objects.filter(pk=bottle.pk).update(allergens=["milk"])
    Product.objects.filter(key="biere").update(allergens=[])
    beer = Product.objects.get(key="biere")
    alice.set_menus.get().courses.get().choices.create(product=beer)
    carte.sell_out_until_tomorrow(things=[bottle])
    shown = text(printed(client, alice, "paper")).replace("\N{NO-BREAK SPACE}", " ")
    assert "Biere 5,00 € Contient : lait" in shown
    assert shown.count("Contient : lait") == 2


def test_the_paper_speaks_a_language_of_the_house_in_two_sizes(alice, bob, client):
    english = printed(client, alice, "paper", "?lang=en&size=large").content.decode()
    assert '<html lang="en">' in english
    assert 'class="paper large"' in english
    assert "€8.00" in english
    assert '<span lang="fr">Menu du jour</span>' in english
    assert "size=large&amp;lang=fr" in english
    assert 'class="paper"' in printed(client, alice, "paper").content.decode()
    assert 'class="slip"' in printed(client, alice, "slip").content.decode()


def test_the_paper_says_when_something_is_served(alice, bob, client):
    alice.categories.update(
        served=[{"days": ["mon", "tue", "wed"], "from": "12:00", "to": "14:00"}]
    )
    carte.changed(restaurant_id=alice.pk)
    shown = text(printed(client, alice, "paper")).replace("\N{NO-BREAK SPACE}", " ")
    assert "Lundi à mercredi 12:00 – 14:00" in shown
    assert "fermé" not in shown


def test_the_slip_has_a_box_for_each_dish_option_and_choice(alice, bob, client):
    """And lines for the table, the covers and a remark; nobody is asked for an allergy."""
    shown = printed(client, alice, "slip", "?lang=en")
    found = shown.content.decode()
    # Five dishes with a set menu, four answers of the steak, one choice of the menu.
    assert found.count('<i class="tick"></i>') == 5 + 4 + 1
    for words in ("Table", "Covers", "Remark", "Do not write about your health here"):
        assert words in text(shown)
    assert "Biere (en) €6.00" in text(shown)  # with the deposit, which is paid too
    assert "<form" not in found
    assert "<input" not in found


def test_the_paper_escapes_what_the_house_wrote(alice, bob, client):
    """T14"""
    payload = "<script>alert(1)</script>"
    Product.objects.update(name={"fr": payload}, description={"fr": payload}, origin=payload)
    Option.objects.update(name={"fr": payload})
    carte.changed(restaurant_id=alice.pk)
    for name in ("paper", "slip", "allergens"):
        assert payload not in printed(client, alice, name).content.decode()


def test_the_list_of_tables_leads_to_the_paper_of_each_house(alice, bob, client):
    other = house("chez-charlie")
    shown = client.get(page(Table, "changelist")).content.decode()
    assert reverse("admin:ordering_restaurant_paper", args=[alice.pk]) in shown
    assert reverse("admin:ordering_restaurant_paper", args=[other.pk]) not in shown
