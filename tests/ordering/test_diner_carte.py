"""The carte to read: allergens, languages, slots, what it costs."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest
import time_machine
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from ordering.diner import kept
from ordering.models import Category, Option, Product, Restaurant
from ordering.services import carte
from pos_bridge.models import Register
from tests import factories
from tests.ordering.diner_phone import Phone, house, words

pytestmark = pytest.mark.django_db

DEMO = Path(settings.BASE_DIR) / "ordering" / "demo" / "bistrot-colette.json"
EVENING = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)
MORNING = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@pytest.fixture
def table():
    return factories.table(house())


@pytest.fixture
def colette():
    kept.forget()
    call_command("import_restaurant", str(DEMO), verbosity=0)
    return Restaurant.objects.get(slug="bistrot-colette")


def change(restaurant, key, **fields):
    Product.objects.filter(restaurant=restaurant, key=key).update(**fields)
    carte.changed(restaurant_id=restaurant.pk)


def test_a_category_may_have_any_key(table):
    """Its place on the page is nobody else's: app.js and htmx look for these."""
    for key in ("alert", "said", "cart-button", "carte", "add", "words", "failure"):
        category, _ = Category.objects.get_or_create(
            restaurant=table.restaurant, key=key, defaults={"name": {"fr": key}}
        )
        factories.product(table.restaurant, f"dish-{key}", category=category)
    phone = Phone().join(table)
    page = phone.get(phone.visit).content.decode()
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_it_can_be_read_without_cookie_script_or_order(table):
    """P22: at every hour, also when nothing can be ordered."""
    Restaurant.objects.update(ordering=False, hours=[])
    answer = Phone().get("/r/chez-alice/carte/")
    assert answer.status_code == 200
    assert "Contient : céleri, lait" in words(answer)
    assert 'class="add"' not in answer.content.decode()
    assert '<form method="post"' not in answer.content.decode()


def test_it_has_three_wordings_for_allergens(table):
    """P22: unknown is never “without”."""
    page = words(Phone().get("/r/chez-alice/carte/"))
    assert "Contient : céleri, lait" in page
    assert "Aucun des 14 allergènes" in page
    assert "Allergènes non renseignés, demandez à l’équipe" in page


def test_it_names_the_allergens_of_a_dish_and_of_each_option(table):
    """P22."""
    Option.objects.filter(key="poivre").update(allergens=["milk"])
    Option.objects.filter(key="beurre").update(allergens=[])
    change(table.restaurant, "steak", allergens=[])
    page = words(Phone().get("/r/chez-alice/carte/p/steak/"))
    assert "Steak Vérifié : aucun des 14 allergènes" in page
    assert "Poivre Contient : lait" in page
    assert "Beurre Vérifié : aucun des 14 allergènes" in page
    assert "Bleu , Saignant Non renseigné. Demandez à l’équipe avant de commander." in page


def test_it_is_not_free_of_what_is_always_added(table):
    """P22: bread comes with it, so gluten does."""
    soup = Product.objects.get(key="tarte")
    factories.option_group(soup, "pain", {"levain": 0}, kind="automatic")
    Option.objects.filter(key="levain").update(allergens=["gluten"])
    carte.changed(restaurant_id=table.restaurant_id)
    page = Phone().get("/r/chez-alice/carte/").content.decode()
    assert "Aucun des 14 allergènes" not in page
    Option.objects.filter(key="levain").update(allergens=None)
    carte.changed(restaurant_id=table.restaurant_id)
    assert "Aucun des 14" not in Phone().get("/r/chez-alice/carte/").content.decode()


def test_it_claims_nothing_of_a_dish_inside_a_set_menu_that_it_cannot_see(table):
    """P22: bread comes with the dish there too; and a dish that stands nowhere on the carte hides what it brings."""
    steak = Product.objects.get(key="steak")
    factories.option_group(steak, "pain", {"levain": 0}, kind="automatic")
    Option.objects.filter(key="levain").update(allergens=["gluten"])
    change(table.restaurant, "steak", allergens=["milk"])
    page = words(Phone().get("/r/chez-alice/carte/m/menu/"))
    assert "Contient : lait, gluten. Choix : voir le plat" in page
    steak.placed.all().delete()
    carte.changed(restaurant_id=table.restaurant_id)
    page = words(Phone().get("/r/chez-alice/carte/m/menu/"))
    assert "Allergènes non renseignés, demandez à l’équipe" in page


def test_it_shows_beside_the_price_what_is_always_added_to_it(table):
    """P23: a deposit is paid too."""
    phone = Phone().join(table)
    assert "5,00 € + 1,00 € Bouteille" in words(phone.get(phone.visit))
    assert "5,00 € + 1,00 € Bouteille" in words(phone.get(f"{phone.visit}p/biere/"))


def test_it_frames_set_menus_with_their_choices(table):
    page = words(Phone().get("/r/chez-alice/carte/"))
    assert "Menu du jour 25,00 € À commander auprès de l’équipe." in page
    inside = words(Phone().get("/r/chez-alice/carte/m/menu/"))
    assert "Plat un choix, obligatoire Steak + 3,00 €" in inside


def test_it_shows_a_plus_for_what_needs_no_choice_and_a_link_for_what_does(table):
    """A deposit is seen before it is added."""
    phone = Phone().join(table)
    page = phone.get(phone.visit).content.decode()
    for key in ("soupe", "tarte"):
        assert f'<button class="add" id="add-carte_{key}"' in page
    for key in ("steak", "biere"):
        assert f'<a class="add" id="add-carte_{key}" href="p/{key}/">' in page


def test_it_shows_how_many_are_in_the_cart(table):
    """F06: without a script too."""
    phone = Phone().join(table)
    for _ in range(2):
        phone.add("soupe")
    page = words(phone.get(phone.visit))
    assert "2 au panier, en ajouter un : Soupe" in page
    assert "Panier 2 16,00 €" in page


def test_it_shows_nothing_of_one_guest_to_another(table):
    """T29: the cached part holds no cart."""
    Phone().join(table).add("soupe")
    other = Phone().join(factories.table(table.restaurant, 13))
    other.get(other.visit)
    assert "au panier" not in words(other.get(other.visit))


@pytest.mark.parametrize(("moment", "sentence"), [(EVENING, "ce soir"), (MORNING, "aujourd’hui")])
def test_it_keeps_what_is_sold_out_in_its_place(table, moment, sentence):
    change(table.restaurant, "soupe", sold_out=True)
    phone = Phone()
    with time_machine.travel(moment):
        phone.join(table)
        page = words(phone.get(phone.visit))
        assert f"Épuisé {sentence}" in page
        assert "Ajouter Soupe" not in page
        assert "Ajouter Tarte" in page


def test_it_does_not_offer_what_is_not_served_at_this_hour(table):
    Category.objects.update(served=[{"from": "07:00", "to": "11:30"}])
    carte.changed(restaurant_id=table.restaurant_id)
    phone = Phone()
    with time_machine.travel(MORNING):
        phone.join(table)
        assert "Ajouter Soupe" in words(phone.get(phone.visit))
    with time_machine.travel(EVENING):
        page = words(phone.join(table).get(phone.visit))
        assert "Pas servi à cette heure" in page
        assert "Ajouter Soupe" not in page


def test_what_is_not_served_now_stands_last_on_the_carte_and_on_its_strip(table):
    Category.objects.update(position=0, served=[{"from": "07:00", "to": "11:30"}])
    later = Category.objects.create(
        restaurant=table.restaurant, key="soir", name={"fr": "Le soir"}, position=1
    )
    factories.product(table.restaurant, "canard", category=later)
    carte.changed(restaurant_id=table.restaurant_id)
    first = Category.objects.exclude(pk=later.pk).get().key
    phone = Phone()
    for moment, order in ((MORNING, [first, "soir"]), (EVENING, ["soir", first])):
        with time_machine.travel(moment):
            page = phone.join(table).get(phone.visit).content.decode()
            filtered = phone.get(f"{phone.visit}?q=a").content.decode()
            for each in (page, filtered, phone.get("/r/chez-alice/carte/").content.decode()):
                assert re.findall(r'href="#c-(\w+)"', each) == order
                assert re.findall(r'<section id="c-(\w+)"', each) == order


def test_it_shows_a_new_price_at_once(table):
    """F15: every change makes the cached page old."""
    phone = Phone().join(table)
    assert "8,00 €" in words(phone.get(phone.visit))
    change(table.restaurant, "soupe", price=9_00)
    page = words(phone.get(phone.visit))
    assert "9,00 €" in page
    assert "Soupe 8,00 €" not in page


def test_it_offers_nothing_when_ordering_is_switched_off_under_an_open_page(table):
    """F17: the carte stays, with the reason."""
    phone = Phone().join(table)
    Restaurant.objects.update(ordering=False)
    page = words(phone.get(phone.visit))
    assert "L’équipe prend elle-même les commandes en ce moment" in page
    assert "Ajouter Soupe" not in page


def test_it_says_when_there_is_no_register_and_notices_a_new_one(table):
    Register.objects.all().delete()
    carte.changed(restaurant_id=table.restaurant_id)
    phone = Phone()
    phone.scan(table)
    assert "pas encore en place" in words(phone.get("/r/chez-alice/"))
    factories.register(table.restaurant)
    assert "Combien de convives" in words(phone.get("/r/chez-alice/"))


def test_it_writes_money_as_each_language_does(table):
    page = Phone().get("/r/chez-alice/carte/").content.decode()
    assert "<span>8,00\N{NO-BREAK SPACE}€</span>" in page
    page = Phone("en").get("/r/chez-alice/carte/").content.decode()
    assert "<span>€8.00</span>" in page


def test_it_marks_texts_in_another_language_than_the_page(table):
    """P23: a screen reader is told."""
    Restaurant.objects.update(languages=["fr", "nl"])
    change(table.restaurant, "soupe", name={"fr": "Soupe", "nl": "Soep"})
    page = Phone("nl").get("/r/chez-alice/carte/").content.decode()
    assert '<html lang="en">' in page
    assert '<h3 lang="nl"><a href="p/soupe/?lang=nl">Soep</a></h3>' in page
    assert '<h3 lang="fr"><a href="p/tarte/?lang=nl">Tarte</a></h3>' in page


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg/onload=alert(1)>',
        "' hx-get='/admin/' x='",
        '" hx-on:click="alert(1)" x="',
        "{{ 7|add:7 }}{% now 'Y' %}",
        "</textarea><iframe src=//evil.example>",
        "&lt;b&gt;",
    ],
)
def test_it_escapes_every_text_of_the_carte(payload):
    """T14, T15: names come from a register's catalogue or from a file, and are nobody's HTML."""
    texts = {"fr": payload}
    made = house(name=payload, colour="#7b1e32")
    table = factories.table(made, label=payload)
    Product.objects.update(name=texts, description=texts, origin=payload, volume=payload)
    Category.objects.update(name=texts, description=texts)
    Option.objects.update(name=texts)
    for related in (made.set_menus, made.option_groups):
        related.update(name=texts)
    carte.changed(restaurant_id=made.pk)
    phone = Phone().join(table)
    phone.add("soupe")
    phone.add("steak", **{"option.cuisson": "bleu", "option.sauce": "poivre"})
    addresses = ["", "p/steak/", "m/menu/", "cart/"]
    pages = [phone.get(phone.visit + address) for address in addresses]
    sent = phone.send()
    pages += [phone.get(sent["Location"]), phone.get("/r/chez-alice/data/")]
    pages += [Phone().get("/r/chez-alice/carte/"), phone.add("steak")]
    for page in pages:
        assert payload not in page.content.decode(), page.request["PATH_INFO"]


def test_it_costs_four_queries_cold_and_one_warm(colette, django_assert_num_queries):
    """Cost: 124 products, access, carte, and the two of the cart, which are read once for each change of it."""
    table = colette.tables.get(number=12)
    phone = Phone()
    with time_machine.travel(EVENING):
        phone.join(table)
        phone.add("oeuf")
        phone.add("bavette", **{"option.cuisson": "saignante", "option.garniture": "gratin"})
        kept.forget()
        with django_assert_num_queries(4):
            assert "Bœuf bourguignon" in words(phone.get(phone.visit))
        with django_assert_num_queries(1):
            phone.get(phone.visit)
        phone.add("oeuf")
        with django_assert_num_queries(3):
            phone.get(phone.visit)


def test_it_weighs_at_most_60_kb_at_the_first_visit(colette):
    """Cost: HTML, stylesheets and scripts, compressed, photos apart."""
    phone = Phone()
    with time_machine.travel(EVENING):
        phone.join(colette.tables.get(number=12))
        page = phone.get(phone.visit, headers={"Accept-Encoding": "identity"})
        zipped = phone.get(phone.visit, headers={"Accept-Encoding": "gzip"})
    assert page.headers.get("Content-Encoding") is None
    files = ["look.css", "app.js", "carte.js", "django_htmx/htmx-2.min.js"]
    parts = {name: Path(str(finders.find(name))).read_bytes() for name in files}
    parts["html"] = page.content
    sizes = {name: len(brotli.compress(part, quality=5)) for name, part in parts.items()}
    assert sum(sizes.values()) <= 60_000, sizes
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert len(zipped.content) <= 16_000


def test_the_demo_is_readable_in_both_languages(colette):
    data = json.loads(DEMO.read_text())
    for language in ("fr", "en"):
        page = words(Phone(language).get("/r/bistrot-colette/carte/"))
        for product in data["products"]:
            assert " ".join(product["name"][language].split()) in page


def test_it_serves_photo_and_colour_for_ever(colette):
    page = Phone().get("/r/bistrot-colette/carte/").content.decode()
    photo = page.partition('<img src="')[2].partition('"')[0]
    colour = page.partition('<link rel="stylesheet" href="/r/')[2].partition('"')[0]
    call_command("photo_sizes", verbosity=0)
    for address, kind in ((photo, "image/jpeg"), (f"/r/{colour}", "text/css; charset=utf-8")):
        answer = Phone().get(address)
        assert answer["Content-Type"] == kind
        assert "immutable" in answer["Cache-Control"]
    assert b"--fill:#7b1e32" in Phone().get(f"/r/{colour}").content
    assert Phone().get("/r/bistrot-colette/photo/0000").status_code == 404
