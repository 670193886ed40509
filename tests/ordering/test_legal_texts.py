"""The law's other words at the foot of the carte: the house's own, or the usual ones."""

import pytest

from ordering.models import Product, Restaurant
from ordering.restaurant_file import check
from ordering.services import carte
from ordering.services.transfer import export_restaurant, export_with_warnings, import_restaurant
from tests import factories
from tests.ordering.admin_cast import errors, page, person, send
from tests.ordering.diner_phone import Phone, house, words
from tests.ordering.test_restaurant_file_mistakes import said, small

pytestmark = [pytest.mark.django_db, pytest.mark.once]

CARTE = "/r/chez-alice/carte/"
LEGAL = {
    "prices": {"fr": "Prix nets, service compris", "en": "Service included"},
    "origin": {"fr": "Viandes bovines\nd’origine française"},
    "homemade": {"fr": "Tout est fait maison"},
    "alcohol": {"fr": "À consommer avec modération", "en": "Drink in moderation"},
    "note": {"fr": "Chèques refusés"},
}


@pytest.fixture
def alice():
    return house()


def foot(language="fr", query=""):
    shown = Phone(language).get(CARTE + query).content.decode()
    return shown.partition('<footer class="foot">')[2].partition("</footer>")[0]


def test_it_says_that_prices_are_net_and_the_rest_where_a_product_calls_for_it(alice):
    assert "Prix nets en euros, taxes et service compris." in foot()
    assert "under 18" not in foot("en")
    assert "raw ingredients" not in foot("en")
    Product.objects.filter(key="biere").update(alcohol=True)
    Product.objects.filter(key="soupe").update(diets=["homemade"])
    carte.changed(restaurant_id=alice.pk)
    assert "No alcohol is sold to anyone under 18." in foot("en")
    assert "raw ingredients" in foot("en")
    # A filter that hides the beer does not hide the law.
    assert "No alcohol is sold to anyone under 18." in foot("en", "?without=gluten")


def test_it_says_what_the_house_says_instead_and_marks_its_language(alice):
    for name, texts in LEGAL.items():
        setattr(alice, f"legal_{name}", texts)
    alice.save()
    carte.changed(restaurant_id=alice.pk)
    english = foot("en")
    assert "<p>Service included</p>" in english
    assert '<p lang="fr">Viandes bovines<br>d’origine française</p>' in english
    assert '<p lang="fr">Tout est fait maison</p>' in english
    assert '<p lang="fr">Chèques refusés</p>' in english
    assert "Net prices" not in english
    assert "<p>Prix nets, service compris</p>" in foot()


def test_it_escapes_them(alice):
    """T14"""
    payload = "<script>alert(1)</script>"
    Restaurant.objects.update(legal_note={"fr": payload})
    carte.changed(restaurant_id=alice.pk)
    assert payload not in foot()
    assert "&lt;script&gt;" in foot()


# --- In the file ----------------------------------------------------------------------------------


def test_the_file_brings_them_and_takes_them_home():
    data = {**small(), "legal_texts": LEGAL}
    assert check(data) == []
    import_restaurant(data=data)
    made = Restaurant.objects.get()
    assert made.legal_origin == LEGAL["origin"]
    assert export_restaurant(made)["legal_texts"] == LEGAL
    # What is left out is the usual again, and an older file is as valid as before.
    assert import_restaurant(data=small()).changed
    assert "legal_texts" not in export_restaurant(Restaurant.objects.get())


@pytest.mark.parametrize(
    ("legal", "sentence"),
    [
        ({"price": {"fr": "x"}}, 'legal_texts: "price" is not a name that is known here'),
        ({"note": "x"}, 'legal_texts.note: "x" is not a text in languages'),
        ({"note": {}}, "legal_texts.note: there is no text in it"),
        ({"note": {"en": "x"}}, 'legal_texts.note: there is no text in "fr"'),
        ({"note": {"fr": "x", "de": "x"}}, "legal_texts.note.de: the restaurant's languages are"),
        ({"note": {"fr": "x" * 501}}, "legal_texts.note.fr: it has 501 characters; at most 500"),
        ([], "legal_texts: a list is not an object"),
    ],
)
def test_the_file_names_what_is_wrong_and_where(legal, sentence):
    found = said({**small(), "legal_texts": legal})
    assert any(each.startswith(sentence) for each in found), found


def test_an_export_leaves_out_what_its_import_would_refuse():
    import_restaurant(data={**small(), "legal_texts": LEGAL})
    Restaurant.objects.update(legal_note={"en": "No cheques"})
    data, warnings = export_with_warnings(Restaurant.objects.get())
    assert "note" not in data["legal_texts"]
    assert [each for each in warnings if each.startswith('The text "note" of legal_texts')]
    assert not [each for each in warnings if "cannot be imported" in each]


# --- By hand --------------------------------------------------------------------------------------


def test_a_manager_writes_them_and_the_phones_show_them(client):
    made = factories.restaurant()
    factories.product(made)
    client.force_login(person("alice", manager=[made]))
    assert "taxes et service compris" in foot()
    address = page(Restaurant, "change", made.pk)
    answer = send(client, address, legal_prices_fr="Prix nets", legal_prices_en="Net prices here")
    assert answer.status_code == 302
    assert "<p>Net prices here</p>" in foot("en")
    refused = send(client, address, legal_note_fr="x" * 501)
    assert "500" in errors(refused)["legal_note"]
    refused = send(client, address, legal_note_en="Only English")
    assert "fr" in errors(refused)["legal_note"]
    assert "Prix nets" in words(Phone().get(CARTE))
