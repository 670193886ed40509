"""A party moves, two become one, one is parted: what is unsent goes along, what was sent stays (F13)."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from ordering.models import Act, Call, CartLine, Guest, Order, Visit
from ordering.services import acts, calls, cart, events, moves, orders, party, visits
from ordering.services.moves import NotMoved
from ordering.services.pricing import priced
from pos_bridge import outbox
from pos_bridge.models import Addition, AdditionEvent
from tests import factories
from tests.helpers import at_once
from tests.ordering.admin_cast import person

pytestmark = pytest.mark.django_db

State = Addition.State


@pytest.fixture(autouse=True)
def english():
    """What the team reads is held to here in the language of the code."""
    with translation.override("en"):
        yield


@pytest.fixture
def house():
    made = factories.restaurant("house")
    factories.register(made)
    factories.product(made, "soupe")
    factories.product(made, "tarte")
    return made


@pytest.fixture
def four(house):
    return factories.table(house, 4)


@pytest.fixture
def seven(house):
    return factories.table(house, 7)


@pytest.fixture
def dora(house):
    return person("dora", service=[house])


def choose(guest, key="soupe", quantity=1):
    return cart.add(guest=guest, product_key=key, quantity=quantity, chosen=[])


def chosen(visit):
    return list(CartLine.objects.filter(visit=visit).values_list("product__key", flat=True))


def send(guest, key):
    seen = priced(Visit.objects.get(pk=guest.visit_id)).fingerprint
    return orders.place(guest=guest, submission_key=key * 16, seen=seen, language="fr")


def now(row):
    return type(row).objects.get(pk=row.pk)


def seen(visit):
    """As the board holds it while somebody decides."""
    return Visit.objects.select_related("table__restaurant").get(pk=visit.pk)


@contextmanager
def refuses(why):
    with pytest.raises(NotMoved) as refused:
        yield
    assert refused.value.why == why
    assert "%" not in str(refused.value)


def test_a_party_moves_with_its_cart_and_what_was_sent_stays(four, seven, dora):
    """F13: only unsent lines follow."""
    guest = factories.guest(four)
    choose(guest)
    order = send(guest, "a")
    choose(guest, "tarte")

    moves.move(visit=seen(guest.visit), to_table=seven, by=dora)

    assert now(guest.visit).table == seven
    assert now(order).table == four
    assert chosen(guest.visit) == ["tarte"]
    assert visits.open_visit(four) is None
    assert visits.open_visit(seven) == guest.visit
    act = Act.objects.get()
    assert (act.person, act.table) == (dora, four)
    assert acts.sentence(act) == "moved the party to table 7"


def test_what_waits_to_be_sent_keeps_its_number_and_its_bytes(four, seven, dora):
    """P5: it goes to the table of its body, and the staff are told."""
    guest = factories.guest(four)
    choose(guest)
    addition = outbox.latest(send(guest, "a").pk)
    moves.move(visit=seen(guest.visit), to_table=seven, by=dora)
    after = now(addition)
    assert (after.number, after.body, after.ticket) == (
        addition.number, addition.body, addition.ticket,
    )  # fmt: skip
    assert moves.to_do(now(guest.visit)) == [
        f"Order {addition.order.number} is still on its way, to table 4 on the till (LEO2 (LEO2Click)): move it to "
        "table 7 when it is there."
    ]


@pytest.mark.parametrize(
    ("state", "handled_as", "said"),
    [
        (State.RECEIVED, "", "move it to table 7 there"),
        (State.ACCEPTED, "", "move it to table 7 there"),
        (State.HANDLED, "by_hand", "move it to table 7 there"),
        (State.UNCERTAIN, "", "when it is there"),
        (State.HELD, "", "when it is there"),
        (State.SETTLED, "", ""),
        (State.REFUSED, "", ""),
        (State.HANDLED, "cancelled", ""),
    ],
)
def test_it_says_what_to_do_on_the_till(four, seven, dora, state, handled_as, said):
    guest = factories.guest(four)
    choose(guest)
    order = send(guest, "a")
    factories.order(guest).additions.create(
        register=order.restaurant.registers.get(), number=9_999, ticket={}, body="{}",
        state=State.REFUSED,
    )  # fmt: skip
    moves.move(visit=seen(guest.visit), to_table=seven, by=dora)
    Addition.objects.filter(order=order).update(state=state, handled_as=handled_as)
    found = moves.to_do(now(guest.visit))
    assert len(found) == bool(said)
    assert all(said in sentence and "table 4" in sentence for sentence in found)


def test_a_cart_confirmed_before_the_move_asks_again(four, seven, dora):
    """F13: the table is part of what was confirmed."""
    guest = factories.guest(four)
    choose(guest)
    confirmed = priced(guest.visit).fingerprint
    moves.move(visit=seen(guest.visit), to_table=seven, by=dora)
    guest = Guest.objects.select_related("visit__table__restaurant").get(pk=guest.pk)
    with pytest.raises(orders.Changed):
        orders.place(guest=guest, submission_key="b" * 16, seen=confirmed, language="fr")
    assert send(guest, "c").table == seven


def test_a_taken_table_is_said_and_a_paid_one_is_free(four, seven, dora):
    guest, there = factories.guest(four), factories.guest(seven)
    with refuses("taken"):
        moves.move(visit=seen(guest.visit), to_table=seven, by=dora)
    assert now(guest.visit).table == four
    choose(there)
    Addition.objects.filter(order=send(there, "a")).update(state=State.SETTLED)
    moves.move(visit=seen(guest.visit), to_table=seven, by=dora)
    assert now(there.visit).ended_at is not None
    assert now(guest.visit).table == seven


@pytest.mark.parametrize("how", ["off", "another house", "the same"])
def test_there_must_be_a_table_to_move_to(four, seven, dora, how):
    guest = factories.guest(four)
    if how == "off":
        seven.enabled = False
        seven.save(update_fields=["enabled"])
    to = factories.table(factories.restaurant("other"), 7) if how == "another house" else seven
    with refuses("same" if how == "the same" else "unknown"):
        moves.move(visit=seen(guest.visit), to_table=four if how == "the same" else to, by=dora)
    assert now(guest.visit).table == four
    assert not Act.objects.exists()


def test_a_party_that_has_left_is_not_moved(four, seven, dora):
    before = seen(factories.guest(four).visit)
    visits.end(visit=before)
    with refuses("gone"):
        moves.move(visit=before, to_table=seven, by=dora)


def test_who_looked_before_somebody_else_moved_it_moves_nothing(four, seven, dora):
    before = seen(factories.guest(four).visit)
    moves.move(visit=seen(before), to_table=seven, by=dora)
    nine = factories.table(four.restaurant, 9)
    with refuses("gone"):
        moves.move(visit=before, to_table=nine, by=dora)
    with refuses("gone"):
        moves.part(visit=before, guests=[], covers=1, to_table=nine, by=dora)
    with refuses("gone"):
        moves.join(visit=before, into=seen(factories.guest(nine).visit), covers=4, by=dora)
    assert now(before).table == seven


@pytest.mark.django_db(transaction=True)
def test_of_two_waiters_at_once_one_wins():
    """On one party, and on one table."""
    house = factories.restaurant("house")
    tables = [factories.table(house, number) for number in (4, 5, 7)]
    dora, emil = (person(name, service=[house]) for name in ("dora", "emil"))
    parties = [seen(factories.guest(table).visit) for table in tables[:2]]
    came = at_once(
        *[
            lambda visit=visit, by=by: moves.move(visit=visit, to_table=tables[2], by=by)
            for visit in parties
            for by in (dora, emil)
        ]
    )
    assert [type(each) for each in came].count(NotMoved) == 3
    assert Visit.objects.filter(table=tables[2]).count() == 1
    assert Act.objects.count() == 1


def test_two_parties_become_one(four, seven, dora):
    """Guests, cart lines and calls follow; the covers are what the staff confirmed."""
    alice, bob = factories.guest(four, covers=2), factories.guest(seven, covers=3)
    choose(alice)
    choose(bob, "tarte")
    calls.call(guest=alice, kind=Call.Kind.BILL)
    for guest in (alice, bob):
        calls.call(guest=guest, kind=Call.Kind.WAITER)

    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=5, by=dora)

    joined = now(bob.visit)
    assert (joined.covers, joined.table) == (5, seven)
    assert [guest.number for guest in joined.guests.all()] == [1, 2]
    lines = CartLine.objects.filter(visit=joined)
    of_whom = lines.values_list("product__key", "guest__number", "guest__visit")
    assert set(of_whom) == {("tarte", 1, joined.pk), ("soupe", 2, joined.pk)}
    left = now(alice.visit)
    assert left.ended_at is not None
    assert left.moved_to == joined
    assert visits.open_visit(four) is None
    waited_for = calls.of_visit(joined, timezone.now())
    assert sorted(call.kind for call in waited_for) == ["bill", "waiter"]
    assert acts.sentence(Act.objects.get()) == (
        "joined the party to the one at table 7, 5 covers together"
    )


@pytest.mark.parametrize("covers", [0, 51])
def test_a_joined_party_has_as_many_covers_as_a_party_may_have(four, seven, dora, covers):
    alice, bob = factories.guest(four), factories.guest(seven)
    four.restaurant.limit_covers = 50
    four.restaurant.save(update_fields=["limit_covers"])
    with refuses("covers"):
        moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=covers, by=dora)
    assert now(alice.visit).ended_at is None


def test_what_a_joined_party_had_sent_is_its_bill_too(four, seven, dora):
    """It has left when all of it is paid, and not before."""
    alice, bob = factories.guest(four), factories.guest(seven)
    choose(alice)
    choose(bob, "tarte")
    sent = [send(alice, "a"), send(bob, "b")]
    Addition.objects.update(state=State.RECEIVED)
    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=4, by=dora)
    joined = now(bob.visit)
    assert orders.sent(joined) == sent
    assert len(moves.to_do(joined)) == 1
    for order in reversed(sent):
        assert visits.open_visit(seven) == joined
        addition = outbox.latest(order.pk)
        Addition.objects.filter(pk=addition.pk).update(state=State.SETTLED)
        AdditionEvent.objects.create(addition=addition, kind="settled")
        events.consume()
    assert now(joined).ended_at is not None


def test_a_party_without_orders_has_left_when_those_who_joined_it_have_paid(four, seven, dora):
    alice, bob = factories.guest(four), factories.guest(seven)
    choose(alice)
    addition = outbox.latest(send(alice, "a").pk)
    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=4, by=dora)
    Addition.objects.filter(pk=addition.pk).update(state=State.SETTLED)
    AdditionEvent.objects.create(addition=addition, kind="settled")
    events.consume()
    assert now(bob.visit).ended_at is not None


def test_a_party_that_joined_twice_is_led_straight_on(four, seven, dora):
    nine = factories.table(four.restaurant, 9)
    alice, bob, carl = (factories.guest(table) for table in (four, seven, nine))
    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=4, by=dora)
    moves.join(visit=seen(bob.visit), into=seen(carl.visit), covers=6, by=dora)
    assert now(alice.visit).moved_to == carl.visit
    assert now(alice).moved_to.visit == carl.visit
    assert carl.visit.guests.count() == 3


def test_some_of_a_party_sit_at_a_table_of_their_own(four, seven, dora):
    """The chosen phones with what they chose; the others stay, and so do the orders."""
    alice, bob = factories.guest(four, covers=5), factories.guest(four)
    choose(alice)
    order = send(alice, "a")
    choose(alice)
    choose(bob, "tarte")
    calls.call(guest=alice, kind=Call.Kind.WAITER)

    parted = moves.part(visit=seen(bob.visit), guests=["1"], covers=2, to_table=seven, by=dora)

    assert (parted.table, parted.covers) == (seven, 2)
    assert now(bob.visit).covers == 3
    assert chosen(parted) == ["soupe"]
    assert chosen(bob.visit) == ["tarte"]
    assert now(alice).moved_to.visit == parted
    assert now(order).visit == bob.visit
    assert calls.of_visit(parted, timezone.now())
    assert acts.sentence(Act.objects.get()) == "parted 2 covers from the party, to table 7"


@pytest.mark.parametrize(("covers", "why"), [(0, "covers"), (3, "covers"), (1, "taken")])
def test_a_part_is_some_of_the_covers_and_its_table_is_free(four, seven, dora, covers, why):
    guest = factories.guest(four, covers=3)
    if why == "taken":
        factories.guest(seven)
    with refuses(why):
        moves.part(visit=seen(guest.visit), guests=["1"], covers=covers, to_table=seven, by=dora)
    assert now(guest.visit).covers == 3
    assert now(guest).moved_to is None


def test_a_single_cover_cannot_be_parted(four, seven, dora):
    guest = factories.guest(four, covers=1)
    with refuses("nobody_left"):
        moves.part(visit=seen(guest.visit), guests=["1"], covers=1, to_table=seven, by=dora)


def test_who_was_parted_by_mistake_comes_back_as_who_they_were(four, seven, dora):
    alice, bob = factories.guest(four, covers=2), factories.guest(four)
    parted = moves.part(visit=seen(bob.visit), guests=["1"], covers=1, to_table=seven, by=dora)
    choose(now(alice).moved_to)
    moves.join(visit=seen(parted), into=seen(bob.visit), covers=2, by=dora)
    assert now(alice).moved_to is None
    assert [line.guest for line in bob.visit.cart_lines.all()] == [alice]
    assert bob.visit.guests.count() == 2


def test_a_tap_that_crosses_the_parting_adds_nothing_to_the_old_table(four, seven, dora):
    alice = factories.guest(four, covers=2)
    bob = factories.guest(four)
    before, stays = (
        Guest.objects.select_related("visit__table__restaurant").get(pk=guest.pk)
        for guest in (alice, bob)
    )
    moves.part(visit=seen(alice.visit), guests=["1"], covers=1, to_table=seven, by=dora)
    with pytest.raises(visits.VisitEnded):
        choose(before)
    choose(stays)
    assert [line.guest for line in CartLine.objects.all()] == [bob]


def test_a_table_that_strangers_share_has_always_room(four, seven, dora):
    seven.shared = True
    seven.save(update_fields=["shared"])
    stranger, alice = factories.guest(seven), factories.guest(four)
    moves.move(visit=seen(alice.visit), to_table=seven, by=dora)
    assert visits.open_visits(seven) == [stranger.visit, now(alice.visit)]
    nine = factories.table(four.restaurant, 9)
    moves.move(visit=seen(alice.visit), to_table=nine, by=dora)
    assert visits.open_visit(nine) == alice.visit


def test_a_party_stays_while_what_joined_it_is_undelivered(four, seven, dora):
    """However silent it is."""
    alice, bob = factories.guest(four), factories.guest(seven)
    choose(alice)
    send(alice, "a")
    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=4, by=dora)
    long_ago = timezone.now() - timedelta(days=2)
    Visit.objects.filter(pk=bob.visit_id).update(touched_at=long_ago, opened_at=long_ago)
    assert visits.end_silent() == 0
    Addition.objects.update(state=State.RECEIVED)
    assert visits.end_silent() == 1


def test_a_nickname_comes_along_and_who_was_ready_chooses_on(four, seven, dora):
    """P21: and is forgotten with the party that it came to."""
    alice, bob = factories.guest(four), factories.guest(seven)
    party.set_name(guest=alice, name="Alice")
    Guest.objects.filter(pk=alice.pk).update(ready=True)
    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=4, by=dora)
    led = now(alice).moved_to
    assert (led.name, led.ready) == ("Alice", False)
    assert now(alice).name == ""
    visits.end(visit=now(bob.visit))
    assert now(led).name == ""


def refused(order):
    Addition.objects.filter(order=order).update(state=State.REFUSED)


def whole(guest):
    """As a request finds it."""
    return Guest.objects.select_related("visit__table__restaurant").get(pk=guest.pk)


def test_what_a_joined_party_takes_back_is_its_guests_and_goes_on_with_them(four, seven, dora):
    """F13: a line whose guest sits in no party could not be changed, held up who is ready, and was lost when the party
    moved on.
    """
    alice, bob = factories.guest(four), factories.guest(seven)
    choose(alice)
    order = send(alice, "a")
    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=4, by=dora)
    refused(order)
    assert orders.take_back(guest=whole(bob), order=order)
    assert CartLine.objects.get().guest == now(alice).moved_to

    nine = factories.guest(factories.table(four.restaurant, 9))
    moves.join(visit=seen(bob.visit), into=seen(nine.visit), covers=6, by=dora)
    assert chosen(nine.visit) == ["soupe"]
    assert CartLine.objects.get().guest.visit == nine.visit


@pytest.mark.parametrize("who", ["stayed", "parted"])
def test_what_a_parted_guest_had_chosen_goes_back_to_who_takes_it_back(four, seven, dora, who):
    """F13: each line is of a guest whose phone is at that table, and goes along when they move on."""
    alice, bob = factories.guest(four, covers=3), factories.guest(four)
    choose(alice)
    choose(bob, "tarte")
    order = send(alice, "a")
    moves.part(visit=seen(alice.visit), guests=["2"], covers=1, to_table=seven, by=dora)
    refused(order)
    taker = now(alice) if who == "stayed" else now(bob).moved_to
    assert orders.take_back(guest=whole(taker), order=order)
    assert {line.guest for line in CartLine.objects.all()} == {taker}

    nine = factories.guest(factories.table(four.restaurant, 9))
    moves.join(visit=seen(taker.visit), into=seen(nine.visit), covers=4, by=dora)
    assert sorted(chosen(nine.visit)) == ["soupe", "tarte"]


def test_who_joined_another_party_is_one_guest_of_it(four, seven, dora):
    """What each had, to split the bill, is one sum for each phone, whatever table it was sent at."""
    alice, bob = factories.guest(four), factories.guest(seven)
    choose(alice)
    send(alice, "a")
    choose(bob, "tarte")
    send(bob, "b")
    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=4, by=dora)
    led = now(alice).moved_to
    choose(whole(led))
    Order.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    send(led, "c")
    found = party.ordered(now(bob.visit))
    assert [guest for guest, _ in found.shares] == [bob, led]
    assert sum(amount for _, amount in found.shares) == found.total
    assert found.rounds[0].order.guest == led


def test_who_was_ready_and_comes_back_with_more_chooses_on(four, seven, dora):
    alice, bob = factories.guest(four, covers=2), factories.guest(four)
    Guest.objects.filter(pk=alice.pk).update(ready=True)
    parted = moves.part(visit=seen(bob.visit), guests=["1"], covers=1, to_table=seven, by=dora)
    choose(now(alice).moved_to)
    moves.join(visit=seen(parted), into=seen(bob.visit), covers=2, by=dora)
    assert not now(alice).ready


def test_what_a_joined_party_had_sent_counts_for_its_limit(four, seven, dora):
    """T06."""
    alice, bob = factories.guest(four), factories.guest(seven)
    choose(alice)
    order = send(alice, "a")
    moves.join(visit=seen(alice.visit), into=seen(bob.visit), covers=4, by=dora)
    four.restaurant.limit_amount_per_table = order.total
    four.restaurant.save()
    choose(bob)
    assert outbox.latest(send(bob, "b").pk).detail == "table_amount"


def test_many_rounds_cost_the_team_s_page_no_more_queries(
    four, seven, dora, django_assert_num_queries
):
    guest = factories.guest(four)
    for key in "abc":
        choose(guest)
        send(guest, key)
        Order.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    moves.move(visit=seen(guest.visit), to_table=seven, by=dora)
    visit = seen(guest.visit)
    with django_assert_num_queries(2):
        [found] = moves.elsewhere(visit)
    assert len(found.on_the_way) == 3
