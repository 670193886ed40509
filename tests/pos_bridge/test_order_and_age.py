"""Whose turn it is, and what is too old for one."""

import pytest

from pos_bridge import following, outbox
from pos_bridge.errors import NotSent, Uncertain
from pos_bridge.models import Addition, Register
from tests.pos_bridge.steps import ACCEPTED, State, claimed, later, put, settled

pytestmark = pytest.mark.django_db


def test_first_come_first_served(alice, now):
    orders = [alice.order(table=table) for table in (3, 1, 2)]
    served = []
    while claim := claimed(alice, now):
        settled(claim, ACCEPTED, now)
        served.append(claim.addition)
    assert served == orders


def test_a_table_s_orders_stay_in_order_while_the_register_is_down(alice, now):
    first, second, other = alice.order(table=1), alice.order(table=1), alice.order(table=2)
    settled(claimed(alice, now), NotSent("no_connection"), now)
    Addition.objects.filter(pk=first.pk).update(next_try_at=later(now, 30))
    assert claimed(alice, now).addition == other
    Register.objects.update(lease_owner="")
    put(other, State.ACCEPTED)
    assert claimed(alice, later(now, 29)) is None
    settled(claimed(alice, later(now, 31)), ACCEPTED, later(now, 31))
    assert claimed(alice, later(now, 31)).addition == second


def test_a_sick_order_waits_behind_the_healthy_and_then_lets_its_table_pass_p7(alice, now):
    sick, next_of_table = alice.order(table=1), alice.order(table=1)
    for tries in range(1, 4):
        claim = claimed(alice, now)
        assert claim.addition == sick
        settled(claim, Uncertain("http_500"), now)
        Addition.objects.filter(pk=sick.pk).update(next_try_at=later(now, 60))
        if tries < 3:
            assert claimed(alice, now) is None, "its own table waits for a moment"
        now = later(now, 60)
    other = alice.order(table=2)
    served = []
    while claim := claimed(alice, now):
        settled(claim, ACCEPTED, now)
        served.append(claim.addition)
    assert served == [next_of_table, other, sick]


@pytest.mark.parametrize("state", [State.REFUSED, State.HELD, State.ACCEPTED, State.HANDLED])
def test_what_is_no_longer_tried_lets_later_ones_pass(alice, now, state):
    put(alice.order(table=1), state)
    second = alice.order(table=1)
    assert claimed(alice, now).addition == second


@pytest.mark.parametrize("state", [State.QUEUED, State.UNCERTAIN])
def test_what_is_older_than_twenty_minutes_waits_for_a_person_p8(alice, now, state):
    addition = put(alice.order(), state, tries=4)
    after = later(now, 20 * 60 + 5)
    assert claimed(alice, after) is None
    assert outbox.hold(later(now, 20 * 60 - 5)) == 0
    assert outbox.hold(after) == 1
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.HELD, "stale")
    assert claimed(alice, after) is None


def test_a_clock_that_jumped_back_blocks_nothing_f38(alice, now):
    alice.order()
    far = later(now, 3600)
    Register.objects.update(lease_owner="of a jump", lease_until=far)
    Addition.objects.update(next_try_at=far)
    assert claimed(alice, now) is not None
    Register.objects.update(next_poll_at=far)
    Addition.objects.update(state=State.ACCEPTED)
    assert following.begin_poll(alice.register.pk, now=now, lasts=15)


def test_a_clock_that_jumped_ahead_sends_nothing_twice_f37(alice, now):
    addition = alice.order()
    claim = claimed(alice, now)
    jumped = later(now, 3600)
    outbox.recover(alice.register.pk, jumped)
    outbox.hold(jumped)
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.HELD, "stale")
    assert not settled(claim, ACCEPTED, jumped)
