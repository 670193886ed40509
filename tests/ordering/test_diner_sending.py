"""Sending the cart, and what the phone is told of it."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.http import HttpResponse
from django.test import RequestFactory, override_settings
from django.utils import timezone

from ordering.middleware import database_trouble
from ordering.models import CartLine, Order, Product, Restaurant, Table, Visit
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.diner_phone import HTMX, Phone, house, value_of, words

pytestmark = pytest.mark.django_db

State, Handled = Addition.State, Addition.Handled


@pytest.fixture
def phone():
    phone = Phone().join(factories.table(house()), 3)
    phone.add("soupe", quantity="2")
    return phone


@pytest.fixture
def order(phone):
    """The address of an order that was sent a moment ago."""
    return phone.send()["Location"]


def becomes(state, handled_as="", age=0, **fields):
    moment = timezone.now() - timedelta(seconds=age / settings.TIME_DIVISOR)
    Addition.objects.update(state=state, handled_as=handled_as, created_at=moment, **fields)
    Order.objects.update(created_at=moment)


def test_it_shows_what_will_be_ordered_before_it_is(phone):
    """P13, P23: lines, table, covers and total beside a button that says what it does."""
    page = words(phone.get(f"{phone.visit}cart/"))
    for part in ("Table 12", "Articles 2", "Total TTC 16,00 €", "Commander — à payer sur place"):
        assert part in page
    english = words(phone.get(f"{phone.visit}cart/?lang=en"))
    assert "Order — pay at the restaurant" in english
    assert "€16.00" in english


def test_it_sends_and_leads_to_the_order(phone):
    """F03: POST, 303, GET."""
    answer = phone.send()
    order = Order.objects.get()
    assert answer.status_code == 303
    assert answer["Location"] == f"{phone.visit}orders/{order.code}/"
    page = words(phone.get(answer["Location"]))
    assert f"Envoi en cours La commande n° {order.number} part vers la caisse" in page
    assert (order.total, order.covers) == (16_00, 3)
    assert not CartLine.objects.exists()


def test_it_is_one_order_however_often_the_form_arrives(phone):
    """F01, F03: an old form leads to the order's page."""
    form = phone.form()
    answers = [phone.send(form) for _ in range(3)] + [phone.send(form, headers=HTMX)]
    places = {answer.headers.get("Location") or answer["HX-Redirect"] for answer in answers}
    assert len(places) == 1
    assert Order.objects.count() == 1


def test_it_shows_a_changed_price_and_asks_again(phone):
    """F15, P13: old and new by name; nothing is sent until it is confirmed."""
    form = phone.form()
    Product.objects.filter(key="soupe").update(price=9_00)
    answer = phone.send(form)
    assert answer.status_code == 422
    assert "rien n’a été envoyé" in words(answer)
    assert "Soupe 8,00 € → 9,00 €" in words(answer)
    assert not Order.objects.exists()
    again = {name: value_of(name, answer.content.decode()) for name in form}
    assert again["submission_key"] == form["submission_key"]
    assert phone.send(again).status_code == 303
    assert Order.objects.get().total == 18_00


def test_it_notices_that_another_phone_has_changed_the_cart(phone):
    """F10."""
    form = phone.form()
    Phone().join(Visit.objects.get().table).add("tarte")
    answer = phone.send(form)
    assert answer.status_code == 422
    assert "La commande a changé" in words(answer)
    assert not Order.objects.exists()


def test_it_sends_no_number_that_was_not_shown_with_its_price(phone):
    """P13, F14, F18: what was typed and not saved is saved, shown, and sent by the next tap."""
    code = CartLine.objects.get().code
    typed = {**phone.form(), f"quantity.{code}": "3", "covers": "6", "covers_before": "3"}
    answer = phone.send(typed)
    assert answer.status_code == 422
    assert "rien n’a été envoyé" in words(answer)
    assert "Total TTC 24,00 €" in words(answer)
    assert not Order.objects.exists()
    page = answer.content.decode()
    again = {name: value_of(name, page) for name in (*typed, "seen")}
    assert (again["covers"], again[f"quantity.{code}"]) == ("6", "3")
    assert phone.send(again).status_code == 303
    assert (Order.objects.get().total, Order.objects.get().covers) == (24_00, 6)
    assert phone.send({**again, "covers": "9"}).status_code == 303
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda: Product.objects.filter(key="soupe").update(sold_out=True), "Soupe : Épuisé."),
        (lambda: Product.objects.filter(key="soupe").update(register_id=""), "Ne se commande pas"),
        (lambda: Restaurant.objects.update(ordering=False), "L’équipe prend elle-même"),
        (lambda: Restaurant.objects.update(hours=[]), "ne prenons pas de commandes"),
        (lambda: Table.objects.update(ordering=False), "On ne commande pas par téléphone"),
        (lambda: Restaurant.objects.update(limit_quantity=1), "combien vous en voulez, de 1 à 1"),
    ],
    ids=["sold out", "no id", "switched off", "closed", "table off", "too many"],
)
def test_it_refuses_before_it_acknowledges(phone, change, sentence):
    """P14, P15, F16, F17: by name, cart kept, nothing sent."""
    form = phone.form()
    change()
    for options in ({}, {"headers": HTMX}):
        answer = phone.send(form, **options)
        assert answer.status_code == 422
        assert sentence in words(answer)
    assert not Order.objects.exists()
    assert CartLine.objects.get().quantity == 2


def test_it_says_once_at_the_dish_what_is_wrong_and_above_what_to_do(phone):
    english = Phone("en").join(Table.objects.get(number=12))
    form = english.form()
    Product.objects.filter(key="soupe").update(sold_out=True)
    page = english.send(form)
    said = "Nothing was sent. Please change or remove what is marked below, then order again."
    assert f"{said} Soupe (en) : Sold out." in words(page)
    assert page.content.decode().count("Sold out.") == 2
    Restaurant.objects.update(ordering=False)
    assert "Nothing was sent." not in words(english.send(form)).partition("Recap")[0]


@pytest.mark.parametrize("form", [{}, {"submission_key": "x", "seen": "y"}, {"seen": "0" * 64}])
def test_it_shows_the_cart_again_for_a_form_that_is_none(phone, form):
    """F14."""
    answer = phone.post(f"{phone.visit}send/", form)
    assert answer.status_code == 422
    assert not Order.objects.exists()


def test_it_asks_to_scan_again_when_the_meal_is_over(phone):
    """P17, F12: nothing is sent."""
    form = phone.form()
    Visit.objects.update(ended_at=timezone.now())
    answer = phone.send(form)
    assert answer.status_code == 410
    assert "Scannez à nouveau le code" in words(answer)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("state", "handled_as", "age", "sentence"),
    [
        (State.QUEUED, "", 0, "Envoi en cours"),
        (State.SENDING, "", 44, "Envoi en cours"),
        (State.SENDING, "", 46, "Montrez cette carte"),
        (State.QUEUED, "", 46, "Pas encore transmise à la caisse"),
        (State.ACCEPTED, "", 60, "Envoi en cours"),
        (State.ACCEPTED, "", 91, "Non confirmée par la caisse"),
        (State.RECEIVED, "", 0, "Reçue par la caisse"),
        (State.SETTLED, "", 0, "Reçue par la caisse"),
        (State.REFUSED, "", 0, "La caisse a refusé la commande"),
        (State.HELD, "", 0, "Peut-être déjà en caisse"),
        (State.HANDLED, Handled.ON_TILL, 0, "elle est sur la caisse"),
        (State.HANDLED, Handled.BY_HAND, 0, "saisie à la main"),
        (State.HANDLED, Handled.CANCELLED, 0, "L’équipe a annulé cette commande"),
        (State.HANDLED, Handled.TAKEN_BACK, 0, "Reprise dans le panier"),
    ],
)
def test_it_says_what_is_known_and_no_more(phone, order, state, handled_as, age, sentence):
    """P9: received only when the till has it, and never “in the kitchen”."""
    becomes(state, handled_as, age, received_at=timezone.now())
    page = words(phone.get(order))
    assert sentence in page
    assert ("Reçue par la caisse Commande" in page) == (state in (State.RECEIVED, State.SETTLED))
    assert "cuisine" not in page


def test_it_says_when_the_till_had_it(phone, order):
    """P9."""
    moment = timezone.now()
    becomes(State.RECEIVED, received_at=moment)
    number = Order.objects.get().number
    local = timezone.localtime(moment)
    assert f"Commande n° {number}, à {local:%H:%M}. Merci" in words(phone.get(order))


def test_it_shows_a_card_for_the_waiter_in_the_house_s_language(phone, order):
    """P9: codes as the register knows them, and a warning against ordering again."""
    becomes(State.HELD)
    answer = phone.get(f"{order}?lang=en")
    page, text = answer.content.decode(), words(answer)
    assert "Please show this card to a member of staff" in text
    assert '<section class="card" lang="fr"' in page
    assert "Non confirmée par la caisse" in text
    register_id = Product.objects.get(key="soupe").register_id
    assert f"2 Soupe {register_id}" in text
    assert "Please do not order it again" in text


def test_it_asks_no_more_than_is_needed(phone, order):
    """F20: nothing new is 204; two seconds for a minute, then slower; then not at all."""
    page = phone.get(order).content.decode()
    address = page.partition('hx-get="')[2].partition('"')[0]
    assert 'hx-trigger="every 2s"' in page
    assert phone.get(address, headers=HTMX).status_code == 204
    becomes(State.RECEIVED)
    answer = phone.get(address, headers=HTMX)
    assert (answer.status_code, "hx-trigger" in answer.content.decode()) == (200, False)
    assert "Reçue par la caisse" in words(answer)
    for age, every in ((100, 5), (300, 10), (1000, 30)):
        becomes(State.HELD)
        Order.objects.update(created_at=timezone.now() - timedelta(seconds=age))
        assert f'hx-trigger="every {every}s"' in phone.get(order).content.decode()
    Order.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert "hx-trigger" not in phone.get(order).content.decode()


def test_it_keeps_itself_up_to_date_without_a_script(phone, order):
    """F06."""
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in (
        phone.get(order).content.decode()
    )
    becomes(State.RECEIVED)
    assert "refresh" not in phone.get(order).content.decode()


def test_it_tells_the_state_to_whoever_has_the_address(phone, order):
    """F07, T20: readable without a cookie, its own lines only, and nothing to press."""
    phone.add("tarte")
    becomes(State.REFUSED)
    stranger = Phone().get(order)
    assert "La caisse a refusé la commande" in words(stranger)
    assert "Soupe" in words(stranger)
    assert "Tarte" not in words(stranger)
    assert "<form" not in stranger.content.decode()
    assert Phone().get(f"{order[:-3]}xx/").status_code == 404


def test_it_takes_the_lines_of_a_refused_order_back(phone, order):
    """One wins, the other is told."""
    becomes(State.REFUSED)
    page = phone.get(order)
    assert f'<a href="{phone.visit}">' in page.content.decode()
    assert "Reprendre ma commande" in words(page)
    assert (
        f'href="{phone.visit}calls/"' in page.content.decode()
    )  # a refusal is when one wants a waiter
    answer = phone.post(f"{order}take-back/")
    assert (answer.status_code, answer["Location"]) == (303, f"{phone.visit}cart/")
    assert CartLine.objects.get().quantity == 2
    again = phone.post(f"{order}take-back/")
    assert (again.status_code, again["Location"]) == (303, order)
    assert "Reprise dans le panier" in words(phone.get(order))
    assert CartLine.objects.count() == 1


def test_it_takes_nothing_back_for_a_stranger(phone, order):
    """T20."""
    becomes(State.REFUSED)
    assert Phone().post(f"{order}take-back/").status_code == 403
    assert not CartLine.objects.exists()


def test_it_lists_what_was_sent_before(phone, order):
    """F09: every phone of the table sees every order."""
    second = Phone().join(Visit.objects.get().table)
    number = Order.objects.get().number
    assert f"Commande n° {number}" in words(second.get(f"{second.visit}cart/"))


def test_it_leads_to_the_order_that_another_phone_has_just_sent(phone):
    """F09, P4: the second of two phones that press at the same time hears what became of it."""
    second = Phone().join(Visit.objects.get().table)
    form = second.form()
    phone.send()
    order = Order.objects.get()
    answer = second.send(form)
    assert (answer.status_code, answer["Location"]) == (303, f"{phone.visit}orders/{order.code}/")
    answer = second.send(form, headers=HTMX)
    assert f"envoyée à l’instant : commande n° {order.number}" in words(answer)
    assert words(answer).count("rien au panier") == 1
    assert "box bad" not in answer.content.decode()
    Order.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert second.send(form).status_code == 422
    assert Order.objects.count() == 1


def test_it_keeps_the_cart_when_the_page_was_open_for_too_long(phone):
    """F08: plain words, and a button that mints a new form."""
    strict = Phone(enforce_csrf_checks=True)
    strict.cookies = phone.cookies
    strict.cookies.pop("csrftoken", None)
    answer = strict.post(f"{phone.visit}send/", {"submission_key": "k" * 20, "seen": "0" * 64})
    assert answer.status_code == 403
    assert "Votre panier est gardé" in words(answer)
    assert f'href="{phone.visit}cart/"' in answer.content.decode()
    assert CartLine.objects.get().quantity == 2


def test_it_survives_a_change_of_the_secret_key(phone):
    """F08: the old key still opens cookies and forms."""
    with override_settings(SECRET_KEY="new" * 20, SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]):
        assert phone.send().status_code == 303


def test_it_offers_the_same_form_again_when_the_database_is_busy():
    """F21: nothing was sent, and the same key is sent again."""
    data = {"submission_key": "the-same-key-again", "seen": "<b>", "csrfmiddlewaretoken": "t"}
    request = RequestFactory().post("/v/AAAAAAAAAAAAAAAAAAAAAA/send/", data)
    middleware = database_trouble(lambda _request: HttpResponse())
    answer = middleware.process_exception(request, OperationalError("database is locked"))
    assert answer
    page = answer.content.decode()
    assert answer.status_code == 503
    assert 'action="/v/AAAAAAAAAAAAAAAAAAAAAA/send/"' in page
    assert 'name="submission_key" value="the-same-key-again"' in page
    assert 'value="&lt;b&gt;"' in page
    assert answer["X-Nothing-Sent"] == "1"
    unclear = middleware.process_exception(
        request, OperationalError("server closed the connection")
    )
    assert unclear
    assert "X-Nothing-Sent" not in unclear
    assert middleware.process_exception(request, ValueError()) is None


@pytest.mark.django_db(transaction=True)
def test_it_keeps_the_order_through_a_locked_database(phone):
    """F21: somebody else writes for longer than we wait; the page's own form sends the same order afterwards."""
    form = phone.form()
    locked, done = Event(), Event()

    def write_slowly():
        with transaction.atomic():
            Visit.objects.update(covers=F("covers"))
            locked.set()
            done.wait(20)
        connection.close()

    writer = Thread(target=write_slowly)
    writer.start()
    locked.wait(20)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            connection.connection.patience = 0.1
        else:
            cursor.execute("SET lock_timeout = 100")
    answer = phone.send(form)
    done.set()
    writer.join()
    connection.close()  # and with it the short patience
    assert answer.status_code == 503
    assert "Rien n’a été envoyé" in words(answer)
    assert f'value="{form["submission_key"]}"' in answer.content.decode()
    assert not Order.objects.exists()
    assert phone.send(form).status_code == 303
    assert phone.send(form).status_code == 303
    assert Order.objects.count() == 1
