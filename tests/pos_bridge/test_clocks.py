"""F37, F38: a clock that jumps leaves nothing stuck and sends nothing late; all is delivered, or with a person."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from pos_bridge import following, outbox, waiting
from pos_bridge.errors import NotSent, Uncertain
from pos_bridge.models import Addition, Register
from pos_bridge.undelivered import undelivered
from tests.pos_bridge.steps import ACCEPTED, State, claimed, later, now_is, put, settled, tried

pytestmark = pytest.mark.django_db

HOUR = 3600


def delivered_or_seen(addition, now):
    done = now_is(addition)[0] in {State.ACCEPTED, State.RECEIVED}
    return done or undelivered(now).filter(pk=addition.pk).exists()


def work(restaurant, now, seconds=60.0):
    """A worker whose register takes everything, for a minute of this clock; lists are read as they are due."""
    end = later(now, seconds)
    while now < end:
        outbox.hold(now)
        if waiting.registers_to_serve(now):
            outbox.recover(restaurant.register.pk, now)
            while claim := claimed(restaurant, now):
                settled(claim, ACCEPTED, now)
            if following.begin_poll(restaurant.register.pk, now=now, lasts=15):
                following.end_poll(restaurant.register.pk, now=now, failed=False)
        now = later(now, 2)
    return now


def waits_of_every_kind(restaurant, now):
    """One that waits for its next try, one unclear, one that a killed worker has left, one fresh."""
    tried_once = restaurant.order(table=1)
    tried(restaurant, NotSent("no_connection"), now)
    unclear = restaurant.order(table=2)
    tried(restaurant, Uncertain("http_503", retry_after=120), now)
    lost = restaurant.order(table=3)
    claimed(restaurant, now)
    fresh = restaurant.order(table=4)
    return [tried_once, unclear, lost, fresh]


@pytest.mark.parametrize("by", [HOUR, -HOUR, 90 * 24 * HOUR, -90 * 24 * HOUR, 30, -30])
def test_a_jump_leaves_nothing_stuck_f37_f38(alice, now, by):
    additions = waits_of_every_kind(alice, now)
    jumped = later(now, by)
    # As long as the register has asked one of them to wait, and the jump.
    end = work(alice, jumped, seconds=180)
    assert not Addition.objects.filter(state=State.SENDING).exists()
    for addition in additions:
        assert delivered_or_seen(addition, end), (by, now_is(addition))
    assert waiting.poll_is_due(later(end, 60))
    assert Register.objects.filter(waiting.lease_is_free(end)).exists()
    # What is ordered after it goes as ever.
    late = alice.order(table=5)
    Addition.objects.filter(pk=late.pk).update(created_at=end, next_try_at=end)
    work(alice, end, seconds=4)
    assert now_is(late)[0] == State.ACCEPTED


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_what_was_ordered_before_a_jump_of_an_hour_is_not_sent_by_itself_p8(alice, now, by):
    """Its age is unknown: it may have waited for an hour."""
    waits = alice.order()
    tried(alice, NotSent("no_connection"), now)
    work(alice, later(now, by))
    assert now_is(waits) == (State.HELD, "stale")


@pytest.mark.parametrize("by", [30, -30, -600])
def test_a_small_step_of_the_clock_holds_nothing_up_f38(alice, now, by):
    waits = alice.order()
    tried(alice, NotSent("no_connection"), now)
    work(alice, later(now, by))
    assert now_is(waits)[0] == State.ACCEPTED


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_there_and_back_again_loses_nothing_f37_f38(alice, now, by):
    additions = waits_of_every_kind(alice, now)
    there = work(alice, later(now, by), seconds=10)
    end = work(alice, later(there, -by))
    for addition in additions:
        assert delivered_or_seen(addition, end)


def test_a_list_is_read_although_its_time_was_written_by_a_clock_ahead_f38(alice, now):
    put(alice.order(), State.ACCEPTED)
    following.end_poll(alice.register.pk, now=later(now, HOUR), failed=False)
    assert waiting.registers_to_serve(now) == [alice.register.pk]
    assert following.begin_poll(alice.register.pk, now=now, lasts=15)


@pytest.mark.parametrize(
    "at", [datetime(2026, 3, 29, 0, 59, tzinfo=UTC), datetime(2026, 10, 25, 0, 59, tzinfo=UTC)]
)
def test_summer_time_begins_and_ends_in_nobody_s_way_f38(alice, at):
    """Local time jumps by an hour a minute later; the times that are stored do not."""
    after, paris = later(at, 120), ZoneInfo("Europe/Paris")
    assert at.astimezone(paris).utcoffset() != after.astimezone(paris).utcoffset()
    with timezone.override(paris):
        addition = put(alice.order(), State.QUEUED, created_at=at, next_try_at=at)
        tried(alice, NotSent("no_connection"), at)
        assert outbox.hold(after) == 0
        assert claimed(alice, after).addition == addition
        for seconds in (44, 45, 120):
            listed = undelivered(later(at, seconds)).filter(pk=addition.pk)
            assert listed.exists() == (seconds >= 45)
