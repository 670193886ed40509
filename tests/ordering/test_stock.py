"""Sold out: until tomorrow, and by a count of portions that an order takes with itself (F16)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone

from ordering.diner import kept
from ordering.diner.compiled import compiled
from ordering.models import CartLine, Option, Order, Product, SetMenu
from ordering.services import cart, carte, deciding, orders, pricing, stock
from ordering.services.problems import Refused
from pos_bridge import outbox
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition
from tests import factories
from tests.helpers import at_once
from tests.ordering.admin_cast import person
from tests.ordering.diner_phone import Phone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counted_versions")]
State = Addition.State


@pytest.fixture
def house():
    house = factories.restaurant()
    factories.register(house)
    soup = factories.product(house, "soupe")
    factories.product(house, "tarte")
    factories.option_group(soup, "pain", {"noir": 50, "blanc": 0}, max=None)
    return house


def party(house, number, *lines):
    guest = factories.guest(factories.table(house, number=number), covers=9)
    for key, quantity, *chosen in lines:
        cart.add(guest=guest, product_key=key, quantity=quantity, chosen=chosen)
    return guest


def send(guest, key="first"):
    seen = pricing.priced(guest.visit).fingerprint
    return orders.place(guest=guest, submission_key=key, seen=seen, language="fr")


def count(key="soupe", portions=...):
    if portions is not ...:
        Product.objects.filter(key=key).update(portions=portions)
    return Product.objects.get(key=key).portions


def version(house):
    house.refresh_from_db()
    return house.carte_version


def refused_by_the_till(order):
    addition = outbox.latest(order.pk)
    now = addition.created_at
    assert outbox.move(addition.pk, State.QUEUED, State.SENDING, now)
    assert outbox.move(addition.pk, State.SENDING, State.REFUSED, now)
    return outbox.latest(order.pk)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_tables_and_one_last_portion_one_wins(house):
    """F16: each loser is told the line, and nothing of its order is sent, the dessert neither."""
    guests = [party(house, number, ("soupe", 1), ("tarte", 1)) for number in range(1, 21)]
    count(portions=1)
    seen = {guest.pk: pricing.priced(guest.visit).fingerprint for guest in guests}

    def sender(guest):
        return lambda: orders.place(
            guest=guest, submission_key="first", seen=seen[guest.pk], language="fr"
        )

    results = at_once(*map(sender, guests))
    won = [each for each in results if isinstance(each, Order)]
    lost = [each for each in results if isinstance(each, Refused)]
    assert (len(won), len(lost)) == (1, 19)
    assert {(each.code, each.name) for one in lost for each in one.problems} == {
        ("sold_out", "Soupe")
    }
    assert count() == 0
    assert Order.objects.count() == Addition.objects.count() == 1
    assert CartLine.objects.count() == 19 * 2


def test_an_order_takes_what_it_counts_and_the_last_one_makes_the_pages_old(house):
    """F16: an ordinary portion leaves every phone's page where it is."""
    count(portions=3)
    before = version(house)
    send(party(house, 1, ("soupe", 2), ("tarte", 1)))
    assert (count(), count("tarte"), version(house)) == (1, None, before)
    assert not compiled(house).sections[0].items[0].sold_out
    send(party(house, 2, ("soupe", 1)))
    assert (count(), version(house)) == (0, before + 1)
    assert compiled(house).sections[0].items[0].sold_out
    with pytest.raises(Refused) as refused:
        party(house, 3, ("soupe", 1))
    assert [problem.code for problem in refused.value.problems] == ["sold_out"]


def test_it_says_how_many_are_left_of_all_lines_together(house):
    """F16: two guests' lines of one dish are counted together, and nothing is taken."""
    guest = party(house, 1, ("soupe", 2), ("soupe", 2, ("pain", "blanc")), ("tarte", 1))
    count(portions=3)
    with pytest.raises(Refused) as refused:
        send(guest)
    assert [(each.code, each.params) for each in refused.value.problems] == [
        ("portions", {"count": 3})
    ] * 2
    assert (count(), Order.objects.count()) == (3, 0)


def test_an_option_is_counted_too(house):
    """F16: by the units of its line, and sold out at 0."""
    noir = Option.objects.filter(key="noir")
    noir.update(portions=2)
    guest = party(house, 1, ("soupe", 2, ("pain", "noir")))
    other = party(house, 2, ("soupe", 1, ("pain", "noir")))
    send(guest)
    assert noir.get().portions == 0
    with pytest.raises(Refused) as refused:
        send(other)
    assert [problem.code for problem in refused.value.problems] == ["option_sold_out"]


def test_what_was_refused_and_taken_back_is_there_again_once(house):
    """F16: the till has it not, and it is in the cart."""
    count(portions=2)
    guest = party(house, 1, ("soupe", 2))
    order = send(guest)
    before = version(house)
    refused_by_the_till(order)
    # Not when it is refused: the staff may still send it anew, and the guest was promised it.
    assert count() == 0
    assert orders.take_back(guest=guest, order=order)
    assert (count(), version(house)) == (2, before + 1)
    assert not orders.take_back(guest=guest, order=order)
    assert not stock.give_back(order_id=order.pk)
    assert count() == 2


def test_what_was_given_back_is_not_given_back_again_f16(house, settings):
    """F16: refused, sent anew, refused again, taken back: once. What then is sent from the cart takes its own."""
    settings.GUEST_SEND_INTERVAL = 0
    count(portions=2)
    guest = party(house, 1, ("soupe", 2))
    order = send(guest)
    refused_by_the_till(order)
    assert orders.replace(addition=outbox.latest(order.pk)) is not None
    refused = refused_by_the_till(order)
    assert refused.position == 2
    assert count() == 0
    assert orders.take_back(guest=guest, order=order)
    assert count() == 2
    send(guest, "second")
    assert count() == 0
    for again in (
        lambda: orders.take_back(guest=guest, order=order),
        lambda: stock.give_back(order_id=order.pk),
        lambda: (
            deciding.carry_out(
                addition=refused, decision=Decision.CANCELLED, by=AnonymousUser()
            ).won
        ),
        lambda: orders.replace(addition=refused),
    ):
        assert not again()
    assert count() == 0


def menu_of(house, **fields):
    return factories.set_menu(house, "menu", {"entree": {"soupe": 0}}, **fields)


def with_menu(house, number, quantity):
    guest = factories.guest(factories.table(house, number=number), covers=9)
    composed = [{"course": "entree", "product": "soupe", "chosen": []}]
    cart.add_menu(guest=guest, menu_key="menu", quantity=quantity, composed=composed)
    return guest


def test_a_set_menu_is_counted_itself_and_with_what_is_in_it(house):
    """F16: taken down in the order's own transaction, sold out at 0, given back with what it held."""
    menu = menu_of(house, portions=3)
    count(portions=9)
    first, last = with_menu(house, 1, 2), with_menu(house, 2, 2)
    order = send(first)
    menu.refresh_from_db()
    assert (menu.portions, count()) == (1, 7)
    with pytest.raises(Refused) as refused:
        send(last)
    assert [(each.code, each.name) for each in refused.value.problems] == [("portions", "Menu")]
    before = version(house)
    SetMenu.objects.update(portions=2)
    other = send(last)
    assert (SetMenu.objects.get().portions, version(house)) == (0, before + 1)
    assert next(item for item in compiled(house).sections[0].items if item.is_menu).sold_out
    with pytest.raises(Refused) as refused:
        with_menu(house, 3, 1)
    assert [problem.code for problem in refused.value.problems] == ["sold_out"]
    refused_by_the_till(order)
    assert orders.take_back(guest=first, order=order)
    assert (SetMenu.objects.get().portions, count()) == (2, 7)
    # An order of before counted no menus.
    Order.objects.filter(pk=other.pk).update(portions_taken={"products": {}, "options": {}})
    assert stock.give_back(order_id=other.pk)


@pytest.mark.django_db(transaction=True)
def test_of_two_tables_and_one_last_menu_one_wins(house):
    """F16: the other one is told so, and nothing of its order is sent."""
    menu_of(house, portions=1)
    guests = [with_menu(house, number, 1) for number in (1, 2)]
    results = at_once(*(lambda guest=guest: send(guest) for guest in guests))
    assert len([each for each in results if isinstance(each, Order)]) == 1
    (lost,) = (each for each in results if isinstance(each, Refused))
    assert [problem.code for problem in lost.problems] == ["sold_out"]
    assert (SetMenu.objects.get().portions, Addition.objects.count()) == (0, 1)


def test_a_menu_that_is_put_back_on_sale_is_not_counted_any_more(house):
    menu = menu_of(house, portions=0)
    carte.set_sold_out(things=[menu], sold_out=False)
    menu.refresh_from_db()
    assert menu.portions is None


def test_what_is_not_counted_any_more_is_not_counted_by_giving_back(house):
    count(portions=2)
    order = send(party(house, 1, ("soupe", 1)))
    count(portions=None)
    assert stock.give_back(order_id=order.pk)
    assert count() is None


@pytest.mark.parametrize(
    ("states", "left"),
    [
        ([], 2),  # never sent
        ([State.SENDING, State.REFUSED], 2),
        ([State.SENDING, State.UNCERTAIN], 1),  # the kitchen may be cooking it
    ],
)
def test_cancelling_gives_back_what_is_surely_not_cooked(house, states, left):
    """F16: where the till may have it, the portion may be in the pan."""
    count(portions=2)
    addition = outbox.latest(send(party(house, 1, ("soupe", 1))).pk)
    before = State.QUEUED
    for state in states:
        assert outbox.move(addition.pk, before, state, addition.created_at)
        before = state
    if states:
        addition.attempts.create(number=1, started_at=addition.created_at, outcome="uncertain")
    addition.refresh_from_db()
    assert deciding.carry_out(
        addition=addition, decision=Decision.CANCELLED, by=person("bob", service=[house])
    ).won
    assert count() == left


def test_it_is_on_sale_again_at_five_in_the_morning(house):
    """In the restaurant's own time: 05:00 in Paris is 04:00 in winter by the universal clock."""
    soup = Product.objects.get(key="soupe")
    menu = SetMenu.objects.create(
        restaurant=house, key="midi", name={"fr": "Midi"}, price=12_00, vat=10
    )
    things: list[Product | Option | SetMenu] = [soup, Option.objects.get(key="noir"), menu]
    with time_machine.travel(datetime(2026, 11, 21, 0, 30, tzinfo=UTC), tick=False):
        before = version(house)
        carte.sell_out_until_tomorrow(things=things)
        assert version(house) == before + 1
        for thing in things:
            thing.refresh_from_db()
            # Half past one at night belongs to Friday's service.
            assert thing.sold_out_until == date(2026, 11, 21)
    five = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
    with time_machine.travel(five - timedelta(seconds=1), tick=False):
        item = compiled(house).sections[0].items[0]
        assert item.sold_out
        assert item.groups[0].options[0].sold_out
        with pytest.raises(Refused):
            party(house, 1, ("soupe", 1))
    with time_machine.travel(five, tick=False):
        item = compiled(house).sections[0].items[0]
        assert not item.sold_out
        assert not item.groups[0].options[0].sold_out
        assert party(house, 2, ("soupe", 1, ("pain", "noir")))


def test_a_page_drawn_at_five_is_not_kept_for_the_whole_day(house):
    """F16: the carte was read a moment before five, and is drawn a moment after."""
    carte.sell_out_until_tomorrow(things=[Product.objects.get(key="soupe")])
    until = Product.objects.get(key="soupe").sold_out_until
    assert until
    five = datetime.combine(until, time(5), ZoneInfo("Europe/Paris"))
    address = f"/r/{house.slug}/carte/"
    kept.forget()
    with time_machine.travel(five - timedelta(seconds=1), tick=False) as clock:

        def strikes(execute, sql, *rest):
            answer = execute(sql, *rest)
            if "categoryitem" in sql:
                clock.move_to(five)
            return answer

        with connection.execute_wrapper(strikes):
            Phone().get(address)
        assert timezone.now() == five
        assert "dish out" not in Phone().get(address).content.decode()


def test_until_tomorrow_puts_nothing_on_sale_earlier_than_it_was_to_be(house):
    """A whole category is marked for tonight, and one dish of it waits for next week's delivery."""
    soup = Product.objects.get(key="soupe")
    Product.objects.filter(pk=soup.pk).update(sold_out_until=date(2999, 1, 1))
    carte.sell_out_until_tomorrow(things=[Product.objects.get(key="soupe")])
    soup.refresh_from_db()
    assert soup.sold_out_until == date(2999, 1, 1)


def test_what_is_on_sale_again_is_so_in_every_way(house):
    carte.sell_out_until_tomorrow(things=[Product.objects.get(key="soupe")])
    count(portions=0)
    soup = Product.objects.get(key="soupe")
    carte.set_sold_out(things=[soup], sold_out=False)
    assert party(house, 1, ("soupe", 1))
    # A count that has not run out is somebody's, and stays.
    count(portions=4)
    carte.set_sold_out(things=[soup], sold_out=True)
    carte.set_sold_out(things=[soup], sold_out=False)
    assert count() == 4
