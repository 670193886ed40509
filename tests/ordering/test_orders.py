"""Sending: checked again, written once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from ordering.models import CartLine, Order, Product, Restaurant, Table, Visit
from ordering.services import cart, orders, pricing, registers, visits
from ordering.services.problems import Refused
from pos_bridge.models import Addition, Register
from tests import factories
from tests.helpers import at_once

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


@pytest.fixture
def house():
    house = factories.restaurant()
    factories.register(house)
    factories.product(house, "soupe", price=8_00)
    factories.product(house, "tarte", price=7_50)
    return house


@pytest.fixture
def guest(house):
    return factories.guest(factories.table(house))


def fill(guest, *keys):
    for key in keys or ("soupe",):
        cart.add(guest=guest, product_key=key, quantity=1, chosen=[])


def send(guest, key="first", seen=None):
    seen = pricing.priced(guest.visit).fingerprint if seen is None else seen
    return orders.place(guest=guest, submission_key=key, seen=seen, language="fr")


def state(order):
    return order.additions.get().state


def codes(refused):
    return [problem.code for problem in refused.value.problems]


def test_it_writes_order_lines_number_and_body_at_once(guest):
    """P13: what was shown, what was confirmed and what is sent are one number."""
    fill(guest, "soupe", "tarte", "soupe")
    shown = pricing.priced(guest.visit).total
    order = send(guest)
    addition = Addition.objects.get(order=order)
    assert order.total == shown == 2 * 8_00 + 7_50
    assert sum(line.total for line in order.lines.all()) == shown
    assert addition.state == "queued"
    assert '"ttc": 23.5' in addition.body or '"ttc":23.5' in addition.body
    assert addition.number == Register.objects.get().last_number
    assert not CartLine.objects.exists()


def test_it_gives_the_same_order_for_the_same_submission(guest):
    """P4, F01: also when the cart has been filled again in between."""
    fill(guest)
    first = send(guest)
    fill(guest, "tarte")
    assert send(guest) == first
    assert Order.objects.count() == Addition.objects.count() == 1
    assert CartLine.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_makes_one_order_of_fifty_taps_at_once(guest):
    """P4, F01: 50 posts of one form at the same moment are one order, and all are told the same number."""
    fill(guest, "soupe", "tarte")
    seen = pricing.priced(guest.visit).fingerprint
    told = at_once(*[lambda: send(guest, seen=seen).number] * 50)
    assert told == [1] * 50
    assert Order.objects.count() == Addition.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_sends_a_cart_once_from_two_forms_at_once(guest):
    """Two different forms of one cart are one order and one “the cart has changed”."""
    fill(guest)
    seen = pricing.priced(guest.visit).fingerprint
    ends = at_once(lambda: send(guest, key="a", seen=seen), lambda: send(guest, key="b", seen=seen))
    assert {type(end) for end in ends} in ({Order, Refused}, {Order, orders.Changed})
    assert Order.objects.count() == 1


def test_it_asks_again_when_a_price_has_changed(guest):
    """F15, P13: old and new are named, nothing is sent, and a second tap sends the new price."""
    fill(guest)
    seen = pricing.priced(guest.visit).fingerprint
    Product.objects.filter(key="soupe").update(price=9_00)
    with pytest.raises(orders.Changed) as changed:
        send(guest, seen=seen)
    assert [(change.name, change.before, change.after) for change in changed.value.changes] == [
        ("Soupe", 8_00, 9_00)
    ]
    assert not Order.objects.exists()
    assert send(guest, key="second").total == 9_00


def test_it_asks_again_when_another_phone_added_a_line(guest):
    fill(guest)
    seen = pricing.priced(guest.visit).fingerprint
    fill(factories.guest(guest.visit.table), "tarte")
    with pytest.raises(orders.Changed) as changed:
        send(guest, seen=seen)
    assert list(changed.value.changes) == []


def test_it_freezes_names_and_prices(guest):
    """P5: what the carte becomes later does not touch what was sent."""
    fill(guest)
    order = send(guest)
    body = Addition.objects.get().body
    Product.objects.update(price=1, name={"fr": "Autre"})
    assert order.lines.get().unit_price == 8_00
    assert order.lines.get().name["fr"] == "Soupe"
    assert Addition.objects.get().body == body


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda: Product.objects.update(sold_out=True), "sold_out"),
        (lambda: Product.objects.update(served=[]), "not_served"),
        (lambda: Product.objects.update(register_id=""), "not_on_register"),
        (lambda: Restaurant.objects.update(ordering=False), "ordering_off"),
        (lambda: Restaurant.objects.update(hours=[]), "closed"),
        (lambda: Table.objects.update(ordering=False), "table_off"),
        (lambda: Register.objects.update(current=False), "no_register"),
        (lambda: Restaurant.objects.update(limit_covers=1), "covers"),
        (lambda: CartLine.objects.update(quantity=21), "quantity"),
        (lambda: CartLine.objects.all().delete(), "empty"),
    ],
)
def test_it_refuses_before_anybody_is_told(guest, change, code):
    """P14, P15, F17: named, the cart is kept, nothing is sent."""
    fill(guest)
    change()
    kept = CartLine.objects.count()
    with pytest.raises(Refused) as refused:
        send(guest)
    assert code in codes(refused)
    assert not Order.objects.exists()
    assert CartLine.objects.count() == kept


def test_it_refuses_9990_portions(guest):
    """P15: the prank of Kunming."""
    fill(guest)
    CartLine.objects.update(quantity=9_990)
    with pytest.raises(Refused) as refused:
        send(guest)
    assert codes(refused) == ["quantity"]
    assert not Addition.objects.exists()


def test_it_lets_a_guest_send_only_every_few_seconds(guest):
    """P15."""
    with time_machine.travel(EVENING, tick=False) as clock:
        fill(guest)
        send(guest)
        fill(guest)
        with pytest.raises(Refused) as refused:
            send(guest, key="second")
        assert codes(refused) == ["too_fast"]
        clock.shift(6)
        assert send(guest, key="second").number == 2


def test_a_clock_that_is_set_back_keeps_no_guest_waiting_f38(guest):
    with time_machine.travel(EVENING + timedelta(hours=1), tick=False) as clock:
        fill(guest)
        send(guest)
        clock.move_to(EVENING)
        fill(guest)
        assert send(guest, key="second").number == 2


def test_a_clock_that_is_set_back_into_the_day_before_gives_no_number_twice_f38(guest):
    """The day of service begins at five: F37 there, F38 back."""
    before_five = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
    with time_machine.travel(before_five, tick=False) as clock:
        numbers = []
        for key, later in enumerate([0, 3600, 10]):
            clock.move_to(before_five + timedelta(seconds=later))
            fill(guest)
            order = send(guest, key=f"key-{key}")
            numbers.append((order.day.day, order.number))
        assert numbers == [(20, 1), (21, 1), (20, 2)]


def test_it_lets_a_table_send_a_dozen_orders_in_an_hour(guest):
    """P15: the next one waits for the team."""
    with time_machine.travel(EVENING, tick=False) as clock:
        for count in range(12):
            fill(guest)
            send(guest, key=str(count))
            clock.shift(10)
        fill(guest)
        assert state(send(guest, key="13")) == "held"
        clock.shift(timedelta(hours=1))
        fill(guest)
        assert state(send(guest, key="14")) == "queued"


def test_it_counts_orders_from_five_in_the_morning(guest):
    with time_machine.travel(datetime(2026, 11, 20, 23, 30, tzinfo=UTC), tick=False) as clock:
        fill(guest)
        assert send(guest, key="a").number == 1
        clock.move_to(
            datetime(2026, 11, 21, 3, 59, tzinfo=UTC)
        )  # 4:59 in Paris: still Friday's service
        fill(guest)
        assert send(guest, key="b").number == 2
        clock.move_to(datetime(2026, 11, 21, 4, 0, tzinfo=UTC))
        fill(guest)
        assert send(guest, key="c").number == 1


def test_it_refuses_the_form_of_a_party_that_has_left(guest):
    """Also when the page is still open."""
    fill(guest)
    visits.end(visit=guest.visit)
    with pytest.raises(visits.VisitEnded):
        send(guest)
    assert not Order.objects.exists()


def test_it_names_the_line_that_the_register_cannot_be_told(guest):
    """P14: what cannot be said is refused here, not at dinner."""
    fill(guest, "soupe", "tarte")
    Product.objects.filter(key="tarte").update(register_id="T-1")
    with pytest.raises(Refused) as refused:
        send(guest)
    assert [(problem.code, problem.name) for problem in refused.value.problems] == [
        ("unsupported", "Tarte")
    ]
    assert not Order.objects.exists()


def test_it_takes_the_lines_of_a_refused_order_back_once(guest):
    fill(guest, "soupe", "tarte")
    order = send(guest)
    Addition.objects.update(state="refused")
    assert orders.take_back(guest=guest, order=order)
    assert not orders.take_back(guest=guest, order=order)
    assert pricing.priced(guest.visit).total == order.total
    assert Addition.objects.get().handled_as == "taken_back"
    assert orders.sent(guest.visit) == []


def test_it_does_not_take_back_what_is_on_its_way(guest):
    fill(guest)
    order = send(guest)
    assert not orders.take_back(guest=guest, order=order)
    assert not CartLine.objects.exists()


def test_it_refuses_covers_that_the_database_would_not_hold(guest):
    """F18."""
    for covers in (0, -1, 31, 500):
        with pytest.raises(Refused) as refused:
            visits.set_covers(guest=guest, covers=covers)
        assert codes(refused) == ["covers"]
    assert Visit.objects.get().covers == 2


def test_it_freezes_the_covers_of_each_order(guest):
    """F18: the first answer holds for later phones, which may change it; each order keeps its own."""
    other = factories.guest(guest.visit.table, covers=5)
    assert other.visit.covers == 2
    fill(guest)
    first = send(guest)
    visits.set_covers(guest=other, covers=4)
    other.visit.refresh_from_db()
    fill(other)
    second = send(other, key="second")
    assert [order.covers for order in (first, second)] == [2, 4]
    assert '"nbCouverts": 4' in Addition.objects.get(order=second).body.replace(
        '":', '": '
    ).replace(":  ", ": ")


def test_it_speaks_the_houses_language_to_the_register(guest):
    """Whatever the phone speaks, and however the database keeps the texts."""
    Product.objects.filter(key="soupe").update(name={"fr": "Soupe", "en": "Soup", "de": "Suppe"})
    fill(guest)
    order = send(guest)
    assert Addition.objects.get().ticket["lines"][0]["name"] == "Soupe"
    assert list(order.lines.get().name) == ["fr", "en", "de"]


def test_it_refuses_when_no_number_is_left(guest):
    """F61: never a number that a register would clamp."""
    Register.objects.update(last_number=2**31 - 1)
    fill(guest)
    with pytest.raises(Refused) as refused:
        send(guest)
    assert codes(refused) == ["no_register"]
    assert CartLine.objects.exists()


def test_two_restaurants_on_one_till_never_share_a_number():
    """P6: the till drops the second of a number, and its diner would be told that it is there."""
    keys = {"shop": "S", "pub_key": "K" * 12}
    for slug in ("chez-alice", "chez-bob"):
        house = factories.restaurant(slug)
        registers.configure(
            restaurant=house, kind="leo2", base_url="http://127.0.0.1:9500", credentials=keys
        )
        factories.product(house, "soupe")
        table_guest = factories.guest(factories.table(house))
        fill(table_guest)
        send(table_guest)
    first, second = Addition.objects.order_by("number")
    assert first.register != second.register
    assert second.number == first.number + 1


def test_it_gives_the_same_order_after_the_table_has_paid(guest):
    """P4, F02: its answer was lost, and the meal is over by now."""
    fill(guest)
    first = send(guest)
    Addition.objects.update(state="settled")
    assert send(guest, seen="") == first
    with pytest.raises(visits.VisitEnded):
        send(guest, key="another", seen="")
