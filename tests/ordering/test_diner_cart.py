"""The cart on the phone: what may be put in, what is refused, and in which words."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ordering.models import CartLine, Order, Product, Restaurant, Visit
from ordering.services import carte
from ordering.services.problems import Problem, too_few, too_many
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, french, house, value_of, words

pytestmark = pytest.mark.django_db

STEAK = {"option.cuisson": "bleu", "option.sauce": "poivre"}
NOT_NUMBERS = ["0", "-1", "2.5", "2,5", "1e9", "1000000000", "١٢", "²", "deux", " ", "+1", "0x1"]


@pytest.fixture
def phone():
    return Phone().join(factories.table(house()))


def line_code(phone):
    return value_of("remove", phone.cart())


def test_it_adds_and_leads_back_to_the_dish(phone):
    """F06: by a plain form."""
    answer = phone.add("soupe")
    assert (answer.status_code, answer["Location"]) == (303, f"{phone.visit}#dish-carte_soupe")
    assert CartLine.objects.get().quantity == 1


def test_it_adds_without_leaving_the_carte(phone):
    """htmx: the bar, the button and a word for screen readers, each swapped out of band."""
    answer = phone.add("soupe", htmx=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'id="cart-button"' in page
    assert 'hx-swap-oob="innerHTML:#add-carte_soupe"' in page
    assert "Soupe : 1 au panier" in words(answer)
    assert "<html" not in page


def test_it_takes_the_options_that_were_chosen(phone):
    answer = phone.add("steak", quantity="2", from_page="1", **STEAK)
    assert answer.status_code == 303
    line = CartLine.objects.get()
    assert (line.quantity, line.chosen) == (2, [["cuisson", "bleu"], ["sauce", "poivre"]])
    assert "Bleu , Poivre (+ 2,00 €)" in words(phone.get(f"{phone.visit}cart/"))


@pytest.mark.parametrize("quantity", [*NOT_NUMBERS, "", "21", "999"])
def test_it_refuses_what_is_no_quantity_in_words(phone, quantity):
    """F14, P15: with the house's limit, the cart kept, status 422, and nothing stored."""
    phone.add("tarte")
    answer = phone.add("soupe", quantity=quantity)
    assert answer.status_code == 422
    assert french(Problem("quantity", params={"max": 20})) in words(answer)
    assert list(CartLine.objects.values_list("product__key", flat=True)) == ["tarte"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, french(too_few("cuisson", "Cuisson", 1))),
        ({"option.cuisson": ["bleu", "saignant"]}, french(too_many("cuisson", "Cuisson", 1))),
        ({"option.cuisson": "bleu", "option.consigne": "bouteille"}, "n’est pas proposé"),
        ({"option.cuisson": "gratin"}, "n’est pas proposé"),
        ({"option.cuisson": ["bleu", "bleu"]}, "n’est pas proposé"),
    ],
)
def test_it_refuses_wrong_options_and_keeps_what_was_chosen(phone, options, sentence):
    """F14: too few, too many, of another product, unknown, twice."""
    answer = phone.add("steak", from_page="1", quantity="3", **options)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert 'name="quantity" value="3"' in page
    assert not CartLine.objects.exists()


def test_it_keeps_the_choices_when_the_quantity_is_stepped_without_a_script(phone):
    """F06: − and + are buttons of the form."""
    page = phone.add("steak", quantity="2", step="1", from_page="1", **STEAK).content.decode()
    assert 'name="quantity" value="3"' in page
    assert re.search(r'value="bleu"[^>]* checked', page)
    assert re.search(r'value="poivre"[^>]* checked', page)
    assert "66,00" in page
    assert not CartLine.objects.exists()


def test_it_takes_no_price_from_the_form(phone):
    """P13, T09: price, name and total of the form are nobody's business."""
    phone.add("soupe", price="1", total="1", unit_price="0", name="Gratis", vat="0")
    assert "Total TTC 8,00 €" in words(phone.get(f"{phone.visit}cart/"))


def test_it_does_not_know_another_restaurants_products(phone):
    """F14, T20."""
    factories.product(factories.restaurant("chez-charlie"), "pizza")
    for key in ("pizza", "", "x" * 65, "../carte"):
        assert phone.add(key, htmx=True).status_code == 422
    answer = phone.add("pizza")
    assert answer.status_code == 422
    assert "Ce n’est plus à la carte. Rien n’a été ajouté." in words(answer)
    assert not CartLine.objects.exists()


def test_it_says_once_that_a_dish_is_sold_out(phone):
    """P14."""
    Product.objects.filter(key="soupe").update(sold_out=True)
    carte.changed(restaurant_id=Restaurant.objects.get().pk)
    assert words(phone.add("soupe", from_page="1")).count("Épuisé") == 1
    assert words(phone.get(f"{phone.visit}p/soupe/")).count("Épuisé") == 1


@pytest.mark.parametrize("data", [{}, {"product": "soupe"}, {"product": "soupe", "step": "2"}])
def test_it_has_its_own_words_for_a_form_that_is_none(phone, data):
    """F14."""
    answer = phone.post(f"{phone.visit}add/", {"step": "x", **data})
    assert answer.status_code == 422
    assert "obligatoire" not in words(answer)
    assert "choix valide" not in words(answer)


def test_a_dish_s_page_takes_its_bar_along_when_something_was_refused(phone):
    """F05, P14: sold out meanwhile, there is nothing left to press; and no total of before."""
    answer = phone.add("steak", quantity="2", from_page="1", htmx=True)
    assert answer.status_code == 422
    assert 'id="add-bar" hx-swap-oob="true"' in answer.content.decode()
    assert "Ajouter 40,00 €" in words(answer)
    Product.objects.filter(key="steak").update(sold_out=True)
    carte.changed(restaurant_id=Restaurant.objects.get().pk)
    page = phone.add("steak", from_page="1", htmx=True, **STEAK).content.decode()
    assert 'id="add-bar" hx-swap-oob="true"' in page
    assert 'id="put"' not in page


def test_it_leads_to_the_carte_from_a_dish_that_has_left_it(phone):
    """F05: htmx puts no page into a page."""
    answer = phone.add("pizza", from_page="1", htmx=True)
    assert answer["HX-Redirect"] == f"{phone.visit}?gone=1"
    assert "Ce n’est plus à la carte." in words(phone.get(answer["HX-Redirect"]))


def test_it_says_on_the_carte_why_nothing_was_added(phone):
    """P14, F05: in the alert, where the thumb is."""
    Product.objects.filter(key="soupe").update(sold_out=True)
    answer = phone.add("soupe", htmx=True)
    assert answer.status_code == 422
    assert 'id="alert" role="alert" hx-swap-oob="true"' in answer.content.decode()
    assert "Épuisé." in words(answer)


def test_it_steps_sets_and_removes_a_line(phone):
    """F06: each by a button of the one form; 0 removes too, and no − goes below it."""
    phone.add("soupe")
    code = line_code(phone)
    for number, button, quantity in (
        ("1", {"more": code}, [2]),
        ("2", {"less": code}, [1]),
        ("7", {}, [7]),
        ("7", {"more": "another line"}, [7]),
        ("deux", {"remove": code}, []),
    ):
        data = {f"quantity.{code}": number, **button}
        answer = phone.post(f"{phone.visit}cart/line/", data)
        assert (answer.status_code, answer["Location"]) == (303, f"{phone.visit}cart/")
        assert [line.quantity for line in CartLine.objects.all()] == quantity
    phone.add("soupe")
    code = line_code(phone)
    phone.post(f"{phone.visit}cart/line/", {f"quantity.{code}": "0", "less": code})
    assert not CartLine.objects.exists()


@pytest.mark.parametrize("quantity", ["-1", "2.5", "١٢", "1e9", "21", ""])
@pytest.mark.parametrize("path", ["cart/line/", "send/"])
def test_it_refuses_a_wrong_quantity_and_keeps_the_line(phone, quantity, path):
    """F14: every one by name, with the house's own limit."""
    phone.add("soupe")
    data = {**phone.form(), f"quantity.{line_code(phone)}": quantity, "covers": "0"}
    answer = phone.post(f"{phone.visit}{path}", data)
    assert answer.status_code == 422
    many = french(Problem("quantity", params={"max": 20}))
    assert f"Soupe : {many}" in words(answer)
    assert "de 1 à 30" in words(answer)  # and the covers
    assert CartLine.objects.get().quantity == 1
    assert not Order.objects.exists()


def test_it_changes_no_line_of_another_guest_but_can_remove_it(phone):
    """T20: each phone its own numbers; but a phone that has left must not block its table."""
    phone.add("soupe", quantity="2")
    table = Visit.objects.get().table
    other = Phone().join(table)
    page = other.get(f"{other.visit}cart/")
    assert "Premier téléphone 2 Soupe 16,00 €" in words(page)
    assert 'name="quantity.' not in page.content.decode()
    code = CartLine.objects.get().code
    other.post(f"{other.visit}cart/line/", {f"quantity.{code}": "0"})
    assert CartLine.objects.get().quantity == 2
    assert other.post(f"{other.visit}cart/line/", {"remove": code}).status_code == 303
    assert not CartLine.objects.exists()


def test_it_says_that_the_line_is_gone_already(phone):
    """F10: a change that matches no row is not passed over in silence."""
    phone.add("soupe")
    code = line_code(phone)
    CartLine.objects.all().delete()
    for data in ({"remove": code}, {f"quantity.{code}": "3"}):
        answer = phone.post(f"{phone.visit}cart/line/", data)
        assert answer.status_code == 422
        assert "n’est plus dans le panier" in words(answer)


def test_it_shows_each_guest_once_however_they_took_turns(phone):
    """F10: by guest, then by time."""
    other = Phone().join(Visit.objects.get().table)
    for who, dish in ((phone, "soupe"), (other, "tarte"), (phone, "tarte"), (other, "soupe")):
        who.add(dish)
    page = phone.cart()
    assert re.findall(r'id="h-(\d)"', page) == ["1", "2"]
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_it_shows_nothing_of_a_visit_to_a_phone_of_another_table(phone):
    """T20: the matrix of addresses and forms, with an attacker who sits at the next table."""
    phone.add("soupe")
    attacker = Phone().join(factories.table(Restaurant.objects.get(), 13))
    refused = [attacker.get(phone.visit + path) for path in ("", "cart/", "p/soupe/", "m/menu/")]
    refused += [
        attacker.post(phone.visit + path, data)
        for path, data in {
            "add/": {"product": "soupe"},
            "cart/line/": {"remove": CartLine.objects.get().code},
            "covers/": {"covers": "9"},
            "send/": phone.form(),
        }.items()
    ]
    unknown = attacker.get("/v/AAAAAAAAAAAAAAAAAAAAAA/")
    for answer in refused:
        assert answer.status_code == 403
        assert answer.content == unknown.content
    assert "Scannez à nouveau le code de votre table" in words(unknown)
    assert (CartLine.objects.get().quantity, Visit.objects.order_by("pk")[0].covers) == (1, 2)


def test_it_asks_an_open_page_to_load_again_when_it_is_nobodys_any_more(phone):
    """F12: htmx cannot swap a page into a button."""
    phone.cookies.clear()
    answer = phone.get(f"{phone.visit}cart/", headers=HTMX)
    assert answer["HX-Refresh"] == "true"


def test_it_corrects_the_covers_for_the_whole_table(phone):
    """F18."""
    answer = phone.post(f"{phone.visit}covers/", {"covers": "2", "more": "covers"})
    assert answer.status_code == 303
    assert Visit.objects.get().covers == 3
    answer = phone.post(f"{phone.visit}covers/", {"covers": "4"}, headers=HTMX)
    assert 'name="covers" value="4"' in answer.content.decode()


def test_it_undoes_no_correction_of_another_phone(phone):
    """F18: a page that still shows the covers of before changes only what was changed on it."""
    phone.add("soupe")
    Visit.objects.update(covers=6)
    data = {f"quantity.{line_code(phone)}": "2", "covers": "2", "covers_before": "2"}
    phone.post(f"{phone.visit}cart/line/", data)
    assert (CartLine.objects.get().quantity, Visit.objects.get().covers) == (2, 6)


@pytest.mark.parametrize("covers", ["0", "31", "500", "deux", ""])
def test_it_refuses_wrong_covers_and_keeps_the_cart(phone, covers):
    """F18, F14."""
    phone.add("soupe")
    answer = phone.post(f"{phone.visit}covers/", {"covers": covers})
    assert answer.status_code == 422
    assert "Soupe" in words(answer)
    assert Visit.objects.get().covers == 2


def test_it_shows_a_price_that_has_changed_since(phone):
    """F15."""
    phone.add("soupe")
    Product.objects.filter(key="soupe").update(price=9_00)
    assert "Le prix a changé : 8,00 € avant, 9,00 € maintenant" in words(
        phone.get(f"{phone.visit}cart/")
    )


def test_it_answers_an_oversized_form_in_words(phone):
    """F14: 10 MB, and 5,000 fields."""
    big = phone.post(f"{phone.visit}add/", {"product": "x" * 10_000_000})
    many = phone.post(f"{phone.visit}add/", {f"option.{n}": "1" for n in range(5000)})
    for answer in (big, many):
        assert answer.status_code == 400
        assert "Nous n’avons pas pu lire cet envoi" in words(answer)


def test_a_change_costs_at_most_twelve_queries(phone, django_assert_max_num_queries):
    """Cost: with 40 lines in the cart."""
    for number in range(20):
        factories.product(Restaurant.objects.get(), f"plat-{number}")
        phone.add(f"plat-{number}")
    carte.changed(restaurant_id=Restaurant.objects.get().pk)
    code = line_code(phone)
    with django_assert_max_num_queries(12):
        assert phone.add("soupe", htmx=True).status_code == 200
    with django_assert_max_num_queries(12):
        assert phone.add("steak", htmx=True, **STEAK).status_code == 200
    with django_assert_max_num_queries(12):
        data = {f"quantity.{code}": "1", "more": code, "covers": "2"}
        assert phone.post(f"{phone.visit}cart/line/", data, headers=HTMX).status_code == 200
    with django_assert_max_num_queries(12):
        data = {f"quantity.{code}": "2", "covers": "3"}
        assert phone.post(f"{phone.visit}covers/", data, headers=HTMX).status_code == 200


def test_it_asks_the_database_for_nothing_that_is_no_code(phone):
    """F14: PostgreSQL cannot be asked for a NUL, and would answer with an error."""
    phone.add("soupe")
    data = {"remove": ["\0", "é", line_code(phone)], "quantity.\0": "3", "quantity.": "2"}
    with CaptureQueriesContext(connection) as queries:
        answer = phone.post(f"{phone.visit}cart/line/", data)
    assert answer.status_code == 303
    assert not any("\0" in query["sql"] or "é" in query["sql"] for query in queries)
