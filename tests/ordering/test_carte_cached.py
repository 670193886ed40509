"""The cached carte after everything that can change, beside one that nobody has read before (issue 7, F15)."""

import copy
import re
from datetime import UTC, datetime
from io import BytesIO

import pytest
import time_machine
from django.contrib.auth.models import User
from PIL import Image

from ordering.models import Option, Product, Restaurant, SetMenu
from ordering.restaurant_file.photos import PhotoFile, look_at
from ordering.services import carte, logos, pauses, prices, registers, sold_out
from ordering.services.transfer.exporting import export_restaurant
from ordering.services.transfer.importing import import_restaurant
from pos_bridge.models import Register
from tests import factories
from tests.ordering.diner_phone import Phone, house, words

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)  # half past twelve in Paris, a Friday
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
LUNCH = [{"from": "12:00", "to": "14:00"}]


@pytest.fixture
def table():
    return factories.table(house())


def shown(phone):
    answer = phone.get(phone.visit)
    assert answer.status_code == 200
    return TOKEN.sub("", answer.content.decode())


def unread(phone, table):
    """The page as it is drawn from the database: of a version that nothing was kept of."""
    carte.changed(restaurant_id=table.restaurant_id)
    return shown(phone)


# --- What a file may say, by the way that every change of it goes -----------------------------------


def of(data, kind, key):
    return next(each for each in data[kind] if each["key"] == key)


IN_THE_FILE = {
    "the house's name": lambda file: file.update(name="Chez Bob"),
    "its colour": lambda file: file.update(colour="#224466"),
    "its languages": lambda file: file.update(languages=["fr", "en", "de"]),
    "hours": lambda file: file.update(hours=LUNCH),
    "an announcement": lambda file: file.update(
        closed_days=[{"from": "2026-11-23", "text": {"fr": "En vacances"}}]
    ),
    "it takes no orders": lambda file: file.update(ordering=False),
    "it takes orders": lambda file: file.update(ordering=True),
    "legal text": lambda file: file.update(legal_texts={"note": {"fr": "Service compris"}}),
    "a price": lambda file: of(file, "products", "soupe").update(price="9.10"),
    "a name": lambda file: of(file, "products", "soupe").update(name={"fr": "Velouté"}),
    "a description": lambda file: of(file, "products", "soupe").update(
        description={"fr": "De potiron"}
    ),
    "allergens": lambda file: of(file, "products", "tarte").update(allergens=["nuts"]),
    "a diet": lambda file: of(file, "products", "tarte").update(diets=["vegetarian"]),
    "an origin": lambda file: of(file, "products", "steak").update(origin="France"),
    "a volume": lambda file: of(file, "products", "biere").update(volume="25 cl"),
    "alcohol": lambda file: of(file, "products", "biere").update(alcohol=True),
    "when it is served": lambda file: of(file, "products", "tarte").update(
        served=[{"from": "19:00", "to": "22:00"}]
    ),
    "a happy hour": lambda file: of(file, "products", "biere").update(
        happy_price="4.00", happy_hours=[{"from": "12:00", "to": "13:00"}]
    ),
    "what is always added": lambda file: of(file, "option_groups", "consigne")["options"][0].update(
        price="1.50"
    ),
    "a choice that must be made": lambda file: of(file, "products", "soupe").update(
        option_groups=["cuisson"]
    ),
    "a set menu's price": lambda file: of(file, "set_menus", "menu").update(price="27.00"),
    "a set menu's name": lambda file: of(file, "set_menus", "menu").update(name={"fr": "Formule"}),
    "a category's name": lambda file: file["categories"][0].update(name={"fr": "Nos plats"}),
    "the order of dishes": lambda file: file["categories"][0]["items"].reverse(),
    "another category": lambda file: file["categories"].append(
        {"key": "encore", "name": {"fr": "Encore"}, "items": ["tarte"]}
    ),
}


def test_it_shows_whatever_a_file_changes(table):
    with time_machine.travel(NOON, tick=False):
        phone = Phone().join(table)
        phone.add("soupe")
        before = shown(phone)
        for name, change in IN_THE_FILE.items():
            file = export_restaurant(Restaurant.objects.get(), with_secrets=True)
            wanted = copy.deepcopy(file)
            change(wanted)
            import_restaurant(data=wanted, accept=True)
            after = shown(phone)
            assert after != before, name
            assert after == unread(phone, table), name
            before = after


# --- What the house's people do, and what happens by itself ------------------------------------------


def soup():
    return Product.objects.get(key="soupe")


def dearer(by):
    prices.change(before={soup(): soup().price}, after={soup(): 9_90}, by=prices.Hand("test", by))


def a_photo(by):
    carte.set_photo(thing=soup(), photo=PhotoFile(b"a picture", "image/webp", 10, 10))


def a_logo(by, colour="red"):
    content = BytesIO()
    Image.new("RGB", (40, 30), colour).save(content, "PNG")
    logos.put_up(restaurant=house_of(), logo=look_at(content.getvalue()))
    logos.draw_all()


def another_register(by):
    silent(by, failures=0)
    registers.configure(
        restaurant=house_of(),
        kind="leo2",
        base_url="http://127.0.0.1:9501",
        credentials={"shop": "SHOP2", "pub_key": "KEY2"},
    )


def house_of():
    return Restaurant.objects.get()


def silent(by, failures=9):
    Register.objects.update(failures=failures, silent_since=datetime(2026, 1, 1, tzinfo=UTC))


def no_register(by):
    Register.objects.update(current=False)
    carte.changed(restaurant_id=house_of().pk)


BY_HAND = {
    "a price": dearer,
    "sold out for today": lambda by: sold_out.for_today(thing=soup(), by=by),
    "put back": lambda by: sold_out.put_back(thing=soup(), by=by),
    "sold out": lambda by: sold_out.until_back(thing=SetMenu.objects.get(), by=by),
    "an option that is needed is sold out": lambda by: carte.set_sold_out(
        things=list(Option.objects.filter(group__key="cuisson")), sold_out=True
    ),
    "no portion left": lambda by: sold_out.count(thing=soup(), portions=0, by=by),
    "some portions": lambda by: sold_out.count(thing=soup(), portions=2, by=by),
    "a photo": a_photo,
    "a logo": a_logo,
    "another logo": lambda by: a_logo(by, "blue"),
    "no logo": lambda by: logos.take_down(restaurant=house_of()),
    "a category is paused": lambda by: pauses.pause(
        by=by, restaurant=house_of(), scope="category", what="carte", minutes=15
    ),
    "it goes on": lambda by: pauses.resume(
        by=by, restaurant=house_of(), scope="category", what="carte"
    ),
    "the house is paused": lambda by: pauses.pause(
        by=by, restaurant=house_of(), scope="house", minutes=30
    ),
    "the house goes on": lambda by: pauses.resume(by=by, restaurant=house_of(), scope="house"),
    "slower": lambda by: pauses.slow_down(
        by=by, restaurant=house_of(), waiting_minutes=40, per_minute=None
    ),
    "a register that does not answer": silent,
    "another register": another_register,
    "no register": no_register,
}


def test_it_shows_whatever_people_do(table):
    by = User.objects.create_user("zoe")
    with time_machine.travel(NOON, tick=False):
        phone = Phone().join(table)
        before = shown(phone)
        for name, do in BY_HAND.items():
            do(by)
            after = shown(phone)
            assert (after != before) or "an option" in name, name
            assert after == unread(phone, table), name
            before = after


def test_it_shows_that_an_order_took_the_last_portion(table):
    sold_out.count(thing=soup(), portions=1, by=User.objects.create_user("zoe"))
    phone, other = Phone().join(table), Phone().join(factories.table(table.restaurant, 13))
    assert "Épuisé" not in words(other.get(other.visit))
    phone.add("soupe")
    phone.send()
    assert "Épuisé" in words(other.get(other.visit))
    assert shown(other) == unread(other, table)


def test_it_shows_what_the_hour_changes(table):
    """Slots, happy hours, the evening's words, a pause that ends, and the day of service: nobody does anything."""
    Restaurant.objects.update(silence_minutes=1440)
    file = export_restaurant(house_of(), with_secrets=True)
    file["hours"] = [{"from": "09:00", "to": "23:00"}]
    of(file, "products", "tarte")["served"] = LUNCH
    of(file, "products", "biere").update(
        happy_price="4.00", happy_hours=[{"from": "16:00", "to": "18:00"}]
    )
    by = User.objects.create_user("zoe")
    seen = []
    with time_machine.travel(NOON, tick=False) as clock:
        import_restaurant(data=file, accept=True)
        sold_out.for_today(thing=soup(), by=by)
        pauses.pause(by=by, restaurant=house_of(), scope="category", what="carte", minutes=15)
        phone = Phone().join(table)
        version = house_of().carte_version
        for hour, minute in ((11, 30), (11, 50), (13, 30), (15, 30), (17, 30), (22, 30)):
            clock.move_to(NOON.replace(hour=hour, minute=minute))
            shown(phone)
            seen.append(shown(phone))
        clock.move_to(NOON.replace(day=21))
        phone = Phone().join(table)
        seen.append(shown(phone))
        assert house_of().carte_version == version
        assert len(set(seen)) == len(seen)
        assert seen[-1] == unread(phone, table)


# --- What is a guest's own ---------------------------------------------------------------------------


def own_parts(phone, table):
    """The page, and what stands in it and in no other's: the token, the visit, the table."""
    page = phone.get(phone.visit).content.decode()
    code = phone.visit.split("/")[2]
    token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    return page, [*token, code, f"able {table.number}", f"able\N{NO-BREAK SPACE}{table.number}"]


def test_two_guests_pages_differ_in_their_own_parts_alone(table):
    """T29: byte by byte, with the same answer from the cache; first with empty carts, then with other ones."""
    other_table = factories.table(table.restaurant, 13)
    with time_machine.travel(NOON, tick=False):
        one, two = Phone().join(table), Phone().join(other_table)
        shown(one), shown(two)
        (first, ones), (second, twos) = own_parts(one, table), own_parts(two, other_table)
        assert first != second
        for mine, theirs in zip(ones, twos, strict=True):
            assert mine not in second
            first = first.replace(mine, theirs)
        assert first.splitlines() == second.splitlines()

        one.add("soupe")
        with_cart = own_parts(one, table)[0]
        for mine, theirs in zip(own_parts(one, table)[1], twos, strict=True):
            with_cart = with_cart.replace(mine, theirs)
        differ = set(with_cart.splitlines()) - set(second.splitlines())
        assert differ
        assert all(
            any(own in line for own in ('id="add-', 'id="cart-button"', 'id="live"', "csrf"))
            for line in differ
        ), differ
        # And it has left nothing behind.
        again = TOKEN.sub("", own_parts(two, other_table)[0])
        assert again == TOKEN.sub("", second)


def test_a_form_with_the_others_token_is_refused(table):
    """T29: the page that both share gives neither what the other sends with."""
    one, two = Phone().join(table), Phone().join(factories.table(table.restaurant, 13))
    (_, ones), (_, twos) = own_parts(one, table), own_parts(two, table)
    one.handler.enforce_csrf_checks = True
    assert one.add("soupe", csrfmiddlewaretoken=twos[0]).status_code == 403
    refused = one.post(
        f"{two.visit}add/", {"product": "soupe", "quantity": "1", "csrfmiddlewaretoken": ones[0]}
    )
    assert refused.status_code == 403
    assert one.add("soupe", csrfmiddlewaretoken=ones[0]).status_code < 400
