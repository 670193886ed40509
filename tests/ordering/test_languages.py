"""P23: the diner's interface in five languages and any carte around it; the staff's in two; never two on one page."""

import re
from datetime import time

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from ordering import languages
from ordering.diner import hours
from ordering.diner.card import card_words
from ordering.diner.said import said
from ordering.models import ALLERGENS, Restaurant
from ordering.services import carte
from ordering.texts import amount
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import Phone, house, words

pytestmark = pytest.mark.once

NO_BREAK, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
FIVE = {
    "fr": "Vos données",
    "en": "Your data",
    "es": "Sus datos",
    "it": "I Suoi dati",
    "de": "Ihre Daten",
}
# Regulation (EU) 1169/2011, annex II, in the words of its own translations, in its order of the 14.
ANNEX_II = {
    "gluten": (
        "glutenhaltiges Getreide",
        "cereales que contengan gluten",
        "cereali contenenti glutine",
    ),
    "crustaceans": ("Krebstiere", "crustáceos", "crostacei"),
    "eggs": ("Eier", "huevos", "uova"),
    "fish": ("Fische", "pescado", "pesce"),
    "peanuts": ("Erdnüsse", "cacahuetes", "arachidi"),
    "soybeans": ("Sojabohnen", "soja", "soia"),
    "milk": ("Milch", "leche", "latte"),
    "nuts": ("Schalenfrüchte", "frutos de cáscara", "frutta a guscio"),
    "celery": ("Sellerie", "apio", "sedano"),
    "mustard": ("Senf", "mostaza", "senape"),
    "sesame": ("Sesamsamen", "granos de sésamo", "semi di sesamo"),
    "sulphites": (
        "Schwefeldioxid und Sulphite",
        "dióxido de azufre y sulfitos",
        "anidride solforosa e solfiti",
    ),
    "lupin": ("Lupinen", "altramuces", "lupini"),
    "molluscs": ("Weichtiere", "moluscos", "molluschi"),
}


@pytest.fixture
def made(db):
    restaurant = house()
    factories.table(restaurant)
    return restaurant


def speaks(restaurant, *codes):
    Restaurant.objects.filter(pk=restaurant.pk).update(languages=codes)
    carte.changed(restaurant_id=restaurant.pk)


def html(response):
    return response.content.decode()


def page_language(response):
    found = re.search(r'<html lang="([^"]+)"(?: dir="(\w+)")?>', html(response))
    return found and found.groups()


# --- The interface ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carte_in", "interface"),
    [
        ("fr", "fr"), ("en", "en"), ("es", "es"), ("it", "it"), ("de", "de"),
        ("de-AT", "de"), ("es-mx", "es"), ("en-gb", "en"), ("ca", "es"), ("gsw", "de"), ("scn", "it"), ("oc", "fr"),
        ("pt", "en"), ("pt-BR", "en"), ("ar", "en"), ("zh-hans", "en"), ("qqq", "en"), ("", "en"),
    ],
)  # fmt: skip
@pytest.mark.pure
def test_it_speaks_the_nearest_of_its_languages(carte_in, interface):
    assert languages.interface(carte_in) == interface


@pytest.mark.parametrize("language", FIVE)
def test_a_phone_reads_in_each_of_the_five_by_address_browser_and_cookie(made, language):
    speaks(made, "pl", *FIVE)
    phone = Phone("pl")
    phone.scan(made.tables.get())
    chosen = phone.get(f"/r/{made.slug}/carte/?lang={language}")
    assert page_language(chosen) == (language, None)
    assert {word for word in FIVE.values() if word in html(chosen)} == {FIVE[language]}
    kept = phone.get(f"/r/{made.slug}/carte/")
    assert page_language(kept) == (language, None)
    assert page_language(Phone(language).get(f"/r/{made.slug}/carte/")) == (language, None)


def test_the_links_name_each_language_in_itself(made):
    speaks(made, "fr", "pt-BR", "ar", "gcf", "de")
    found = re.findall(
        r"\?lang=[\w-]+\" lang=\"([\w-]+)\"[^>]*>([^<]+)</a>",
        html(Phone().get(f"/r/{made.slug}/carte/")),
    )
    assert found == [
        ("fr", "Français"),
        ("pt-BR", "Português Brasileiro"),
        ("ar", "العربيّة"),
        ("gcf", "gcf"),
        ("de", "Deutsch"),
    ]


@pytest.mark.parametrize(
    ("browser", "offered", "chosen"),
    [
        ("pt-br", ["fr", "pt-BR"], "pt-BR"),
        ("pt", ["fr", "pt-BR"], "pt-BR"),
        ("de-CH,en;q=0.5", ["fr", "de"], "de"),
        ("en-US", ["fr", "en-gb", "en"], "en"),
        ("sv,en;q=0.5", ["fr", "en"], "en"),
        ("sv", ["fr", "en"], "fr"),
        ("*", ["fr", "en"], "fr"),
    ],
)
def test_a_browser_gets_the_nearest_that_the_house_offers(made, browser, offered, chosen):
    speaks(made, *offered)
    phone = Phone(browser)
    page = html(phone.get(f"/r/{made.slug}/carte/"))
    assert f'lang="{chosen}" hreflang="{chosen}" aria-current="true"' in page


def test_a_language_that_is_not_offered_is_not_spoken(made):
    speaks(made, "fr", "en")
    for wish in ("de", "xx-unknown", "", "../../etc", "fr\x00"):
        answer = Phone("fr").get(f"/r/{made.slug}/carte/", {"lang": wish})
        assert page_language(answer) == ("fr", None)


@pytest.mark.parametrize(("language", "name"), [("pt-BR", "Sopa"), ("qqq", "Qqq")])
def test_a_carte_in_any_language_has_its_texts_marked(made, language, name):
    speaks(made, "fr", language)
    made.products.filter(key="soupe").update(name={"fr": "Soupe", language: name})
    carte.changed(restaurant_id=made.pk)
    answer = Phone(language).get(f"/r/{made.slug}/carte/")
    assert page_language(answer) == ("en", None)
    assert f'<h3 lang="{language}"><a href="p/soupe/?lang={language}">{name}</a></h3>' in html(
        answer
    )
    assert '<h3 lang="fr"><a href="p/tarte/' in html(answer)


def test_what_is_wrong_is_said_of_the_dish_in_the_language_of_the_carte(made):
    """The sentence is English, the name in it is what stands on the carte."""
    speaks(made, "fr", "en", "pt")
    made.option_groups.filter(key="cuisson").update(
        name={"fr": "Cuisson", "en": "Doneness", "pt": "Ponto"}
    )
    carte.changed(restaurant_id=made.pk)
    phone = Phone("pt").join(made.tables.get())
    assert "Your choice is still missing: Ponto." in words(phone.add("steak"))
    assert "Your choice is still missing: Doneness." in words(
        Phone("en").join(made.tables.get()).add("steak")
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", f"<b>Tarte</b>{NO_BREAK}: Épuisé."),
        ("en", "<b>Tarte</b>: Sold out."),
        ("de", "<b>Tarte</b>: Ausverkauft."),
        ("es", "<b>Tarte</b>: Agotado."),
        ("it", "<b>Tarte</b>: Esaurito."),
    ],
)
def test_only_french_has_a_space_before_its_colon(made, language, said):
    speaks(made, "fr", *(code for code in FIVE if code != "fr"))
    made.products.filter(key="tarte").update(name={"fr": "Tarte"})
    carte.changed(restaurant_id=made.pk)
    phone = Phone(language).join(made.tables.get())
    phone.add("tarte")
    made.products.filter(key="tarte").update(sold_out=True)
    carte.changed(restaurant_id=made.pk)
    assert said in html(phone.send())


@pytest.mark.parametrize(("house_language", "spoken"), [("de", "de"), ("pt", "en"), ("fr", "fr")])
def test_the_waiters_card_speaks_to_the_house(made, house_language, spoken):
    """P9: the diner reads Italian, whoever is shown the card does not."""
    speaks(made, house_language, "it")
    phone = Phone("it").join(made.tables.get())
    phone.add("soupe")
    order = phone.send()["Location"]
    Addition.objects.update(state="held", reason="stale")
    page = html(phone.get(order))
    assert f'<section class="card" lang="{spoken}"' in page
    assert page_language(phone.get(order)) == ("it", None)


def test_a_carte_in_arabic_is_written_from_the_right_within_an_english_page(made):
    """The page's own words are English, and a full stop must not wander to their left."""
    speaks(made, "fr", "ar")
    made.products.filter(key="soupe").update(name={"fr": "Soupe", "ar": "حساء"})
    carte.changed(restaurant_id=made.pk)
    answer = Phone("ar").get(f"/r/{made.slug}/carte/")
    assert page_language(answer) == ("en", None)
    assert '<h3 lang="ar" dir="rtl"><a href="p/soupe/?lang=ar">حساء</a></h3>' in html(answer)
    assert '<h3 lang="fr"><a' in html(answer)


@pytest.mark.parametrize(
    ("language", "right_to_left"),
    [("ar", True), ("ar-DZ", True), ("he", True), ("fa", True), ("ur", True), ("uz-Arab", True), ("ku", False),
     ("az-Latn", False), ("fa-Latn", False), ("de", False), ("", False)],
)  # fmt: skip
@pytest.mark.pure
def test_it_knows_what_is_written_from_the_right(language, right_to_left):
    assert languages.is_right_to_left(language) is right_to_left


@pytest.mark.pure
def test_a_page_in_a_language_from_the_right_is_one():
    with translation.override("ar"):
        assert '<html lang="ar" dir="rtl">' in render_to_string("diner/problem.html", {})
        assert said({"fr": "Soupe"}, "fr").lang == ' lang="fr" dir="ltr"'
    with translation.override("de"):
        assert '<html lang="de">' in render_to_string("diner/problem.html", {})


# --- How each is written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "written"),
    [
        (
            "fr",
            [f"12,50{NO_BREAK}€", f"1{NARROW}234,05{NO_BREAK}€", f"12{NARROW}345,00{NO_BREAK}€"],
        ),
        ("de", [f"12,50{NO_BREAK}€", f"1.234,05{NO_BREAK}€", f"12.345,00{NO_BREAK}€"]),
        ("es", [f"12,50{NO_BREAK}€", f"1234,05{NO_BREAK}€", f"12.345,00{NO_BREAK}€"]),
        ("it", [f"12,50{NO_BREAK}€", f"1234,05{NO_BREAK}€", f"12.345,00{NO_BREAK}€"]),
        ("en", ["€12.50", "€1,234.05", "€12,345.00"]),
    ],
)
@pytest.mark.pure
def test_it_writes_money_as_the_browsers_intl_does(language, written):
    with translation.override(language):
        assert [amount(12_50), amount(1_234_05), amount(12_345_00)] == written
        assert amount(-12_50) == "\N{MINUS SIGN}" + written[0]
        assert "999" in amount(999_999_99)


@pytest.mark.parametrize(
    ("language", "seven", "half_past_ten", "one"),
    [
        ("fr", "19 h", "22 h 30", "1 h"),
        ("en", "7 pm", "10:30 pm", "1 am"),
        ("de", "19 Uhr", "22:30 Uhr", "1 Uhr"),
        ("es", "las 19:00", "las 22:30", "la 1:00"),
        ("it", "19:00", "22:30", "1:00"),
    ],
)
@pytest.mark.pure
def test_it_tells_the_time_as_each_language_does(language, seven, half_past_ten, one):
    with translation.override(language):
        found = [hours.o_clock(at) for at in (time(19), time(22, 30), time(1))]
    assert [said.replace(NO_BREAK, " ") for said in found] == [seven, half_past_ten, one]


@pytest.mark.parametrize(
    ("language", "tuesday_to_saturday", "rest"),
    [
        ("fr", "Mardi à samedi", "Dimanche, lundi"),
        ("en", "Tuesday to Saturday", "Sunday, Monday"),
        ("de", "Dienstag bis Samstag", "Sonntag, Montag"),
        ("es", "De martes a sábado", "Domingo, lunes"),
        ("it", "Da martedì a sabato", "Domenica, lunedì"),
    ],
)
@pytest.mark.pure
def test_it_lists_the_hours_in_each_language(language, tuesday_to_saturday, rest):
    slots = [{"days": ["tue", "wed", "thu", "fri", "sat"], "from": "19:00", "to": "22:30"}]
    with translation.override(language):
        assert [days for days, _times in hours.listed(slots)] == [tuesday_to_saturday, rest]


@pytest.mark.parametrize(("language", "place"), [("de", 0), ("es", 1), ("it", 2)])
@pytest.mark.pure
def test_it_names_the_allergens_as_the_law_does(language, place):
    """P22: a wrong word here is an ambulance."""
    with translation.override(language):
        said = {key: str(name) for key, name in ALLERGENS.items()}
    assert said == {key: names[place] for key, names in ANNEX_II.items()}


# --- The staff --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("browser", "language"),
    [
        ("fr", "fr"),
        ("en-GB", "en"),
        ("es-ES,es;q=0.9,en;q=0.8", "en"),
        ("de,fr;q=0.5", "fr"),
        ("es", "fr"),
        ("", "fr"),
    ],
)
def test_admin_is_in_one_of_its_own_languages(made, client, browser, language):
    """Django speaks Spanish, our sentences in admin do not: a page in both is in none."""
    client.force_login(person("alice", manager=[made]))
    for address in ("/admin/", "/admin/ordering/product/", "/admin/login/"):
        answer = client.get(address, headers={"Accept-Language": browser})
        assert answer["Content-Language"] == language
        assert answer.status_code == 302 or f'lang="{language}"' in html(answer)


def test_the_cards_of_a_table_speak_each_language_once(made):
    made.languages = ["pt", "en", "de", "gsw", "ar"]
    assert [words["language"] for words in card_words(made)] == ["en", "de"]
    made.languages = [*FIVE]
    assert [words["language"] for words in card_words(made)] == ["fr", "en", "es"]
