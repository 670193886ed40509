"""Search and filters on the carte: addresses alone, no script, and strict about allergens (P22)."""

import logging
import re
from datetime import UTC, datetime
from html import escape

import pytest
import time_machine
from django.core import signing
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ordering import access
from ordering.diner import kept
from ordering.models import Category, Choice, Option, OptionGroup, Product, Restaurant, Visit
from ordering.services import carte
from ordering.services.visits import end
from pos_bridge.models import Register
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, house, words
from tests.ordering.test_diner_carte import DEMO, change

pytestmark = [pytest.mark.django_db, pytest.mark.once]

EVENING = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)
CARTE = "/r/chez-alice/carte/"


@pytest.fixture
def table():
    """Soup with milk and celery, tart with nothing, steak undeclared, beer with an undeclared deposit, a menu."""
    return factories.table(house())


def found(query, language="fr"):
    """The keys of what the carte shows."""
    page = Phone(language).get(f"{CARTE}?{query}").content.decode()
    return set(re.findall(r'id="dish-carte_([^"]+)"', page))


def declare(options, allergens, **also):
    Option.objects.filter(key__in=options).update(allergens=allergens, **also)
    carte.changed(restaurant_id=Restaurant.objects.get().pk)


def test_it_shows_as_without_only_what_is_declared_so(table):
    """P22: milk is in the soup, nobody has said what is in the steak and in the bottle of the beer."""
    assert found("") == {"soupe", "tarte", "steak", "biere", "menu"}
    assert found("without=milk") == {"tarte"}
    assert found("without=gluten") == {"soupe", "tarte"}
    assert found("without=gluten&without=milk") == {"tarte"}


def test_it_asks_the_same_of_what_is_always_added(table):
    """P22: also while that is sold out: it comes back."""
    declare(["bouteille"], [])
    assert "biere" in found("without=milk")
    declare(["bouteille"], ["milk"], sold_out=True)
    assert "biere" not in found("without=milk")
    assert "biere" not in found("without=gluten")


def test_it_shows_a_dish_whose_question_has_an_answer_without_it(table):
    """P22: what may be left out decides nothing; what must be answered does, and sold out is no answer."""
    change(table.restaurant, "steak", allergens=[])
    assert "steak" not in found("without=milk")
    declare(["bleu"], ["milk"])
    declare(["saignant"], [])
    assert "steak" in found("without=milk")
    declare(["saignant"], [], sold_out=True)
    assert "steak" not in found("without=milk")
    declare(["saignant"], [], sold_out=False)
    OptionGroup.objects.filter(key="cuisson").update(min=2, max=2)
    carte.changed(restaurant_id=table.restaurant_id)
    assert "steak" not in found("without=milk")


def test_it_shows_a_set_menu_that_can_be_chosen_without_it(table):
    """P22: one dish in each course that must be chosen, with all that comes with it."""
    change(table.restaurant, "steak", allergens=[])
    assert "menu" not in found("without=milk")
    declare(["bleu"], [])
    assert "menu" in found("without=milk")
    Product.objects.get(key="steak").placed.all().delete()
    carte.changed(restaurant_id=table.restaurant_id)
    assert "menu" not in found("without=milk")
    Choice.objects.all().delete()
    carte.changed(restaurant_id=table.restaurant_id)
    assert "menu" not in found("without=milk")


def test_it_claims_nothing_of_an_allergen_that_it_does_not_know(table):
    """P22: a word in an address that is none of the fourteen may be one that somebody must avoid."""
    assert found("without=lait") == set()
    assert found("without=milk&without=lait") == set()


def test_it_finds_a_name_in_any_language_without_accents_and_capitals(table):
    change(table.restaurant, "soupe", name={"fr": "Crème brûlée à l’œuf", "en": "Burnt Custard"})
    for text in ("creme", "BRÛLÉE", "oeuf", "burnt", "l’œuf  creme"):
        assert found(f"q={text}") == {"soupe"}, text
    assert found("q=menu") == {"menu"}
    assert found("q=creme+tarte") == set()
    assert found("q=+") == found("")


def test_it_offers_the_diets_that_some_dish_has(table):
    assert 'name="diet"' not in Phone().get(CARTE).content.decode()
    change(table.restaurant, "soupe", diets=["vegetarian", "homemade"])
    change(table.restaurant, "tarte", diets=["vegetarian", "vegan"])
    page = Phone().get(CARTE).content.decode()
    assert re.findall(r'name="diet" value="(\w+)"', page) == ["vegetarian", "vegan", "homemade"]
    assert found("diet=vegetarian") == {"soupe", "tarte"}
    assert found("diet=vegetarian&diet=vegan") == {"tarte"}
    assert found("diet=vegetarian&without=milk") == {"tarte"}
    change(table.restaurant, "steak", diets=["vegetarian"])
    assert "menu" in found("diet=vegetarian")


def test_it_says_how_many_are_shown_and_how_to_see_all(table):
    page = Phone("en").get(f"{CARTE}?without=milk")
    assert "1 dish of 5 is shown. Show all" in words(page)
    assert "Only what is declared, and declared to contain none of these: milk." in words(page)
    assert '<a href="?lang=en">' in page.content.decode()
    assert "No dish fits. pizza Show all" in words(Phone("en").get(f"{CARTE}?q=pizza"))
    assert "is shown" not in words(Phone("en").get(CARTE))


def test_it_says_what_was_asked(table):
    change(table.restaurant, "soupe", diets=["vegetarian", "vegan"])
    page = Phone("en").get(f"{CARTE}?q=Soupe&diet=vegan&diet=vegetarian")
    assert "<q>Soupe</q> Vegetarian, vegan</p>" in page.content.decode()


def test_it_shows_the_form_as_it_was_sent(table):
    """Without a script: the boxes stay ticked, and what each dish contains is read beside it."""
    page = Phone().get(f"{CARTE}?q=tarte&without=milk").content.decode()
    assert 'name="q" value="tarte"' in page
    assert re.findall(r'value="(\w+)" autocomplete="off" checked', page) == ["milk"]
    assert 'id="show-allergens" checked' in page
    assert "<details>" in page  # closed: what was found stands right below
    assert "checked" not in Phone().get(CARTE).content.decode()


@pytest.mark.parametrize(
    "query", ["q=%3Cscript%3Ealert(1)%3C/script%3E", "without=%22%3E%3Cscript%3E"]
)
def test_it_escapes_what_is_asked(table, query):
    """T14"""
    assert "<script>" not in Phone().get(f"{CARTE}?{query}&diet=%3Cscript%3E").content.decode()


def test_it_takes_whatever_an_address_may_hold(table):
    for query in ("q=" + "a" * 5_000, "q=%00", "without=", "diet=pizza", "q=%F0%9F%8D%95", "q=%ff"):
        assert Phone().get(f"{CARTE}?{query}").status_code == 200, query


def test_it_filters_for_whoever_has_no_table_no_order_and_no_register(table):
    """P22: without a cookie, when ordering is closed, and when there is no register or it is silent."""
    Register.objects.update(failures=9, silent_since=datetime(2026, 1, 1, tzinfo=UTC))
    assert found("without=milk") == {"tarte"}
    Restaurant.objects.update(ordering=False, hours=[])
    assert found("without=milk") == {"tarte"}
    Register.objects.all().delete()
    carte.changed(restaurant_id=table.restaurant_id)
    assert found("without=milk") == {"tarte"}


def test_it_filters_at_the_table_too_and_keeps_the_cart(table):
    phone = Phone().join(table)
    phone.add("tarte")
    page = phone.get(f"{phone.visit}?without=milk")
    assert "1 au panier, en ajouter un : Tarte" in words(page)
    assert "dish-carte_soupe" not in page.content.decode()
    assert "Panier 1" in words(page)


def test_it_leads_to_no_category_that_shows_nothing(table):
    page = Phone().get(f"{CARTE}?without=milk&q=soupe").content.decode()
    assert "#c-carte" not in page
    assert "#c-carte" in Phone().get(CARTE).content.decode()


# --- What somebody must avoid is nobody's business ------------------------------------------------


def test_it_keeps_nothing_of_what_was_asked(table, caplog):
    """P22, GDPR article 9: no row, no cookie, no cache, no line of a log; and no address told as a referrer."""
    phone = Phone().join(table)
    with CaptureQueriesContext(connection) as queries, caplog.at_level(logging.DEBUG):
        pages = [phone.get(f"{where}?without=sesame&lang=fr") for where in (phone.visit, CARTE)]
        pages.append(Phone().get(f"{CARTE}?without=sesame"))
    assert not [q for q in queries if re.match(r"(INSERT|UPDATE|DELETE)", q["sql"])]
    assert "sesame" not in " ".join(q["sql"] for q in queries)
    for page in pages:
        assert "sesame" not in str(page.headers)
        assert page.cookies.keys() <= {"tablee", "csrftoken"}
        if "tablee" in page.cookies:
            told = signing.loads(page.cookies["tablee"].value, salt=access.SALT)
            assert told.keys() == {"guest", "table", "language", "new"}
            assert "sesame" not in str(told)
        assert page["Cache-Control"] == "no-store"
        assert page["Referrer-Policy"] == "strict-origin"  # the host's name alone
    said = [each for each in caplog.records if not each.name.startswith("django.db")]
    assert not [each for each in said if "sesame" in each.getMessage()]
    # And once nothing is asked, it is the page that everybody gets.
    assert Phone().get(CARTE)["Referrer-Policy"] == "same-origin"
    assert "max-age=60" in Phone().get(CARTE)["Cache-Control"]


def test_it_says_nothing_of_the_address_where_a_page_breaks(table, caplog, monkeypatch):
    """A failure is logged with its address, and the address without what was asked."""
    monkeypatch.setattr("ordering.diner.carte_page.render_to_string", lambda *_: 1 / 0)
    phone = Phone(raise_request_exception=False)
    assert phone.get(f"{CARTE}?without=sesame").status_code == 500
    assert phone.get("/r/nobody/carte/?without=sesame").status_code == 404
    assert caplog.text
    assert "sesame" not in "".join(each.getMessage() for each in caplog.records)


def test_it_says_nothing_of_the_address_of_a_visit_that_has_ended(table):
    """P17: its page that asks to scan again keeps the same silence; htmx is told to load it."""
    phone = Phone().join(table)
    end(visit=Visit.objects.get())
    for headers in ({}, HTMX):
        page = phone.get(f"{phone.visit}?without=sesame", headers=headers)
        assert page["Referrer-Policy"] == "strict-origin"
        assert page["Cache-Control"] == "no-store"
    assert Phone().get(f"{phone.visit}?without=sesame")["Referrer-Policy"] == "strict-origin"
    assert phone.get(phone.visit)["Referrer-Policy"] == "same-origin"


# --- It stays as it is until somebody asks for everything -----------------------------------------


def test_it_is_kept_in_another_language(table):
    Restaurant.objects.update(languages=["fr", "en"])
    query = "q=so%26up&diet=vegan&without=celery&without=milk"
    for phone, where in ((Phone(), CARTE), (joined := Phone().join(table), joined.visit)):
        page = phone.get(f"{where}?{query}").content.decode()
        assert f'href="{where}?lang=en&amp;{escape(query)}"' in page
        assert f'href="{where}?lang=en"' in phone.get(where).content.decode()


def test_it_is_kept_when_a_dish_is_added_without_a_script(table):
    """The form carries it, so that it stands in no address of its own; with a script, the page stays where it is."""
    phone = Phone().join(table)
    page = phone.get(f"{phone.visit}?without=gluten&q=o%26u").content.decode()
    form = page.partition('<form id="add"')[2].partition("</form>")[0]
    assert 'name="q" value="o&amp;u"' in form
    assert 'name="without" value="gluten"' in form
    answer = phone.add("soupe", q="o&u", without="gluten")
    assert answer["Location"] == f"{phone.visit}?q=o%26u&without=gluten#dish-carte_soupe"


def test_a_slate_with_no_dish_left_is_not_drawn(table):
    """A filter may leave the set menu of a category alone."""
    Category.objects.update(key="ardoise")
    carte.changed(restaurant_id=table.restaurant_id)
    page = Phone().get(CARTE).content.decode()
    assert 'class="slate"' in page
    page = Phone().get(f"{CARTE}?q=menu").content.decode()
    assert 'id="dish-ardoise_menu"' in page
    assert 'class="slate"' not in page
    assert 'id="h-c-ardoise"' in page
    assert 'class="slate"' in Phone().get(f"{CARTE}?q=soupe").content.decode()


# --- Cost ----------------------------------------------------------------------------------------


@pytest.fixture
def colette():
    kept.forget()
    call_command("import_restaurant", str(DEMO), verbosity=0)
    return Restaurant.objects.get(slug="bistrot-colette")


def test_it_costs_no_more_than_the_whole_carte(colette, django_assert_num_queries):
    """Cost: four queries cold, one warm, whatever is asked."""
    phone = Phone()
    with time_machine.travel(EVENING):
        phone.join(colette.tables.get(number=12))
        phone.add("oeuf")
        kept.forget()
        with django_assert_num_queries(4):
            phone.get(f"{phone.visit}?without=milk&diet=vegetarian&q=salade")
        with django_assert_num_queries(1):
            phone.get(f"{phone.visit}?without=gluten")


def test_it_fills_no_cache_with_filters(colette, monkeypatch):
    """Any number of filters, and the carte is kept once."""
    Phone().get("/r/bistrot-colette/carte/")
    filled = []

    def keep(_memory, key, make):
        filled.append(key)
        return make()

    monkeypatch.setattr(kept.Memory, "kept", keep)
    for name in ("milk", "gluten", "eggs"):
        Phone().get(f"/r/bistrot-colette/carte/?without={name}&q={name}")
    assert {key.partition(":")[0] for key in filled} == {"compiled"}
