"""Happy hour: the price that holds is one number on the carte, in the cart, in the order and on the till (P13, F15)."""

import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ordering import happy
from ordering.diner import hours, kept
from ordering.models import CartLine, PriceChange, Product, Restaurant, SetMenu
from ordering.restaurant_file import check
from ordering.services import cart, orders, pricing
from ordering.services.problems import Refused
from ordering.services.transfer import export_restaurant, import_restaurant
from pos_bridge.models import Addition
from tests import factories
from tests.ordering import diner_phone
from tests.ordering.admin_cast import errors, form_data, person, send
from tests.ordering.diner_phone import value_of, words
from tests.ordering.test_restaurant_file_mistakes import small

pytestmark = pytest.mark.django_db

# Of a Friday in winter, when Paris is an hour ahead.
BEGINS, ENDS = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (16, 18))
HOURS = [{"from": "17:00", "to": "19:00"}]
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
# Within ten seconds of each edge: the beginning, the end, the end of the grace.
EDGES = st.builds(
    lambda edge, seconds: edge + seconds * SECOND,
    st.sampled_from([BEGINS, ENDS, ENDS + 5 * MINUTE]),
    st.integers(-10, 10),
)


@pytest.fixture
def house():
    """A mojito of 9 € and 6 €, with a lime of 1 €; a menu of 25 € and 20 € with a supplement of 3 €."""
    kept.forget()
    made = factories.restaurant(silence_minutes=1440)  # a party that waits for its happy hour
    factories.register(made)
    mojito = factories.product(made, "mojito", price=9_00, happy_price=6_00, happy_hours=HOURS)
    factories.option_group(mojito, "plus", {"citron": 1_00})
    factories.product(made, "steak", price=20_00)
    factories.set_menu(
        made, "menu", {"plat": {"steak": 3_00}}, happy_price=20_00, happy_hours=HOURS
    )
    return made


@pytest.fixture
def phone(house):
    with time_machine.travel(BEGINS - timedelta(hours=1), tick=False):
        return diner_phone.Phone().join(factories.table(house), covers=4)


def add_both(phone):
    phone.add("mojito", quantity="2", **{"option.plus": "citron"})
    phone.post(f"{phone.visit}m/menu/add/", {"quantity": "1", "choice.plat": "steak"})


def by_hand(added, now):
    """Of two mojitos with lime and a menu with its supplement, cents: reckoned here without the project's help."""
    kept = added < ENDS <= now < ENDS + 5 * MINUTE and now >= BEGINS
    if BEGINS <= now < ENDS or kept:
        return 2 * (6_00 + 1_00) + 20_00 + 3_00
    return 2 * (9_00 + 1_00) + 25_00 + 3_00


def shown(page):
    """The cents of the recap."""
    found = re.search(r'id="total" data-live>([0-9 ]+),([0-9]{2})', page)
    assert found, page
    return int(found[1]) * 100 + int(found[2])


@pytest.mark.once
def test_phone_order_and_till_are_one_number_at_every_edge_p13_f15(house, phone):
    """P13, F15: added, looked at and sent at any moments around the edges. What was shown is sent, or shown anew."""

    @settings(
        max_examples=30,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(moments=st.tuples(EDGES, EDGES, EDGES).map(sorted))
    def holds(moments):
        before = transaction.savepoint()
        try:
            judge(*moments)
        finally:
            transaction.savepoint_rollback(before)

    def judge(added, looked, sent):
        with time_machine.travel(added, tick=False) as clock:
            add_both(phone)
            clock.move_to(looked)
            page = phone.cart()
            assert shown(page) == by_hand(added, looked)
            form = {name: value_of(name, page) for name in ("submission_key", "seen")}
            clock.move_to(sent)
            answer = phone.send(form)
            if by_hand(added, looked) != by_hand(added, sent):
                assert answer.status_code == 422
                assert not Addition.objects.exists()
                page = answer.content.decode()
                assert shown(page) == by_hand(added, sent)
                form = {name: value_of(name, page) for name in ("submission_key", "seen")}
                answer = phone.send(form)
            assert "/orders/" in answer["Location"]
        addition = Addition.objects.select_related("order").get()
        total = by_hand(added, sent)
        body = json.loads(addition.body)
        assert addition.order.total == total
        assert round(body["total_order"]["ttc"] * 100) == total
        assert sum(line.total for line in addition.order.lines.all()) == total

    holds()


def test_it_shows_old_and_new_and_asks_again_f15(house, phone):
    """F15: the happy hour ended longer ago than the grace."""
    with time_machine.travel(ENDS - MINUTE, tick=False) as clock:
        phone.add("mojito")
        form = phone.form()
        clock.move_to(ENDS + 5 * MINUTE)
        answer = phone.send(form)
        assert answer.status_code == 422
        assert "Mojito 6,00 € → 9,00 €" in words(answer).replace("\N{NO-BREAK SPACE}", " ")
        assert not Addition.objects.exists()


def test_the_grace_is_for_what_stood_in_the_cart_f15(house, phone):
    """F15: what is added after the end has the price of now, on a line of its own; and “+” adds nothing cheaper."""
    with time_machine.travel(ENDS - SECOND, tick=False) as clock:
        phone.add("mojito")
        clock.move_to(ENDS + SECOND)
        phone.add("mojito")
        assert shown(phone.cart()) == 6_00 + 9_00
        early, late = CartLine.objects.order_by("added_at")
        guest = early.guest
        with pytest.raises(Refused) as refused:
            cart.update(guest=guest, quantities={early.code: 2, late.code: 2}, covers=None)
        assert [(each.code, each.place) for each in refused.value.problems] == [
            ("happy_over", early.code)
        ]
        assert cart.update(guest=guest, quantities={late.code: 3}, covers=None)
        assert shown(phone.cart()) == 6_00 + 3 * 9_00
        # Later both are dear, and one line again for who adds to it.
        clock.move_to(ENDS + 5 * MINUTE)
        assert shown(phone.cart()) == 4 * 9_00
        assert cart.update(guest=guest, quantities={early.code: 2}, covers=None)


def test_plus_adds_nothing_after_last_orders(house):
    """P14: of what is not served any more, nor when the house has closed; there may be fewer."""
    lunch = [{"from": "12:00", "to": "14:00"}]
    menu = SetMenu.objects.get()
    with time_machine.travel(datetime(2026, 11, 20, 12, 59, tzinfo=UTC), tick=False) as clock:
        guest = factories.guest(factories.table(house, number=2))
        line = cart.add(guest=guest, product_key="mojito", quantity=2, chosen=[])
        composed = [{"course": "plat", "product": "steak", "chosen": []}]
        whole = cart.add_menu(guest=guest, menu_key="menu", quantity=2, composed=composed)
        clock.move_to(datetime(2026, 11, 20, 13, 1, tzinfo=UTC))

        def refused(code, quantity=3):
            with pytest.raises(Refused) as refused:
                cart.update(guest=guest, quantities={code: quantity}, covers=None)
            return [problem.code for problem in refused.value.problems]

        for rows, code, said in (
            (Product.objects.filter(key="mojito"), line.code, "not_served"),
            (SetMenu.objects.filter(pk=menu.pk), whole.code, "not_served"),
            (Product.objects.filter(key="steak"), whole.code, "choice_not_served"),
        ):
            rows.update(served=lunch)
            assert refused(code) == [said]
            rows.update(served=None)
        Restaurant.objects.update(hours=lunch)
        guest = type(guest).objects.select_related("visit__table__restaurant").get(pk=guest.pk)
        assert refused(line.code) == ["closed"]
        assert cart.update(guest=guest, quantities={line.code: 1, whole.code: 0}, covers=None)
        # The grace: it may still be sent.
        seen = pricing.priced(guest.visit).fingerprint
        assert orders.place(guest=guest, submission_key="k", seen=seen, language="fr").total == 9_00


# --- What is shown --------------------------------------------------------------------------------


def carte(phone, moment):
    with time_machine.travel(moment, tick=False):
        said = words(phone.get(f"{phone.visit}?lang=en")).replace("\N{NO-BREAK SPACE}", " ")
    return said[said.index("Mojito") :]


def test_the_carte_shows_both_prices_and_until_when(house, phone):
    """The usual one struck, and said in words; the cached page changes with the hour."""
    Product.objects.filter(key="mojito").update(
        happy_hours=[*HOURS, {"days": ["fri"], "from": "22:00", "to": "23:30"}]
    )
    kept.forget()
    name = "Mojito (en)"
    before = carte(phone, BEGINS - SECOND)
    assert before.startswith(f"{name} €9.00 Happy hour 17:00–19:00, Friday 22:00–23:30: €6.00")
    during = carte(phone, BEGINS)
    assert during.startswith(f"{name} Usual price: €9.00 Price now: €6.00 Happy hour until 7 pm")
    # The same hours are open, and end at another time.
    assert "Happy hour until 11:30 pm" in carte(phone, BEGINS + timedelta(hours=6))
    assert carte(phone, ENDS).startswith(f"{name} €9.00")
    with time_machine.travel(BEGINS, tick=False):
        product = phone.get(f"{phone.visit}p/mojito/").content.decode()
        menu = phone.get(f"{phone.visit}m/menu/").content.decode()
    assert '<s><span class="unseen">' in product
    assert 'data-price="600"' in product
    assert 'data-price="2000"' in menu


def test_the_paper_says_both_at_any_hour(house, client):
    client.force_login(person("alice", manager=[house]))
    Product.objects.filter(key="mojito").update(happy_hours=[{"from": "17:00", "to": "19:00"}])
    with time_machine.travel(BEGINS, tick=False):
        for name in ("paper", "slip"):
            at = reverse(f"admin:ordering_restaurant_{name}", args=[house.pk]) + "?lang=en"
            assert "Mojito (en) €9.00 Happy hour 17:00–19:00: €6.00" in words(client.get(at)), name


@pytest.mark.pure
@pytest.mark.parametrize(
    ("slots", "text"),
    [
        ([{"from": "17:00", "to": "19:00"}], "17:00–19:00"),
        ([{"days": ["mon", "tue", "wed"], "from": "22:00", "to": "01:00"}],
         "Monday to Wednesday 22:00–01:00"),
        ([{"days": [], "from": "17:00", "to": "19:00"}], ""),
    ],
)  # fmt: skip
def test_it_says_the_hours_in_a_line(slots, text):
    with translation.override("en"):
        assert hours.in_short(slots) == text
    with translation.override("fr"):
        assert hours.in_short(slots) == text.replace("Monday to Wednesday", "lundi à mercredi")


# --- The price that holds -------------------------------------------------------------------------


class Thing:
    price = 9_00

    def __init__(self, happy_price, happy_hours):
        self.happy_price, self.happy_hours = happy_price, happy_hours


@pytest.mark.pure
@pytest.mark.parametrize(
    ("lower", "slots", "price"),
    [(6_00, HOURS, 6_00), (0, HOURS, 0), (None, HOURS, 9_00), (6_00, None, 9_00), (6_00, [], 9_00),
     (9_00, HOURS, 9_00), (12_00, HOURS, 9_00)],
)  # fmt: skip
def test_it_is_only_ever_lower(lower, slots, price):
    """Without hours there is none, and a “happy” price that is dearer is nobody’s."""
    now = (BEGINS + MINUTE).astimezone(ZoneInfo("Europe/Paris"))
    assert happy.price_at(Thing(lower, slots), now) == price


@pytest.mark.pure
def test_it_goes_by_the_clock_on_the_wall_in_the_night_of_the_change():
    """01:30 to 02:30, when three o'clock becomes two: the second half hour after two is as cheap as the first."""
    late = Thing(6_00, [{"from": "01:30", "to": "02:30"}])
    start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    cheap = [
        happy.price_at(late, (start + n * 30 * MINUTE).astimezone(ZoneInfo("Europe/Paris")))
        for n in range(5)
    ]
    assert cheap == [6_00, 6_00, 9_00, 6_00, 9_00]


@pytest.mark.pure
@pytest.mark.parametrize(
    ("slot", "ended"),
    [
        ({"from": "22:00", "to": "02:00"}, datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),  # two is three
        ({"from": "22:00", "to": "03:00"}, datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),  # the second
    ],
)
def test_its_grace_is_of_minutes_in_the_night_of_the_change_too_f15(slot, ended):
    """Chosen a minute before the end: sent within five minutes it costs what was shown, and after them not."""
    late, paris = Thing(6_00, [slot]), ZoneInfo("Europe/Paris")
    prices = [
        happy.price_in_cart(
            late,
            added_at=(ended - MINUTE).astimezone(paris),
            now=(ended + minutes * MINUTE).astimezone(paris),
            grace=5 * MINUTE,
        )
        for minutes in (-1, 3, 6)
    ]
    assert prices == [6_00, 6_00, 9_00]


# --- Kept up --------------------------------------------------------------------------------------


def test_file_and_restaurant_say_the_same(house):
    """A fixed point; what the file does not mention is no happy hour."""
    factories.table(house)
    SetMenu.objects.update(portions=4)
    data = export_restaurant(house)
    mojito, menu = data["products"][0], data["set_menus"][0]
    assert (mojito["happy_price"], mojito["happy_hours"]) == ("6.00", HOURS)
    assert (menu["happy_price"], menu["portions"]) == ("20.00", 4)
    Product.objects.update(happy_price=None, happy_hours=None)
    SetMenu.objects.update(portions=None, happy_price=5)
    assert not check(data)
    import_restaurant(data=data, accept=True)
    assert export_restaurant(house) == data
    del mojito["happy_price"], mojito["happy_hours"]
    import_restaurant(data=data, accept=True)
    assert Product.objects.get(key="mojito").happy_price is None
    # Kept as every price is, the newest first.
    kept = PriceChange.objects.filter(product__key="mojito")
    assert [(each.happy, each.before, each.after, each.way) for each in kept] == [
        (True, 6_00, None, "file"), (True, None, 6_00, "file"),
    ]  # fmt: skip


@pytest.mark.pure
@pytest.mark.parametrize(
    ("lower", "slots", "sentence"),
    [
        ("6.50", HOURS, "the happy-hour price 6.50 is not below the price, 6.50"),
        ("5.00", None, "it has no hours in which it holds; happy_hours is missing"),
        ("5", HOURS, '"5" is not a price; write euros with two decimals, like "12.50"'),
        ("5.00", [{"from": "25:00", "to": "01:00"}],
         '"25:00" is not a time; write hours and minutes, like "19:30"'),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_where_p25(lower, slots, sentence):
    data = small()
    data["products"][0] |= {"happy_price": lower} | ({"happy_hours": slots} if slots else {})
    assert [mistake.text for mistake in check(data)] == [sentence]


def test_by_hand_it_is_lower_and_has_hours_p25(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))
    at = reverse("admin:ordering_product_change", args=[Product.objects.get(key="mojito").pk])
    assert errors(send(client, at, happy_price="9")) == {
        "happy_price": "It must be lower than the price."
    }
    assert errors(send(client, at, happy_hours="")) == {
        "happy_hours": "Say in which hours it has its happy-hour price."
    }
    assert send(client, at, happy_price="5,50", happy_hours="fri 17:00-18:00").status_code == 302
    assert "Happy hour 6.00 → 5.50, on its page (alice)" in words(client.get(at))
    mojito = Product.objects.get(key="mojito")
    assert (mojito.happy_price, mojito.happy_hours) == (
        5_50, [{"days": ["fri"], "from": "17:00", "to": "18:00"}],
    )  # fmt: skip


def test_who_saves_an_old_page_takes_no_hours_back(house, client):
    """Two at once, or a carte that went live meanwhile: the page says what hours stood there when it was opened."""
    client.force_login(person("alice", manager=[house]))
    mojito = Product.objects.get(key="mojito")
    at = reverse("admin:ordering_product_change", args=[mojito.pk])
    old = form_data(client.get(at))
    old["volume"] = "30 cl"
    assert 'name="initial-happy_hours"' in client.get(at).content.decode()
    later = [{"from": "18:00", "to": "20:00"}]
    Product.objects.update(happy_hours=later, served=later)
    assert client.post(at, dict(old.lists())).status_code == 302
    mojito.refresh_from_db()
    assert (mojito.volume, mojito.happy_hours, mojito.served) == ("30 cl", later, later)


def test_a_change_costs_no_more_with_all_of_it(phone, django_assert_max_num_queries):
    """Cost: one more of a dish that has a happy hour, beside a set menu."""
    with time_machine.travel(ENDS - SECOND, tick=False) as clock:
        add_both(phone)
        phone.get(phone.visit)
        code = CartLine.objects.exclude(product=None).get().code
        data = {f"quantity.{code}": "2", "more": code, "covers": "4"}
        with django_assert_max_num_queries(12):
            page = phone.post(f"{phone.visit}cart/line/", data, headers=diner_phone.HTMX)
        assert shown(page.content.decode()) == 3 * 7_00 + 23_00
        clock.move_to(ENDS)
        data |= {f"quantity.{code}": "3"}
        page = phone.post(f"{phone.visit}cart/line/", data, headers=diner_phone.HTMX)
        assert page.status_code == 422
        assert shown(page.content.decode()) == 3 * 7_00 + 23_00
