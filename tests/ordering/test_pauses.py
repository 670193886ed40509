"""Pausing the house, a zone or a category, and slower instead of closed."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import translation

from ordering.diner import kept
from ordering.models import Act, Category, Order, Restaurant
from ordering.services import acts, carte, pauses
from tests import factories
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import HTMX, Phone, house, words

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)  # 20:30 in Paris


@pytest.fixture
def clock():
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def made(clock):
    return house()


@pytest.fixture
def bob(made):
    return person("bob", service=[made])


@pytest.fixture
def phone(made):
    phone = Phone("en").join(factories.table(made, zone="Terrasse"))
    phone.add("soupe")
    return phone


def pause(made, bob, scope="house", what="", minutes=15, **text):
    return pauses.pause(by=bob, restaurant=made, scope=scope, what=what, minutes=minutes, **text)


@pytest.mark.parametrize(("scope", "what"), [("house", ""), ("zone", "Terrasse")])
def test_it_stops_orders_and_ends_by_itself_f17(made, bob, phone, clock, scope, what):
    """F17: between cart and send too; the carte stays readable, and says why and until when."""
    form = phone.form()
    pause(made, bob, scope, what)
    said = "The kitchen has its hands full. We take no orders by phone until 20:45."
    page = words(phone.get(phone.visit))
    assert said in page
    assert "Soupe" in page
    answer = phone.send(form)
    assert answer.status_code == 422
    assert said in words(answer)
    assert not Order.objects.exists()
    assert said in words(phone.get(f"{phone.visit}cart/"))
    clock.shift(timedelta(minutes=15))
    assert said not in words(phone.get(phone.visit))
    assert phone.send().status_code == 303


def test_another_zone_is_not_meant(made, bob, phone):
    factories.table(made, 7, zone="Salle")
    pause(made, bob, "zone", "Salle")
    assert phone.send().status_code == 303


def test_it_says_the_house_s_own_words_and_until_tomorrow(made, bob, phone, clock):
    """Until the next day of service, which begins at five."""
    until = pause(made, bob, minutes=None, text="Soirée\nprivée.")
    assert until.astimezone(UTC) == datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    assert "Soirée privée. We take no orders by phone today." in words(phone.get(phone.visit))
    clock.move_to(until + timedelta(seconds=1))
    assert "privée" not in words(phone.get(phone.visit))


def test_no_pause_outlives_the_day_of_service(made, bob, clock):
    clock.move_to(datetime(2026, 11, 21, 3, 50, tzinfo=UTC))
    assert pause(made, bob, minutes=60) == datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def test_a_paused_category_is_shown_and_cannot_be_ordered(made, bob, phone, clock):
    """On the cached carte, on the dish's page, when it is added, and when it is in the cart already."""
    desserts = Category.objects.create(restaurant=made, key="desserts", name={"fr": "Desserts"})
    factories.product(made, "mousse", category=desserts)
    phone.add("mousse")
    form = phone.form()
    before = phone.get(phone.visit).content.decode()
    assert "Not at the moment" not in before
    pause(made, bob, "category", "desserts", ready="kitchen_closed")
    said = "The kitchen is closed. Not to be ordered by phone until 20:45."
    page = phone.get(phone.visit)
    assert said in words(page)
    assert words(page).count("Not at the moment") == 1
    assert said in words(phone.get(f"{phone.visit}p/mousse/"))
    assert said in words(phone.add("mousse", htmx=True))
    answer = phone.send(form)
    assert said in words(answer)
    assert not Order.objects.exists()
    assert phone.add("soupe", htmx=True).status_code == 200
    clock.shift(timedelta(minutes=15))
    # From the cache of before the end: nobody has changed the carte since.
    assert "Not at the moment" not in words(phone.get(phone.visit))
    assert phone.send().status_code == 303


def test_a_paused_category_stops_its_dishes_inside_set_menus_too(made, bob, phone):
    """On the menu's page, when it is composed, and in the cart; a course that has another choice is ordered with it."""
    desserts = Category.objects.create(restaurant=made, key="desserts", name={"fr": "Desserts"})
    factories.product(made, "mousse", category=desserts)
    factories.set_menu(made, "formule", {"dessert": {"mousse": 0, "soupe": 0}})
    carte.changed(restaurant_id=made.pk)
    page, add = f"{phone.visit}m/formule/", f"{phone.visit}m/formule/add/"
    mousse, soup = ({"quantity": "1", "choice.dessert": each} for each in ("mousse", "soupe"))
    assert phone.post(add, mousse).status_code == 303
    form = phone.form()
    assert "Not at the moment" not in words(phone.get(page))
    pause(made, bob, "category", "desserts", ready="kitchen_closed")
    assert words(phone.get(page)).count("Not at the moment") == 1
    said = "Mousse (en) – The kitchen is closed. Not to be ordered by phone until 20:45."
    assert said in words(phone.post(add, mousse))
    assert said.replace(" –", " :") in words(phone.send(form))
    assert not Order.objects.exists()
    assert phone.post(add, soup).status_code == 303


def test_what_stands_in_another_category_too_is_served_there(made, bob, phone):
    other = Category.objects.create(restaurant=made, key="midi", name={"fr": "Midi"})
    other.items.create(product=made.products.get(key="soupe"))
    pause(made, bob, "category", "midi")
    assert phone.send().status_code == 303


def test_ending_it_is_kept_and_told_to_the_second(made, bob, phone):
    pause(made, bob)
    assert pauses.resume(by=bob, restaurant=made, scope="house")
    assert not pauses.resume(by=bob, restaurant=made, scope="house")
    assert phone.send().status_code == 303
    assert list(Act.objects.order_by("pk").values_list("what", flat=True)) == [
        "house_paused", "house_resumed",
    ]  # fmt: skip


def test_the_journal_says_what_was_paused_and_until_when(made, bob):
    """The house, a zone by its name, and a category as the carte calls it, not as the file does."""
    factories.table(made, 7, zone="Salle")
    Category.objects.create(restaurant=made, key="desserts", name={"fr": "Nos desserts"})
    pause(made, bob)
    pause(made, bob, "zone", "Salle", minutes=60)
    pause(made, bob, "category", "desserts", minutes=None)
    assert pauses.resume(by=bob, restaurant=made, scope="category", what="desserts")
    with translation.override("en"):
        assert [acts.sentence(act) for act in Act.objects.order_by("pk")] == [
            "paused the orders by phone of the whole house until 20:45",
            "paused the orders by phone of the zone “Salle” until 21:30",
            "paused the orders by phone of the category “Nos desserts” until tomorrow",
            "ended the pause of the category “Nos desserts”",
        ]


def test_two_people_pause_two_things(made, bob):
    """Neither takes away what the other has just written, whatever they had read."""
    one, two = Restaurant.objects.get(), Restaurant.objects.get()
    factories.table(made, 7, zone="Salle")
    pause(one, bob, "zone", "Salle")
    pause(two, bob, "category", "carte")
    found = {each.what for each in pauses.active(Restaurant.objects.get(), EVENING)}
    assert found == {"Salle", "carte"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"minutes": 14}, {"scope": "zone", "what": "Mars"}, {"scope": "category", "what": "none"},
        {"scope": "house", "what": "x"}, {"scope": "kitchen"}, {"ready": "none"},
    ],
)  # fmt: skip
def test_it_pauses_nothing_that_is_not_there(made, bob, wrong):
    with pytest.raises(ValueError, match="min"):
        pause(made, bob, **wrong)
    assert Restaurant.objects.get().pauses == []


def test_it_costs_the_carte_no_query(made, bob, phone, django_assert_num_queries):
    pause(made, bob, "category", "carte")
    kept.forget()
    with django_assert_num_queries(4):
        phone.get(phone.visit)
    with django_assert_num_queries(1):
        phone.get(phone.visit)


def test_guests_read_how_long_it_takes_and_only_today(made, bob, phone, clock):
    pauses.slow_down(by=bob, restaurant=made, waiting_minutes=25, per_minute=None)
    for address in (phone.visit, f"{phone.visit}cart/", "/r/chez-alice/carte/"):
        assert "About 25 minutes at the moment" in words(phone.get(address)), address
    clock.move_to(EVENING + timedelta(hours=9))
    assert "About 25" not in words(phone.get("/r/chez-alice/carte/"))


def test_who_comes_too_soon_keeps_the_cart_and_sends_it_again(made, bob, phone, clock):
    pauses.slow_down(by=bob, restaurant=made, waiting_minutes=0, per_minute=1)
    other = Phone("en").join(factories.table(made, 7))
    other.add("soupe")
    assert phone.send().status_code == 303
    for options in ({}, {"headers": HTMX}):
        answer = other.send(**options)
        assert "Please send it again in a minute; your cart is kept." in words(answer)
    clock.shift(timedelta(seconds=61))
    assert other.send().status_code == 303
    assert Order.objects.count() == 2
