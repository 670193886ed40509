"""P11, P12, F64: a register that does not answer is left alone, by all workers at once, and comes back quickly."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from pos_bridge import breaker, decisions, delivery, following, outbox, waiting
from pos_bridge.errors import Misconfigured, NotSent, Rejected, Uncertain
from pos_bridge.models import Addition, Attempt, Register
from pos_bridge.undelivered import undelivered
from pos_bridge.worker import Worker
from tests.helpers import at_once, eventually
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.steps import (
    ACCEPTED,
    State,
    claimed,
    later,
    now_is,
    put,
    settled,
    soon,
    tried,
)
from tests.pos_bridge.toys import ToyRegister, toys

__all__ = ["toys"]

database = pytest.mark.django_db


def register():
    return Register.objects.get()


def fails(restaurant, now, times=1, outcome=None):
    for _ in range(times):
        Addition.objects.exclude(next_try_at=None).update(next_try_at=now)
        tried(restaurant, outcome or NotSent("no_connection"), now)


@dataclass
class House:
    """One restaurant on a clock of its own: `look` does what a worker's turn does, and writes down what went out."""

    restaurant: Restaurant
    now: datetime
    is_up: bool = True
    posts: list = field(default_factory=list)
    probes: list = field(default_factory=list)

    def look(self):
        outbox.hold(self.now)
        pk = self.restaurant.register.pk
        if pk not in waiting.registers_to_serve(self.now):
            return
        while claim := claimed(self.restaurant, self.now):
            self.posts.append((self.now, claim.addition.pk))
            settled(claim, ACCEPTED if self.is_up else NotSent("no_connection"), self.now)
        if following.begin_poll(pk, now=self.now, lasts=15):
            self.probes.append(self.now)
            following.end_poll(pk, now=self.now, failed=not self.is_up)
            if self.is_up and breaker_is_half_open():
                self.look()  # a worker goes on at once

    def until(self, end, step):
        while self.now < end:
            self.look()
            self.now = later(self.now, step)

    def order(self, table):
        addition = self.restaurant.order(table=table)
        Addition.objects.filter(pk=addition.pk).update(created_at=self.now, next_try_at=self.now)
        return addition


def breaker_is_half_open():
    return register().failures == breaker.HALF_OPEN


@database
def test_it_opens_after_five_failures_in_a_row_f64(alice, now):
    alice.order()
    fails(alice, now, 4)
    assert waiting.registers_to_serve(now) or claimed(alice, later(now, 60)) is not None
    Register.objects.update(lease_owner="")
    Addition.objects.update(state=State.QUEUED, lease_owner="")
    fails(alice, now)
    assert register().failures == 5
    Addition.objects.exclude(next_try_at=None).update(next_try_at=now)
    for seconds in (0, 29, 60, 600):
        assert claimed(alice, later(now, seconds)) is None


@database
@pytest.mark.parametrize("outcome", [ACCEPTED, Rejected("refused")])
def test_an_answer_begins_the_count_anew(alice, now, outcome):
    alice.order(table=1)
    fails(alice, now, 4)
    Addition.objects.update(state=State.HELD)
    alice.order(table=2)
    tried(alice, outcome, now)
    assert (register().failures, register().silent_since) == (0, None)


@database
@pytest.mark.parametrize(
    "outcome", [None, NotSent("lease_short"), Uncertain("internal"), Misconfigured("keys_refused")]
)
def test_what_says_nothing_of_the_register_is_not_counted(alice, now, outcome):
    alice.order()
    tried(alice, outcome, now)
    assert register().failures == 0


@database
def test_it_is_shared_between_workers_and_their_failures_at_once_all_count(alice, now):
    alice.order()
    fails(alice, now, 5)
    assert claimed(alice, later(now, 60), "another") is None
    # In flight when it opened: it adds nothing beyond the five.
    assert register().failures == 5


@database
def test_a_probe_that_succeeds_lets_one_try_through_and_it_alone_decides_f64(alice, now):
    first, second = alice.order(table=1), alice.order(table=2)
    fails(alice, now, 5)
    probe = later(now, 36)
    assert following.begin_poll(alice.register.pk, now=probe, lasts=15)
    assert not following.begin_poll(alice.register.pk, now=probe, lasts=15), "one worker probes"
    following.end_poll(alice.register.pk, now=probe, failed=False)
    claim = claimed(alice, probe)
    assert claim.addition in (first, second)
    assert claimed(alice, probe, "two") is None, "one at a time"
    settled(claim, Uncertain("no_answer"), probe)
    assert register().failures == 5
    assert claimed(alice, later(probe, 10)) is None
    assert register().next_poll_at >= later(probe, 30)


@database
def test_a_probe_that_fails_changes_nothing_but_the_next_probe(alice, now):
    alice.order()
    fails(alice, now, 5)
    probe = later(now, 36)
    assert following.begin_poll(alice.register.pk, now=probe, lasts=15)
    following.end_poll(alice.register.pk, now=probe, failed=True)
    assert register().failures == 5
    assert later(probe, 30) <= register().next_poll_at <= later(probe, 35)


@database
def test_guests_are_told_after_a_minute_and_in_the_same_second_everywhere_f64(alice, now):
    alice.order()
    fails(alice, now, 5)
    for seconds, silent in ((0, False), (59.9, False), (60, True), (6 * 3600, True)):
        at = later(now, seconds)
        assert breaker.is_silent(register(), at) is silent
        assert Register.objects.filter(breaker.silent(at)).exists() is silent
    # The clock was set back: since when is unknown, that it does not answer is not (F38).
    assert breaker.is_silent(register(), later(now, -3600))
    assert Register.objects.filter(breaker.silent(later(now, -3600))).exists()


@database
def test_a_register_that_lists_and_fails_on_every_order_stays_silent_f64(alice, now):
    """Probe after probe succeeds: guests are told all the while, and an alarm about it is raised once."""
    alice.order()
    fails(alice, now, 5)
    at = later(now, 61)
    for _ in range(5):
        assert following.begin_poll(alice.register.pk, now=at, lasts=15)
        following.end_poll(alice.register.pk, now=at, failed=False)
        assert breaker.is_silent(register(), at)
        tried(alice, Uncertain("http_500"), at)
        assert breaker.is_silent(register(), at)
        at = later(at, 36)


@database
def test_guests_may_order_again_where_nothing_is_left_to_try_f64(alice, now):
    addition = alice.order()
    fails(alice, now, 5)
    put(addition, State.HELD, reason="stale")
    at = later(now, 70)
    assert breaker.is_silent(register(), at)
    assert waiting.registers_to_serve(at) == [alice.register.pk]
    assert following.begin_poll(alice.register.pk, now=at, lasts=15)
    following.end_poll(alice.register.pk, now=at, failed=False)
    assert not breaker.is_silent(register(), at)
    # Its next order is the try that decides.
    alice.order(table=2)
    tried(alice, NotSent("no_connection"), later(at, 1))
    assert register().failures == 5


@database
def test_a_process_that_dies_between_probe_and_try_keeps_no_guest_from_ordering(alice, now):
    """Nobody tried what was let through, and by now it is held: the next probe is believed."""
    addition = alice.order()
    fails(alice, now, 5)
    at = later(now, 70)
    following.end_poll(alice.register.pk, now=at, failed=False)
    put(addition, State.HELD, reason="stale")
    at = later(at, 36)
    assert breaker.is_silent(register(), at)
    assert waiting.registers_to_serve(at) == [alice.register.pk]
    assert following.begin_poll(alice.register.pk, now=at, lasts=15)
    following.end_poll(alice.register.pk, now=at, failed=False)
    assert not breaker.is_silent(register(), at)
    put(addition, State.HANDLED, handled_as="by_hand")
    assert waiting.registers_to_serve(later(at, 36)) == [], "nor is it asked for ever"


@database
def test_six_hours_without_a_register_f64_p8_p11_p12(alice, now):
    """No old order goes out by itself, no POST is a probe, at most two probes a minute; the fresh ones go at once."""
    house = House(alice, now)
    house.order(table=1)
    house.look()
    assert len(house.posts) == 1
    house.is_up = False
    old = [house.order(table=table) for table in range(2, 6)]
    down = house.now
    house.until(later(down, 120), step=1)
    tries = len(house.posts) - 1
    assert tries == 5, "after five failures nothing is posted any more"
    while house.now < later(down, 6 * 3600 - 60):
        house.now = max(later(house.now, 1), register().next_poll_at)
        house.look()
    assert {now_is(each) for each in old} == {(State.HELD, "stale")}
    assert len(house.posts) - 1 == tries
    probes = [at for at in house.probes if later(down, 60) < at]
    assert len(probes) > 600, "it is asked all the while"
    for at in probes:
        assert sum(at <= each < later(at, 60) for each in probes) <= 2

    fresh = [house.order(table=table) for table in range(1, 62)]
    house.until(later(down, 6 * 3600), step=1)
    house.is_up = True
    back, before = house.now, len(house.posts)
    house.until(later(back, 45), step=2)
    sent = house.posts[before:]
    assert sent[0][0] <= later(back, 45)
    assert {pk for _, pk in sent} == {each.pk for each in fresh}
    assert (sent[60][0] - sent[0][0]).total_seconds() <= 60
    # Each once, and none of the old.
    assert len(sent) == 61
    assert set(undelivered(house.now).values_list("pk", flat=True)) >= {each.pk for each in old}
    # A person looks at one of the old and lets it go.
    seen = Addition.objects.get(pk=old[0].pk)
    assert decisions.Decision.SEND_AGAIN in decisions.possible(seen)


@database
def test_one_poison_order_stops_none_of_ninety_nine_p7(alice, now):
    poison, *others = [alice.order(table=table) for table in range(1, 101)]
    at, tries = now, 0
    while claim := claimed(alice, at):
        sick = claim.addition.pk == poison.pk
        tries += sick
        settled(claim, Uncertain("http_500") if sick else ACCEPTED, at)
        at = later(at, 0.2)
    states = Addition.objects.filter(pk__in=[each.pk for each in others])
    assert set(states.values_list("state", flat=True)) == {State.ACCEPTED}
    assert (at - now).total_seconds() < 45
    assert tries <= 20
    assert register().failures < 5


@pytest.mark.django_db(transaction=True)
def test_workers_that_fail_at_once_are_all_counted(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    now = soon()

    def one():
        claim = claimed(alice, now)
        return settled(claim, NotSent("no_connection"), now) if claim else "not its turn"

    for table in range(1, 7):
        alice.order(table=table)
    for _ in range(4):
        at_once(*[one] * 3)
    tries = Attempt.objects.count()
    assert register().failures == min(tries, 5)


# --- On the wire ----------------------------------------------------------------------------------


@pytest.fixture
def _quick(settings):
    settings.TIME_DIVISOR = 50


@pytest.mark.wire
@pytest.mark.usefixtures("_quick")
@pytest.mark.django_db(transaction=True)
def test_a_register_that_hangs_up_on_everything_is_probed_by_its_list_f64_p12(chez_alice, leo2):
    leo2.fail_always("hangup_before", list="http500")
    additions = [chez_alice.order(table=table) for table in range(1, 9)]
    one = Worker()
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        eventually(lambda: register().failures == 5)
        posts = len(leo2.posts())
        probed = eventually(lambda: register().next_poll_at)
        eventually(lambda: register().next_poll_at > later(probed, 0.5))
        assert len(leo2.posts()) == posts, "a probe is not a POST"
        leo2.heal()
        received = {State.RECEIVED}
        eventually(lambda: {now_is(each)[0] for each in additions} == received, timeout=20)
    finally:
        one.stop()
        thread.join(10)
    assert sorted(entry["number"] for entry in leo2.ledger()) == [each.number for each in additions]
    assert leo2.max_posts_in_flight == 1
    assert (register().failures, register().silent_since) == (0, None)


@pytest.mark.wire
@pytest.mark.usefixtures("_quick", "toys")
@pytest.mark.django_db(transaction=True)
def test_a_kind_without_a_list_is_probed_by_its_check_f64():
    with ToyRegister() as toy:
        alice = Restaurant(toy.url, kind="toy")
        addition = alice.order()
        Register.objects.update(failures=5, silent_since=soon())
        delivery.serve(alice.register.pk, worker="test", stopping=threading.Event())
        assert toy.checks == 1
        assert toy.ledger == [addition.number]
        assert now_is(addition)[0] == State.RECEIVED
        assert register().failures == 0
        for table in range(2, 5):
            alice.order(table=table)
        delivery.serve(alice.register.pk, worker="test", stopping=threading.Event())
        assert toy.checks == 1, "only a probe checks"
        assert len(toy.ledger) == 4
