"""What the register's lists move on, and what they do not."""

import pytest
from django.utils import timezone

from pos_bridge import following, outbox, waiting
from pos_bridge.errors import NotSent, Uncertain
from pos_bridge.models import AdditionEvent, Register
from tests.helpers import at_once
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.steps import (
    State,
    claimed,
    later,
    listed,
    now_is,
    put,
    settled,
    soon,
    tried,
)

pytestmark = pytest.mark.django_db


def test_a_list_moves_it_to_the_till_and_to_the_end(alice, now):
    addition = put(alice.order(), State.ACCEPTED, accepted_at=now)
    assert listed(alice, addition.number, "received", "2", later(now, 5)) == 1
    addition.refresh_from_db()
    assert (addition.state, addition.till_state) == (State.RECEIVED, "2")
    assert addition.accepted_at == now
    assert addition.received_at == later(now, 5)
    assert listed(alice, addition.number, "settled", "9", later(now, 60)) == 1
    assert listed(alice, addition.number, "settled", "9", later(now, 61)) == 0
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
    listed(alice, addition.number, said, text, now)
    addition.refresh_from_db()
    assert addition.state == after


def test_a_word_that_we_do_not_know_is_kept_and_moves_nothing_f66(alice, now):
    addition = put(alice.order(), State.ACCEPTED)
    listed(alice, addition.number, None, "7\0" + "x" * 100, now)
    addition.refresh_from_db()
    assert addition.state == State.ACCEPTED
    assert addition.till_state.startswith("7�x")


def test_numbers_of_others_are_ignored_and_absence_proves_nothing_f65_f66(alice, now):
    addition = put(alice.order(), State.ACCEPTED)
    assert listed(alice, addition.number + 5, "settled", "9", now) == 0
    assert following.follow(alice.register.pk, {}, now=now) == 0
    addition.refresh_from_db()
    assert addition.state == State.ACCEPTED


def test_another_register_s_list_says_nothing_of_ours(alice, now):
    addition = put(alice.order(), State.ACCEPTED)
    other = Restaurant("https://other.example.fr", slug="chez-charlie")
    assert listed(other, addition.number, "received", "1", now) == 0


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


# --- Races --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_list_and_a_settle_at_once_leave_one_truth(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    now = soon()
    for table in range(1, 11):
        addition = alice.order(table=table)
        claim = claimed(alice, now)
        at_once(
            lambda c=claim: settled(c, Uncertain("no_answer"), now) or "late",
            lambda a=addition: listed(alice, a.number, "received", "1", now) or "nothing",
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
    at_once(*[lambda: listed(alice, addition.number, "settled", "9", now) or "nothing"] * 6)
    assert AdditionEvent.objects.filter(addition=addition).count() == 1


# --- What a list must not be believed ------------------------------------------------------------


def test_a_validated_addition_is_not_refused_by_an_old_list_f66(alice, now):
    """1, then 2, then 4 from a list that is behind: on the till it stays."""
    addition = put(alice.order(), State.ACCEPTED)
    listed(alice, addition.number, "received", "1", now)
    listed(alice, addition.number, "received", "2", now)
    listed(alice, addition.number, "received", "1", now)
    addition.refresh_from_db()
    assert (addition.state, addition.till_state) == (State.RECEIVED, "2")
    listed(alice, addition.number, "refused", "4", now)
    assert now_is(addition) == (State.RECEIVED, "")


def test_a_failure_after_an_unknown_word_is_believed_p9(alice, now):
    """Nothing says that it was validated: rather a person too many than a phone that is wrong."""
    addition = put(alice.order(), State.ACCEPTED)
    for state, text in (("received", "1"), (None, "7"), ("refused", "4")):
        listed(alice, addition.number, state, text, now)
    assert now_is(addition) == (State.REFUSED, "refused")


@pytest.mark.parametrize("outcome", [None, NotSent("no_connection")])
def test_a_number_that_is_listed_and_was_never_sent_is_somebody_else_s_f60(alice, now, outcome):
    addition = alice.order()
    if outcome:
        tried(alice, outcome, now)
    assert listed(alice, addition.number, "received", "1", now) == 0
    assert now_is(addition) == (State.HELD, "number_taken")
    # Nor later, whatever the list says of it.
    for state, text in (("received", "1"), ("settled", "9"), ("refused", "4")):
        listed(alice, addition.number, state, text, now)
    assert now_is(addition) == (State.HELD, "number_taken")
    assert claimed(alice, later(now, 120)) is None


def test_what_was_held_before_its_first_try_is_not_on_the_till_by_a_number_alone_f60(alice, now):
    addition = put(alice.order(), State.HELD, reason="stale", next_try_at=None)
    listed(alice, addition.number, "received", "1", now)
    assert now_is(addition) == (State.HELD, "number_taken")


def test_a_list_is_believed_of_what_may_have_been_sent_f60(alice, now):
    unclear = tried_once(alice, Uncertain("no_answer"), now)
    listed(alice, unclear.number, "received", "1", now)
    assert now_is(unclear) == (State.RECEIVED, "")
    given_up = put(tried_once(alice, Uncertain("no_answer"), now), State.HELD, reason="stale")
    listed(alice, given_up.number, "received", "1", now)
    assert now_is(given_up) == (State.RECEIVED, "")


def tried_once(restaurant, outcome, now):
    addition = restaurant.order()
    tried(restaurant, outcome, now)
    return addition


def test_what_a_person_had_typed_and_the_till_has_too_is_said_f63(alice, now):
    """Handled by hand, then printed all the same: it stands there twice, and one must be cancelled."""
    by_hand, there, seen_late = [
        put(alice.order(table), State.HANDLED, handled_as=how)
        for table, how in ((1, "by_hand"), (2, "on_till"), (3, "cancelled"))
    ]
    for addition in (by_hand, there):
        listed(alice, addition.number, "received", "1", now)
    listed(alice, seen_late.number, "accepted", "0", now)
    assert now_is(by_hand) == (State.HANDLED, "on_till_too")
    assert now_is(there) == (State.HANDLED, "")
    assert now_is(seen_late) == (State.HANDLED, ""), "the relay is not the till"


# --- Kinds of register ----------------------------------------------------------------------------


def test_a_register_without_a_list_is_not_asked_again_and_again(alice, now, monkeypatch):
    """Its `check()` is a probe, for when it is silent."""
    put(alice.order(), State.RECEIVED)
    monkeypatch.setattr("pos_bridge.registers.leo2.Leo2.can_list_states", False)
    assert waiting.registers_to_serve(now) == []
    assert not following.begin_poll(alice.register.pk, now=now, lasts=15)
    Register.objects.update(failures=5, silent_since=now)
    assert waiting.registers_to_serve(now) == [alice.register.pk]
    assert following.begin_poll(alice.register.pk, now=now, lasts=15)
