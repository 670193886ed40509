"""Orders that wait for a tap of the team, and the limits that lead there."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from ordering.models import Act, Guest, Order, Product, Restaurant, Visit
from ordering.services import approval, cart, limits, moves, orders, pricing, seating, visits
from ordering.services.problems import Refused
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import person

pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)


@pytest.fixture
def house():
    made = factories.restaurant()
    factories.register(made)
    factories.product(made, "soupe", price=8_00)
    return made


@pytest.fixture
def waiter(house):
    return person("bob", service=[house])


def guest_at(house, number=12, **table):
    return factories.guest(factories.table(house, number, **table))


def send(guest, key="first", quantity=1):
    guest.refresh_from_db()
    cart.add(guest=guest, product_key="soupe", quantity=quantity, chosen=[])
    seen = pricing.priced(guest.visit).fingerprint
    order = orders.place(guest=guest, submission_key=key, seen=seen, language="fr")
    return order.additions.get()


def rules(**fields):
    Restaurant.objects.update(**fields)


@pytest.fixture
def clock():
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


def later(clock):
    clock.shift(timedelta(minutes=2))


def test_nothing_waits_unless_the_house_says_so(house):
    addition = send(guest_at(house))
    assert (addition.state, addition.reason) == ("queued", "")


def test_the_first_order_of_a_party_waits_and_the_next_does_not_t02_t35(house, waiter, clock):
    """T02: from afar nothing reaches the kitchen. T35: the team is asked once for each party."""
    rules(approval="first")
    guest = guest_at(house)
    first = send(guest)
    later(clock)
    second = send(guest, "second")
    assert {(each.state, each.reason) for each in (first, second)} == {("held", "approval")}
    assert approval.approve(addition=first, by=waiter)
    later(clock)
    assert send(guest, "third").state == "queued"
    assert send(guest_at(house, 7), "other").state == "held"


def test_a_phone_that_joins_after_the_ok_waits_once_as_well_t02(house, waiter, clock):
    """T02: with a photograph of the card, a party that is known is joined as easily as one is opened."""
    rules(approval="first")
    guest = guest_at(house)
    approval.approve(addition=send(guest), by=waiter)
    later(clock)
    stranger = visits.join(table=guest.visit.table, secret="s" * 22, covers=None)
    stranger = Guest.objects.select_related("visit__table__restaurant").get(pk=stranger.pk)
    assert stranger.visit_id == guest.visit_id
    waits = send(stranger, "second")
    assert (waits.state, waits.reason) == ("held", "approval")
    [found] = approval.waiting(house)
    assert "ce téléphone a rejoint la table depuis le dernier accord" in flags_of(found)
    later(clock)
    assert send(guest, "third").state == "queued"
    approval.approve(addition=waits, by=waiter)
    later(clock)
    assert send(stranger, "fourth").state == "queued"


def test_it_says_where_the_party_sits_now_and_that_it_has_paid_t35(house, waiter, clock):
    rules(approval="every")
    guest = guest_at(house)
    first = send(guest)
    approval.approve(addition=first, by=waiter)
    later(clock)
    send(guest, "second")
    visit = Visit.objects.select_related("table__restaurant").get(pk=guest.visit_id)
    moves.move(visit=visit, to_table=factories.table(house, 99), by=waiter)
    Addition.objects.filter(pk=first.pk).update(state="settled")
    [found] = approval.waiting(house)
    told = flags_of(found)
    assert "les convives sont maintenant à la table 99" in told
    assert "la table a payé en caisse" in told
    other = factories.guest(factories.table(house, 98), covers=3)
    moves.join(visit=Visit.objects.get(pk=visit.pk), into=other.visit, covers=4, by=waiter)
    [found] = approval.waiting(house)
    assert "les convives sont partis" not in flags_of(found)


def flags_of(addition):
    return approval.flags([addition], timezone.now())[addition.pk]


def test_a_refused_order_makes_no_party_known(house, waiter, clock):
    rules(approval="first")
    guest = guest_at(house)
    approval.refuse(addition=send(guest), by=waiter, reason="mistake")
    later(clock)
    assert send(guest, "second").state == "held"


def test_every_order_waits_where_the_house_says_so(house, waiter, clock):
    rules(approval="every")
    guest = guest_at(house)
    approval.approve(addition=send(guest), by=waiter)
    later(clock)
    assert send(guest, "second").state == "held"


def test_the_second_waiter_is_told(house, waiter):
    """By a guarded UPDATE: one answer holds, and is kept with who gave it."""
    rules(approval="every")
    addition = send(guest_at(house))
    assert approval.approve(addition=addition, by=waiter)
    assert not approval.refuse(addition=addition, by=waiter, reason="mistake")
    assert "déjà acceptée" in approval.answered(addition)
    act = Act.objects.get()
    assert (act.what, act.person, act.table) == ("order_approved", waiter, addition.order.table)


def test_a_refusal_gives_back_the_portions_and_says_why(house, waiter):
    rules(approval="every")
    Product.objects.update(portions=5)
    addition = send(guest_at(house), quantity=2)
    assert Product.objects.get().portions == 3
    assert approval.refuse(addition=addition, by=waiter, reason="kitchen_closed")
    assert Product.objects.get().portions == 5
    addition.refresh_from_db()
    assert (addition.state, addition.handled_as) == ("handled", "cancelled")
    assert approval.why_refused(addition) == str(approval.REFUSALS["kitchen_closed"])
    assert not approval.refuse(addition=addition, by=waiter, reason="kitchen_closed")
    assert Product.objects.get().portions == 5


def test_the_team_s_own_words_are_one_clean_line(house, waiter):
    rules(approval="every")
    addition = send(guest_at(house))
    with pytest.raises(ValueError, match="no reason"):
        approval.refuse(addition=addition, by=waiter, reason="", text=" \0\n ")
    assert approval.refuse(
        addition=addition, by=waiter, reason="", text="Plus de\n\x07 pain\u202e " + "x" * 300
    )
    addition.refresh_from_db()
    said = approval.why_refused(addition)
    assert said.startswith("Plus de pain x")
    assert len(said) == 200


@pytest.mark.parametrize(
    ("fields", "quantity", "code"),
    [
        ({"limit_amount_per_cover": 7_99}, 2, "too_expensive"),
        ({"limit_amount_per_table": 15_99}, 2, "table_amount"),
    ],
)
def test_what_a_person_may_let_through_goes_to_the_team_p15(house, fields, quantity, code):
    rules(**fields)
    guest = guest_at(house)
    addition = send(guest, quantity=quantity)
    assert (addition.state, addition.reason, addition.detail) == ("held", "limits", code)


def test_covers_that_guests_add_raise_no_limit_before_the_team_has_said_so_p15(
    house, waiter, clock
):
    """P15: 8 for each of two is not 32, whatever a phone corrects; fewer than at first are fewer."""
    rules(limit_amount_per_cover=8_00)
    guest = guest_at(house)
    visits.set_covers(guest=guest, covers=3)
    visits.set_covers(guest=guest, covers=9)
    assert send(guest, quantity=3).detail == "too_expensive"
    later(clock)
    seating.set_covers(visit=guest.visit, covers=9, by=waiter)
    assert send(guest, "second", quantity=3).state == "queued"
    later(clock)
    visits.set_covers(guest=guest, covers=1)
    assert send(guest, "third", quantity=2).detail == "too_expensive"
    later(clock)
    visits.set_covers(guest=guest, covers=9)
    guest.visit.cart_lines.all().delete()
    assert send(guest, "fourth", quantity=9).state == "queued"


def test_a_party_s_amount_is_that_of_all_its_orders_but_not_of_the_refused(house, waiter, clock):
    rules(limit_amount_per_table=20_00)
    guest = guest_at(house)
    assert send(guest, quantity=2).state == "queued"
    later(clock)
    second = send(guest, "second")
    assert second.detail == "table_amount"
    approval.refuse(addition=second, by=waiter, reason="mistake")
    Order.objects.update(total=4_00)
    later(clock)
    assert send(guest, "third").state == "queued"


def test_a_flood_of_the_house_waits_for_the_team_t06(house, clock):
    """T06: a cap for the register in a minute, after which a person looks at each; P15."""
    other = factories.restaurant("chez-charlie")
    factories.register(other)
    factories.product(other, "soupe", price=8_00)
    rules(limit_house_per_minute=2)
    states = [send(guest_at(house, number), f"k{number}").state for number in (1, 2, 3)]
    assert states == ["queued", "queued", "held"]
    assert Addition.objects.latest("pk").detail == "house_flood"
    assert send(guest_at(other, 1), "other").state == "queued"
    clock.shift(timedelta(seconds=61))
    assert send(guest_at(house, 4), "k4").state == "queued"


def test_a_flood_of_a_zone_is_that_zone_s_alone(house, clock):
    rules(limit_zone_per_minute=1)
    assert send(guest_at(house, 1, zone="Terrasse"), "1").state == "queued"
    assert send(guest_at(house, 2, zone="Terrasse"), "2").detail == "zone_flood"
    assert send(guest_at(house, 3, zone="Salle"), "3").state == "queued"


def test_what_no_person_could_want_is_refused_before_anything_is_written_t08(house):
    """T08, P15: 9,990 portions wait for nobody's tap."""
    rules(approval="every")
    guest = guest_at(house)
    line = cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
    type(line).objects.update(quantity=9_990)
    seen = pricing.priced(guest.visit).fingerprint
    with pytest.raises(Refused):
        orders.place(guest=guest, submission_key="first", seen=seen, language="fr")
    assert not Order.objects.exists()
    assert not Addition.objects.exists()


def test_who_floods_one_table_writes_no_endless_list(house, clock):
    """T06: what waits at a table is bounded; the cart is kept."""
    rules(approval="every", limit_orders_per_hour=100)
    guest = guest_at(house)
    for count in range(limits.WAITING_AT_MOST):
        send(guest, f"k{count}")
        later(clock)
    with pytest.raises(Refused) as refused:
        send(guest, "one more")
    assert [problem.code for problem in refused.value.problems] == ["too_many_waiting"]
    assert Order.objects.count() == limits.WAITING_AT_MOST
    assert send(guest_at(house, 7), "other").state == "held"


def test_it_shows_what_is_unusual_so_that_nobody_says_ok_blindly_t35(
    house, waiter, clock, django_assert_num_queries
):
    """T35: over the limits, first of the party, scanned long ago, alcohol; in as many queries for many."""
    rules(approval="every", limit_amount_per_cover=1)
    Product.objects.update(alcohol=True)
    guest = guest_at(house)
    type(guest).objects.filter(pk=guest.pk).update(joined_at=EVENING - timedelta(hours=4))
    addition = send(guest)
    plain_guest = guest_at(house, 7)
    rules(limit_amount_per_cover=60_00)
    Product.objects.update(alcohol=False)
    approval.approve(addition=send(plain_guest, "plain"), by=waiter)
    later(clock)
    plain = send(plain_guest, "again")
    Product.objects.update(alcohol=True)
    Order.objects.filter(pk=plain.order_id).get().lines.update(product_key="eau")
    waiting = list(approval.waiting(house))
    assert waiting == [addition, plain]
    with django_assert_num_queries(4):
        flags = approval.flags(waiting, EVENING + timedelta(hours=5))
    assert flags[plain.pk] == []
    assert len(flags[addition.pk]) == 4
    assert str(approval.PASSED["too_expensive"]) in flags[addition.pk]
