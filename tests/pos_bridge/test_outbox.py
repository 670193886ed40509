"""The outbox: every arrow of an addition's state, guarded, and raced for."""

import itertools
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pos_bridge import following, numbers, outbox, retry, waiting
from pos_bridge.arrows import ARROWS, ForbiddenArrow
from pos_bridge.errors import Misconfigured, NotSent, Rejected, Uncertain, Unsupported
from pos_bridge.models import Addition, AdditionEvent, Attempt, Register
from pos_bridge.registers.base import Receipt, TillState
from pos_bridge.ticket import Ticket
from tests import factories
from tests.helpers import at_once
from tests.pos_bridge.conftest import Restaurant

State = Addition.State
ACCEPTED = Receipt("accepted", "1", 200, '{"id": 1, "state": 1}')

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(db):
    return Restaurant("https://caisse.example.fr")


@pytest.fixture
def now():
    """A moment after all that the test has ordered."""
    return soon()


def soon():
    return timezone.now() + timedelta(seconds=5)


def claimed(restaurant, now, worker="one"):
    return outbox.claim(restaurant.register.pk, worker=worker, now=now)


def settled(claim, outcome, now):
    return outbox.settle(claim, outcome, now=now, duration=0.25)


def put(addition, state, **fields):
    Addition.objects.filter(pk=addition.pk).update(state=state, **fields)
    addition.refresh_from_db()
    return addition


def later(now, seconds):
    return now + timedelta(seconds=seconds)


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


# --- Order and age ------------------------------------------------------------------------------


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


# --- What the lists say -------------------------------------------------------------------------


def told(alice, number, state, text, now):
    return following.follow(alice.register.pk, {number: TillState(state, text)}, now=now)


def test_a_list_moves_it_to_the_till_and_to_the_end(alice, now):
    addition = put(alice.order(), State.ACCEPTED, accepted_at=now)
    assert told(alice, addition.number, "received", "2", later(now, 5)) == 1
    addition.refresh_from_db()
    assert (addition.state, addition.till_state) == (State.RECEIVED, "2")
    assert addition.accepted_at == now
    assert addition.received_at == later(now, 5)
    assert told(alice, addition.number, "settled", "9", later(now, 60)) == 1
    assert told(alice, addition.number, "settled", "9", later(now, 61)) == 0
    addition.refresh_from_db()
    assert addition.state == State.SETTLED
    assert addition.received_at == later(now, 5)
    assert AdditionEvent.objects.get().kind == "settled"


FORWARD = [
    # from, said before, the list says -> state
    (State.ACCEPTED, "", "received", "1", State.RECEIVED),
    (State.ACCEPTED, "", "settled", "9", State.SETTLED),
    (State.ACCEPTED, "", "refused", "4", State.REFUSED),
    (State.ACCEPTED, "", "accepted", "1", State.ACCEPTED),
    (State.UNCERTAIN, "", "accepted", "1", State.ACCEPTED),
    (State.UNCERTAIN, "", "received", "1", State.RECEIVED),
    (State.UNCERTAIN, "", "refused", "4", State.REFUSED),
    (State.HELD, "", "received", "1", State.RECEIVED),
    (State.RECEIVED, "1", "refused", "4", State.REFUSED),
    (State.RECEIVED, "1", "settled", "9", State.SETTLED),
    # Never back.
    (State.RECEIVED, "2", "refused", "4", State.RECEIVED),
    (State.RECEIVED, "2", "received", "1", State.RECEIVED),
    (State.RECEIVED, "1", "accepted", "0", State.RECEIVED),
    (State.SETTLED, "9", "received", "2", State.SETTLED),
    (State.SETTLED, "9", "refused", "4", State.SETTLED),
    (State.REFUSED, "4", "received", "1", State.REFUSED),
    (State.HANDLED, "", "received", "1", State.HANDLED),
    (State.QUEUED, "", "received", "1", State.QUEUED),
    (State.SENDING, "", "received", "1", State.SENDING),
]


@pytest.mark.parametrize(("state", "before", "said", "text", "after"), FORWARD)
def test_states_only_move_forward_f66(alice, now, state, before, said, text, after):
    addition = put(alice.order(), state, till_state=before, tries=1)
    addition.attempts.create(number=1, worker="one", started_at=now, outcome="Uncertain")
    told(alice, addition.number, said, text, now)
    addition.refresh_from_db()
    assert addition.state == after


def test_a_word_that_we_do_not_know_is_kept_and_moves_nothing_f66(alice, now):
    addition = put(alice.order(), State.ACCEPTED)
    told(alice, addition.number, None, "7\0" + "x" * 100, now)
    addition.refresh_from_db()
    assert addition.state == State.ACCEPTED
    assert addition.till_state.startswith("7�x")


def test_numbers_of_others_are_ignored_and_absence_proves_nothing_f65_f66(alice, now):
    addition = put(alice.order(), State.ACCEPTED)
    assert told(alice, addition.number + 5, "settled", "9", now) == 0
    assert following.follow(alice.register.pk, {}, now=now) == 0
    addition.refresh_from_db()
    assert addition.state == State.ACCEPTED


def test_another_register_s_list_says_nothing_of_ours(alice, now):
    addition = put(alice.order(), State.ACCEPTED)
    other = Restaurant("https://other.example.fr", slug="chez-charlie")
    assert told(other, addition.number, "received", "1", now) == 0


def test_the_lists_are_read_soon_and_then_ever_slower(alice, now):
    addition = put(alice.order(), State.ACCEPTED)
    waits = []
    for age in (0, 20, 100, 3600):
        at = later(addition.created_at, age)
        assert following.begin_poll(alice.register.pk, now=at, lasts=15)
        assert not following.begin_poll(alice.register.pk, now=at, lasts=15)
        following.end_poll(alice.register.pk, now=at, failed=False)
        alice.register.refresh_from_db()
        waits.append(round((alice.register.next_poll_at - at).total_seconds(), 1))
    assert waits == [0.5, 1, 5, 30]
    put(addition, State.RECEIVED)
    following.end_poll(alice.register.pk, now=now, failed=False)
    alice.register.refresh_from_db()
    assert alice.register.next_poll_at == later(now, 30)


def test_lists_that_cannot_be_read_are_not_hammered_p12(alice, now):
    put(alice.order(), State.ACCEPTED)
    following.end_poll(alice.register.pk, now=now, failed=True)
    alice.register.refresh_from_db()
    assert later(now, 5) <= alice.register.next_poll_at <= later(now, 6)


def test_nothing_is_asked_for_where_nothing_is_open(alice, now):
    put(alice.order(), State.SETTLED)
    assert waiting.registers_to_serve(now) == []
    assert not following.begin_poll(alice.register.pk, now=now, lasts=15)
    assert not waiting.anything_open(timezone.now())


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


@pytest.mark.django_db(transaction=True)
def test_a_list_and_a_settle_at_once_leave_one_truth(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    now = soon()
    for table in range(1, 11):
        addition = alice.order(table=table)
        claim = claimed(alice, now)
        at_once(
            lambda c=claim: settled(c, Uncertain("no_answer"), now) or "late",
            lambda a=addition: told(alice, a.number, "received", "1", now) or "nothing",
            lambda: outbox.recover(alice.register.pk, later(now, 30)) or "nothing",
        )
        addition.refresh_from_db()
        assert addition.state in {State.UNCERTAIN, State.RECEIVED}
        put(addition, State.SETTLED)
        Register.objects.update(lease_owner="", failures=0)


@pytest.mark.django_db(transaction=True)
def test_an_event_is_written_once(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    addition = put(alice.order(), State.ACCEPTED)
    now = soon()
    at_once(*[lambda: told(alice, addition.number, "settled", "9", now) or "nothing"] * 6)
    assert AdditionEvent.objects.filter(addition=addition).count() == 1


def test_the_index_serves_what_is_asked_at_every_turn(alice, now):
    """The finished additions, all but a few, are not looked at."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL decides by its statistics")
    for name, rows in (
        ("addition_to_send", waiting.due(alice.register.pk, now)),
        ("addition_to_follow", waiting.followed(alice.register.pk, now)),
    ):
        assert name in rows.explain()
