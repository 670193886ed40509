"""Sending an order anew: another addition of the same order, once, whoever else acts on it in the same moment."""

import json

import pytest

from ordering.models import CartLine, Option, OrderLine, Product
from ordering.services import cart, orders, pricing
from ordering.services.problems import Refused
from pos_bridge import decisions, outbox
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition, Register
from tests import factories
from tests.helpers import at_once

pytestmark = pytest.mark.django_db

State, Handled = Addition.State, Addition.Handled


@pytest.fixture
def house():
    house = factories.restaurant()
    factories.register(house)
    steak = factories.product(house, "steak", price=20_00)
    factories.option_group(steak, "sauce", {"poivre": 2_00})
    factories.product(house, "soupe", price=8_00)
    return house


@pytest.fixture
def guest(house):
    return factories.guest(factories.table(house))


@pytest.fixture
def refused(guest):
    """The addition of an order of two steaks with pepper sauce and a soup, which the register has refused."""
    cart.add(guest=guest, product_key="steak", quantity=2, chosen=[("sauce", "poivre")])
    cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
    seen = pricing.priced(guest.visit).fingerprint
    order = orders.place(guest=guest, submission_key="first", seen=seen, language="fr")
    Addition.objects.update(state=State.REFUSED, reason="refused")
    return order.additions.get()


def replaced(addition):
    anew = orders.replace(addition=addition)
    assert anew is not None
    return anew


def test_it_sends_the_same_order_with_the_ids_of_today(refused):
    """F57: prices, names and quantities as they were sold; what the register did not know is looked up anew."""
    Product.objects.filter(key="steak").update(register_id="777", price=99_00, name={"fr": "X"})
    Option.objects.update(register_id="888", price=50_00)
    Product.objects.filter(key="soupe").delete()
    refused.order.table.register_id = "12"
    refused.order.table.save(update_fields=["register_id"])
    anew = replaced(refused)
    refused.refresh_from_db()
    assert (refused.state, refused.handled_as) == (State.HANDLED, Handled.REPLACED)
    assert (anew.state, anew.position, anew.order_id) == (State.QUEUED, 2, refused.order_id)
    assert anew.number > refused.number
    before, after = json.loads(refused.body), json.loads(anew.body)
    assert after["total_order"] == before["total_order"]
    assert anew.ticket["table_register_id"] == "12"
    steak, soup = after["products"]
    assert (steak["id"], steak["messages"][0]["id"]) == (777, 888)
    assert soup["id"] == before["products"][1]["id"]
    for was, now in zip(before["products"], after["products"], strict=True):
        assert {**was, "id": 0, "messages": 0} == {**now, "id": 0, "messages": 0}
    lines = refused.order.lines.all()
    assert sum(line.total for line in lines) == refused.order.total == 52_00


def test_the_last_of_a_chain_counts(refused):
    """P9: the phone follows."""
    second = replaced(refused)
    Addition.objects.filter(pk=second.pk).update(state=State.REFUSED, reason="refused")
    second.refresh_from_db()
    third = replaced(second)
    assert list(refused.order.additions.order_by("position").values_list("position", flat=True)) == [
        1, 2, 3,
    ]  # fmt: skip
    assert orders.told(refused.order)[1] == third
    assert orders.told(refused.order)[0].word == "sending"


def test_it_goes_to_the_register_in_use(refused, house):
    """F70: what was held because another register is in use is sent anew to that one."""
    Register.objects.update(current=False)
    new = factories.register(house, base_url="https://other.example")
    Addition.objects.update(state=State.HELD, reason="register_changed")
    refused.refresh_from_db()
    assert replaced(refused).register == new


def test_it_says_why_it_cannot_and_changes_nothing(refused):
    Register.objects.update(current=False)
    with pytest.raises(Refused, match="no_register"):
        orders.replace(addition=refused)
    refused.refresh_from_db()
    assert (refused.state, Addition.objects.count()) == (State.REFUSED, 1)


def test_it_says_what_the_register_cannot_be_told(refused):
    """What it was sold by has no id on the register any more, neither today nor then."""
    Product.objects.update(register_id="")
    OrderLine.objects.update(register_id="")
    with pytest.raises(Refused, match="unsupported"):
        orders.replace(addition=refused)
    refused.refresh_from_db()
    assert refused.state == State.REFUSED


@pytest.mark.parametrize("state", [State.QUEUED, State.UNCERTAIN, State.RECEIVED, State.HANDLED])
def test_it_gives_no_second_number_to_what_may_be_sent_under_its_own(refused, state):
    """Two numbers may be booked twice: while its own may still be sent, there is no other."""
    Addition.objects.update(state=state, reason="")
    refused.refresh_from_db()
    assert orders.replace(addition=refused) is None
    assert Addition.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_one_of_three_wins(refused, guest, turn):
    """Staff who send it anew, staff who have entered it by hand, and the guest who takes it back: one wins, and the
    others are told.
    """
    seen = Addition.objects.select_related("register").get()
    anew, by_hand, back = at_once(
        lambda: orders.replace(addition=seen),
        lambda: decisions.decide(Addition.objects.get(pk=seen.pk), Decision.BY_HAND),
        lambda: orders.take_back(guest=guest, order=seen.order),
    )
    assert not any(isinstance(came, Exception) for came in (anew, by_hand, back))
    assert [anew is not None, by_hand.won, back].count(True) == 1
    seen.refresh_from_db()
    assert seen.state == State.HANDLED
    expected = Handled.REPLACED if anew else Handled.BY_HAND if by_hand.won else Handled.TAKEN_BACK
    assert seen.handled_as == expected
    assert Addition.objects.count() == (2 if anew else 1)
    assert CartLine.objects.exists() == back
    assert outbox.latest(seen.order_id).position == (2 if anew else 1)


@pytest.mark.django_db(transaction=True)
def test_two_who_send_it_anew_send_it_once(refused):
    seen = [Addition.objects.select_related("register").get() for _ in range(4)]
    came = at_once(*[lambda one=one: orders.replace(addition=one) for one in seen])
    assert [isinstance(one, Addition) for one in came].count(True) == 1
    assert came.count(None) == 3
    assert Addition.objects.count() == 2
