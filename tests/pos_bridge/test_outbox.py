"""The outbox: every arrow of an addition's state, guarded, and raced for."""

import itertools
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pos_bridge import following, numbers, outbox, retry, waiting
from pos_bridge.arrows import ARROWS, ForbiddenArrow
from pos_bridge.errors import Misconfigured, NotSent, Rejected, Uncertain, Unsupported
from pos_bridge.models import Addition, AdditionEvent, Attempt, Register
from pos_bridge.registers.base import Receipt
from pos_bridge.ticket import Ticket
from tests import factories
from tests.helpers import at_once
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.steps import ACCEPTED, State, claimed, later, now_is, put, settled, soon

pytestmark = pytest.mark.django_db


# --- Arrows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "target"), list(itertools.product(State, State)), ids=lambda state: state.value
)
def test_it_draws_the_arrows_of_the_table_and_no_other(alice, now, source, target):
    addition = put(alice.order(), source)
    if target not in ARROWS[source]:
        with pytest.raises(ForbiddenArrow):
            outbox.move(addition.pk, source, target, now)
        addition.refresh_from_db()
        assert addition.state == source
        return
    for other in State:
        if other != source:
            put(addition, other)
            assert not outbox.move(addition.pk, source, target, now)
            addition.refresh_from_db()
            assert addition.state == other
            assert not addition.events.exists()
    put(addition, source)
    assert outbox.move(addition.pk, source, target, now)
    addition.refresh_from_db()
    assert (addition.state, addition.changed_at) == (target, now)
    assert {event.kind for event in addition.events.all()} == {"settled", "refused"} & {target}


def test_the_table_has_every_state_and_two_ends():
    assert set(ARROWS) == set(State)
    assert {state for state in State if not ARROWS[state]} == {State.SETTLED, State.HANDLED}


# --- Enqueue ------------------------------------------------------------------------------------


def test_it_freezes_the_number_the_ticket_and_the_body_p5(alice):
    addition = alice.order(table=12)
    assert addition.state == State.QUEUED
    assert addition.position == 1
    assert Ticket.from_json(addition.ticket).table == 12
    assert f'{{"id":{addition.number},"state":0,' in addition.body
    assert "KEY1" not in addition.body


def test_what_is_edited_later_does_not_change_what_was_frozen_p5(alice, now):
    addition = alice.order()
    before = addition.body_sha256
    factories.table(alice.restaurant, 77)
    Register.objects.update(options={"x": 1}, base_url="https://other.example.fr")
    for again in range(3):
        claim = claimed(alice, later(now, again * 60))
        assert claim.addition.body_sha256 == before
        assert claim.addition.number == addition.number
        settled(claim, Uncertain("no_answer"), later(now, again * 60))
    assert Addition.objects.get().body_sha256 == before


def test_numbers_rise_with_the_clock_and_are_never_given_twice_p6(alice):
    first, second = alice.order(), alice.order()
    floor = numbers.floor(timezone.now())
    assert floor - 60 < first.number <= floor
    assert second.number > first.number
    alice.register.refresh_from_db()
    assert alice.register.last_number == second.number


def test_an_order_that_is_not_kept_takes_no_number(alice):
    @transaction.atomic
    def fail():
        alice.order()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    alice.register.refresh_from_db()
    assert alice.register.last_number == 0
    assert not Addition.objects.exists()


def test_it_refuses_before_the_order_what_the_register_cannot_be_told_f58(alice):
    order = factories.order(factories.guest(factories.table(alice.restaurant)))
    ticket = factories.ticket(table=90_000)
    with pytest.raises(Unsupported, match="table 90000"):
        outbox.enqueue(order_id=order.pk, register=alice.register, ticket=ticket)
    assert not Addition.objects.exists()
    alice.register.refresh_from_db()
    assert alice.register.last_number == 0


def test_it_refuses_a_kind_that_is_not_spoken_yet(alice):
    Register.objects.update(kind="other")
    alice.register.refresh_from_db()
    with pytest.raises(Unsupported, match="other is not spoken yet"):
        alice.order()


def test_the_last_text_of_an_order_counts(alice):
    first = alice.order()
    ticket = Ticket.from_json(first.ticket)
    second = outbox.enqueue(order_id=first.order_id, register=alice.register, ticket=ticket)
    assert second.position == 2
    assert outbox.latest(first.order_id) == second


def test_the_register_in_use_is_the_current_one(alice):
    factories.register(alice.restaurant, current=False)
    assert outbox.current_register(alice.restaurant.pk) == alice.register
    assert outbox.current_register(0) is None


def test_it_rings_when_the_order_is_kept_and_not_before(alice, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as rings:
        alice.order()
    assert len(rings) == 1


# --- Claim and settle ---------------------------------------------------------------------------


def test_a_try_is_written_down_before_it_is_made(alice, now):
    addition = alice.order()
    claim = claimed(alice, now)
    addition.refresh_from_db()
    assert (addition.state, addition.tries) == (State.SENDING, 1)
    assert addition.lease_owner == claim.owner
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.outcome, attempt.worker) == (1, "", "one")
    alice.register.refresh_from_db()
    assert now + timedelta(seconds=25) <= alice.register.lease_until < now + timedelta(seconds=30)


def test_one_addition_is_sent_at_a_time_p12(alice, now):
    alice.order(table=1)
    alice.order(table=2)
    claim = claimed(alice, now)
    assert claimed(alice, now, "two") is None
    settled(claim, ACCEPTED, now)
    assert claimed(alice, now, "two") is not None


OUTCOMES = [
    (ACCEPTED, State.ACCEPTED, "", "accepted"),
    (Receipt("received", "ok", 200, "{}"), State.RECEIVED, "", "received"),
    (NotSent("no_connection"), State.QUEUED, "no_connection", "NotSent"),
    (Uncertain("no_answer"), State.UNCERTAIN, "no_answer", "Uncertain"),
    (Rejected("refused", "Table inconnue"), State.REFUSED, "refused", "Rejected"),
    (Misconfigured("keys_refused"), State.QUEUED, "keys_refused", "Misconfigured"),
    (None, State.UNCERTAIN, "internal", "crashed"),
]


@pytest.mark.parametrize(("outcome", "state", "reason", "told"), OUTCOMES)
def test_it_settles_each_outcome(alice, now, outcome, state, reason, told):
    addition = alice.order()
    assert settled(claimed(alice, now), outcome, now)
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (state, reason)
    assert (addition.lease_owner, addition.lease_until) == ("", None)
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.duration_ms) == (told, 250)
    alice.register.refresh_from_db()
    assert alice.register.lease_owner == ""
    probe = timedelta(seconds=30 if told == "Misconfigured" else 0)
    assert alice.register.next_poll_at == now + probe
    assert AdditionEvent.objects.filter(kind="refused").count() == (state == State.REFUSED)


@pytest.mark.parametrize(("waited", "lasts"), [(0.0, 25), (0.9, 25), (3.0, 28)])
def test_a_worker_believes_its_lease_no_longer_than_others_do_f35(
    alice, now, settings, monkeypatch, waited, lasts
):
    """However long it has waited for the lock; what it may send until then, nobody else takes."""
    settings.TIME_DIVISOR = 1
    alice.order()
    stopwatch = itertools.chain([100.0], itertools.repeat(100.0 + waited))
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: next(stopwatch)))
    claim = outbox.claim(alice.register.pk, worker="a", now=now)
    assert claim
    written = Register.objects.get().lease_until
    assert claim.until == written == Addition.objects.get().lease_until
    assert written == now + timedelta(seconds=lasts)
    assert claim.until_monotonic == pytest.approx(100.0 + lasts)


def test_a_zombie_that_wakes_after_its_lease_changes_nothing_f35(alice, now):
    addition = alice.order()
    zombie = claimed(alice, now, "zombie")
    after = later(now, 26)
    outbox.recover(alice.register.pk, after)
    other = claimed(alice, later(after, 1), "other")
    assert not settled(zombie, Rejected("refused"), later(after, 2))
    addition.refresh_from_db()
    alice.register.refresh_from_db()
    assert addition.state == State.SENDING
    assert addition.lease_owner == alice.register.lease_owner == other.owner
    assert not AdditionEvent.objects.exists()
    # What the zombie was told is kept all the same.
    assert [attempt.outcome for attempt in Attempt.objects.all()] == ["Rejected", ""]


def went_on(claim, now):
    return outbox.settle_and_claim(claim, ACCEPTED, worker="one", now=now, duration=0.25)


def test_settling_takes_the_next_one_with_it(alice, now):
    first, second = alice.order(table=1), alice.order(table=2)
    settled_one, claim = went_on(claimed(alice, now), later(now, 1))
    assert settled_one
    assert claim.addition == second
    assert (now_is(first)[0], now_is(second)[0]) == (State.ACCEPTED, State.SENDING)
    alice.register.refresh_from_db()
    second.refresh_from_db()
    assert alice.register.lease_owner == second.lease_owner == claim.owner
    assert later(now, 26) <= claim.until == second.lease_until < later(now, 27)
    assert [attempt.outcome for attempt in Attempt.objects.order_by("pk")] == ["accepted", ""]
    # And the last one gives the register back.
    assert went_on(claim, later(now, 2)) == (True, None)
    alice.register.refresh_from_db()
    assert alice.register.lease_owner == ""


def test_a_zombie_takes_nothing_with_it_f35(alice, now):
    alice.order(table=1), alice.order(table=2)
    zombie = claimed(alice, now, "zombie")
    after = later(now, 26)
    outbox.recover(alice.register.pk, after)
    other = claimed(alice, later(after, 1), "other")
    assert went_on(zombie, later(after, 2)) == (False, None)
    alice.register.refresh_from_db()
    assert alice.register.lease_owner == other.owner
    assert Addition.objects.filter(state=State.SENDING).get() == other.addition


def test_a_register_that_pauses_meanwhile_takes_no_next_one(alice, now):
    alice.order(table=1), alice.order(table=2)
    claim = claimed(alice, now)
    outbox.pause(alice.register.pk, "keys_refused")
    assert went_on(claim, later(now, 1)) == (True, None)
    alice.register.refresh_from_db()
    assert alice.register.lease_owner == ""
    assert not Addition.objects.filter(state=State.SENDING).exists()


def test_a_later_one_of_the_same_table_goes_once_the_earlier_is_settled(alice, now):
    first, second = alice.order(table=1), alice.order(table=1)
    _, claim = went_on(claimed(alice, now), now)
    assert claim.addition == second
    assert now_is(first)[0] == State.ACCEPTED


def test_what_was_surely_not_sent_is_tried_again_later_and_later(alice, now, monkeypatch):
    monkeypatch.setitem(retry.delay.__kwdefaults__, "draw", lambda: 1.0)
    addition = alice.order()
    for wait in (2, 5, 10, 20, 30, 30):
        claim = claimed(alice, now)
        settled(claim, NotSent("no_connection"), now)
        Register.objects.update(failures=0)  # that it is left alone then is another test's
        assert claimed(alice, later(now, wait - 0.1)) is None
        now = later(now, wait)
    addition.refresh_from_db()
    assert addition.tries == 6


def test_what_may_be_there_stays_so_when_a_later_try_surely_sent_nothing(alice, now):
    addition = alice.order()
    settled(claimed(alice, now), Uncertain("no_answer"), now)
    for outcome in (NotSent("no_connection"), Misconfigured("certificate")):
        now = later(now, 60)
        settled(claimed(alice, now), outcome, now)
        addition.refresh_from_db()
        assert addition.state == State.UNCERTAIN


def test_the_register_s_wish_to_wait_is_granted_f56(alice, now):
    alice.order()
    settled(claimed(alice, now), Uncertain("http_429", retry_after=90), now)
    assert claimed(alice, later(now, 89)) is None
    assert claimed(alice, later(now, 93)) is not None


def test_the_lists_are_looked_at_before_anything_unclear_is_sent_again_f46(alice, now):
    alice.order()
    settled(claimed(alice, now), Uncertain("no_answer"), now)
    assert claimed(alice, later(now, 0.9)) is None
    assert following.begin_poll(alice.register.pk, now=now, lasts=15)


def test_nothing_is_resent_to_a_register_that_books_doubles_p2(alice, now, monkeypatch):
    monkeypatch.setattr("pos_bridge.registers.leo2.Leo2.drops_doubles", False)
    addition = alice.order()
    settled(claimed(alice, now), Uncertain("no_answer"), now)
    addition.refresh_from_db()
    assert (addition.state, addition.next_try_at) == (State.UNCERTAIN, None)
    for seconds in (1, 60, 600, 3000):
        assert claimed(alice, later(now, seconds)) is None
        assert waiting.registers_to_serve(later(now, seconds)) in ([], [alice.register.pk])
        assert outbox.hold(later(now, seconds)) == 0


def test_a_lost_worker_leaves_an_unclear_outcome_f33_f34(alice, now, monkeypatch):
    addition = alice.order()
    claimed(alice, now)
    assert outbox.recover(alice.register.pk, later(now, 24)) == 0
    assert outbox.recover(alice.register.pk, later(now, 26)) == 1
    addition.refresh_from_db()
    assert (addition.state, addition.reason) == (State.UNCERTAIN, "worker_lost")
    assert Attempt.objects.get().outcome == "lost"
    # The same number and the same bytes, where doubles are dropped; a person otherwise.
    assert claimed(alice, later(now, 26)).addition == addition
    put(addition, State.UNCERTAIN)
    Register.objects.update(lease_owner="")
    monkeypatch.setattr("pos_bridge.registers.leo2.Leo2.drops_doubles", False)
    assert claimed(alice, later(now, 26)) is None


@pytest.mark.parametrize("way", ["lost", "crashed"])
def test_what_breaks_our_own_software_three_times_waits_for_a_person_f36(alice, now, way):
    addition = alice.order()
    for _ in range(3):
        assert addition.state != State.HELD
        claim = claimed(alice, now)
        if way == "crashed":
            settled(claim, None, now)
            now = later(now, 60)
        else:
            now = later(now, 26)
            outbox.recover(alice.register.pk, now)
        addition.refresh_from_db()
    assert (addition.state, addition.reason, addition.tries) == (State.HELD, "crashes", 3)
    assert claimed(alice, later(now, 60)) is None


def test_a_register_that_refuses_its_keys_pauses_until_someone_changes_something_f55(alice, now):
    addition = alice.order()
    settled(claimed(alice, now), Misconfigured("keys_refused"), now)
    alice.register.refresh_from_db()
    assert alice.register.paused_reason == "keys_refused"
    for seconds in (1, 60, 600):
        assert claimed(alice, later(now, seconds)) is None
        assert waiting.registers_to_serve(later(now, seconds)) == []
    assert outbox.resume(register=alice.register)
    assert not outbox.resume(register=alice.register)
    assert claimed(alice, later(now, 1)).addition == addition


# --- Taking back --------------------------------------------------------------------------------


def test_a_refused_order_is_taken_back_once(alice, now):
    addition = alice.order()
    assert not outbox.take_back(addition=addition)
    settled(claimed(alice, now), Rejected("refused"), now)
    assert outbox.take_back(addition=addition)
    assert not outbox.take_back(addition=addition)
    addition.refresh_from_db()
    assert (addition.state, addition.handled_as) == (State.HANDLED, "taken_back")


# --- What is kept -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["\0" * 10, "\ud83d", "é" * 70_000, "<script>" * 100])
def test_any_answer_can_be_kept_p19_p26(alice, now, text):
    addition = alice.order()
    assert settled(
        claimed(alice, now), Rejected("refused", text, answer=text, http_status=200), now
    )
    addition.refresh_from_db()
    attempt = Attempt.objects.get()
    assert len(attempt.answer) <= 500
    assert len(attempt.answer_sha256) == 64
    assert addition.state == State.REFUSED


# --- Races --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_many_workers_claim_and_one_gets_it_f32(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    for table in range(1, 6):
        alice.order(table=table)
    now = soon()
    for _ in range(5):
        claims = at_once(*[lambda: claimed(alice, now) or "nothing"] * 6)
        (won,) = [claim for claim in claims if isinstance(claim, outbox.Claim)]
        assert [claim for claim in claims if claim != won] == ["nothing"] * 5
        settled(won, ACCEPTED, now)
    assert set(Addition.objects.values_list("state", "tries")) == {(State.ACCEPTED, 1)}
    assert Attempt.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_orders_of_one_second_get_numbers_of_their_own_p6(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    guests = [factories.guest(factories.table(alice.restaurant, table)) for table in range(1, 9)]
    orders = [factories.order(guest) for guest in guests]

    def enqueue(order):
        return lambda: outbox.enqueue(
            order_id=order.pk, register=alice.register, ticket=factories.ticket()
        )

    additions = at_once(*[enqueue(order) for order in orders])
    assert len({addition.number for addition in additions}) == 8
    alice.register.refresh_from_db()
    assert alice.register.last_number == max(addition.number for addition in additions)


@pytest.mark.django_db(transaction=True)
def test_guest_and_staff_take_back_and_one_wins(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    addition = put(alice.order(), State.REFUSED)
    won = at_once(*[lambda: outbox.take_back(addition=addition) or "late"] * 6)
    assert sorted(map(str, won)) == ["True"] + ["late"] * 5


def test_the_index_serves_what_is_asked_at_every_turn(alice, now):
    """The finished additions, all but a few, are not looked at."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL decides by its statistics")
    for name, rows in (
        ("addition_to_send", waiting.due(alice.register.pk, now)),
        ("addition_to_follow", waiting.followed(alice.register.pk, now)),
    ):
        assert name in rows.explain()
