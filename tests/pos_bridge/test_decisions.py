"""What a person decides, raced against the worker, the lists and other persons (F71)."""

import threading
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from pos_bridge import decisions, delivery, following, outbox, waiting
from pos_bridge.decisions import FROM, Decision, decide, possible
from pos_bridge.errors import NotSent, Rejected, Uncertain
from pos_bridge.models import Addition, Attempt, Register
from tests.helpers import at_once, eventually
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.steps import (
    ACCEPTED,
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

ENDING = [Decision.ON_TILL, Decision.BY_HAND, Decision.CANCELLED]

database = pytest.mark.django_db
raced = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _quick(settings):
    settings.TIME_DIVISOR = 10  # a POST in flight is waited for 1.5 s


def seen(addition):
    return Addition.objects.select_related("register").get(pk=addition.pk)


# --- Which buttons, and what they do ----------------------------------------------------------------


@database
@pytest.mark.parametrize("decision", ENDING)
@pytest.mark.parametrize("state", list(State))
def test_it_holds_from_the_states_of_the_table_and_from_no_other(alice, state, decision):
    addition = put(alice.order(), state)
    decided = decide(addition, decision, wait=0)
    wins = state in FROM[decision]
    assert decided.won is wins
    addition = seen(addition)
    assert decided.state == addition.state == (State.HANDLED if wins else state)
    assert addition.handled_as == (decision.value if wins else "")
    assert decided.in_flight is (state == State.SENDING)


@database
def test_the_buttons_are_those_that_can_win(alice):
    for state in State:
        addition = put(alice.order(table=len(state.value)), state)
        as_queued = State.QUEUED if state == State.SENDING else state
        for decision in possible(seen(addition)):
            assert as_queued in FROM[decision], (state, decision)
    # Either the same number again or another one, never both.
    for reason in ("", "stale", "number_taken", "register_changed", "refused_late"):
        addition = put(addition, State.HELD, reason=reason)
        offered = set(possible(seen(addition)))
        assert len(offered & {Decision.SEND_AGAIN, Decision.REPLACE}) == 1, reason
        taken = reason == "number_taken"
        assert (Decision.REPLACE in offered) is taken


@database
@pytest.mark.parametrize("state", [State.SETTLED, State.RECEIVED, State.HANDLED])
def test_there_is_nothing_to_decide_about_what_is_done(alice, state):
    assert possible(put(alice.order(), state)) == []


@database
def test_a_refused_one_is_never_sent_again_under_its_number_p5(alice, now):
    alice.order()
    addition = tried(alice, Rejected("refused"), now)
    assert not decide(seen(addition), Decision.SEND_AGAIN).won
    assert Decision.REPLACE in possible(seen(addition))


@database
def test_what_was_on_the_till_too_is_seen_once(alice, now):
    addition = put(alice.order(), State.HANDLED, handled_as="by_hand")
    assert not decide(seen(addition), Decision.SEEN).won
    listed(alice, addition.number, "received", "1", now)
    assert possible(seen(addition)) == [Decision.SEEN]
    assert decide(seen(addition), Decision.SEEN).won
    listed(alice, addition.number, "received", "1", now)
    assert possible(seen(addition)) == []
    assert not decide(seen(addition), Decision.SEEN).won


# --- Send again -------------------------------------------------------------------------------------


@database
@pytest.mark.parametrize("outcome", [None, Uncertain("no_answer")])
def test_an_old_one_goes_after_a_click_and_not_before_p8_f62(alice, now, outcome, settings):
    settings.TIME_DIVISOR = 1
    addition = alice.order()
    if outcome:
        tried(alice, outcome, now)
    Addition.objects.update(created_at=timezone.now() - timedelta(hours=2))
    old = soon()
    outbox.hold(old)
    assert now_is(addition) == (State.HELD, "stale")
    for seconds in (0, 60, 3600):
        assert claimed(alice, later(old, seconds)) is None
    before = seen(addition)
    assert decide(before, Decision.SEND_AGAIN).won
    after = seen(addition)
    assert after.released_at is not None
    assert (after.number, after.body) == (before.number, before.body)
    assert Register.objects.get().next_poll_at is None, "its lists are read at once"
    at = later(timezone.now(), 2)
    if outcome:
        # It may be there, and the register may have forgotten its number: a list is read before.
        assert claimed(alice, at) is None
        following.follow(alice.register.pk, {}, now=at)
    assert claimed(alice, at).addition == addition
    # Fresh for twenty minutes more, and then no longer.
    outbox.recover(alice.register.pk, later(at, 26))
    assert outbox.hold(later(at, 1190)) == 0
    assert outbox.hold(later(at, 1300)) == 1


@database
def test_a_list_that_has_it_spares_the_second_post_f62(alice, now):
    addition = alice.order()
    tried(alice, Uncertain("no_answer"), now)
    put(addition, State.HELD, reason="stale", created_at=later(now, -7200))
    assert decide(seen(addition), Decision.SEND_AGAIN).won
    listed(alice, addition.number, "received", "1", soon())
    assert now_is(addition)[0] == State.RECEIVED
    assert claimed(alice, later(now, 60)) is None


@database
def test_without_a_list_an_old_one_stays_with_the_person_f62_f65(alice, now):
    addition = alice.order()
    tried(alice, Uncertain("no_answer"), now)
    put(addition, State.HELD, reason="stale", created_at=later(now, -7200))
    assert decide(seen(addition), Decision.SEND_AGAIN).won
    for seconds in (1, 60, 100):
        following.end_poll(alice.register.pk, now=later(now, seconds), failed=True)
        assert claimed(alice, later(now, seconds)) is None
    outbox.hold(later(now, 1300))
    assert now_is(addition) == (State.HELD, "stale")


@database
def test_a_click_is_not_undone_by_a_worker_that_looked_before_it_p8(alice, now, monkeypatch):
    """The worker reads what is stale; the person lets it go; the worker holds what it has read."""
    addition = alice.order()
    tried(alice, Uncertain("no_answer"), now)
    put(addition, State.UNCERTAIN, created_at=later(now, -7200))
    read = list(waiting.stale(now))
    assert decide(seen(addition), Decision.SEND_AGAIN).won
    monkeypatch.setattr(waiting, "stale", lambda _: read)  # as it was before the click
    assert outbox.hold(now) == 0
    assert now_is(addition)[0] == State.UNCERTAIN


@database
def test_it_is_not_sent_again_to_a_register_of_before_f70(alice, now):
    addition = alice.order()
    Register.objects.update(current=False)
    assert outbox.hold(now) == 1
    assert now_is(addition) == (State.HELD, "register_changed")
    assert not decide(seen(addition), Decision.SEND_AGAIN).won
    assert Decision.REPLACE in possible(seen(addition))


@database
@pytest.mark.parametrize(
    ("outcome", "then"),
    [
        (NotSent("no_connection"), (State.HELD, "register_changed")),
        (Uncertain("no_answer"), (State.HELD, "register_changed")),
        (ACCEPTED, (State.ACCEPTED, "")),
    ],
)
def test_one_in_flight_while_the_register_changes_goes_to_no_other_f70(alice, now, outcome, then):
    addition, waits = alice.order(table=1), alice.order(table=2)
    claim = claimed(alice, now)
    Register.objects.filter(pk=alice.register.pk).update(current=False)
    new = Restaurant("https://new.example.fr", slug="unused").register
    Register.objects.filter(pk=new.pk).update(restaurant=alice.restaurant)
    outbox.hold(now)
    assert now_is(addition)[0] == State.SENDING
    assert settled(claim, outcome, now)
    outbox.hold(now)
    assert now_is(addition) == then
    assert now_is(waits) == (State.HELD, "register_changed")
    for register in (alice.register, new):
        assert outbox.claim(register.pk, worker="one", now=later(now, 60)) is None
    # The old register's list is read all the same: it may have it.
    assert alice.register.pk in waiting.registers_to_serve(later(now, 60))
    assert seen(addition).register == alice.register


# --- In flight --------------------------------------------------------------------------------------


@raced
@pytest.mark.parametrize(
    ("outcome", "wins"),
    [(NotSent("no_connection"), True), (ACCEPTED, False), (Uncertain("no_answer"), False)],
)
def test_a_post_in_flight_is_waited_for_f71(transactional_db, outcome, wins):
    """Typed by hand while it is being sent: it holds only if nothing has become of the try."""
    alice = Restaurant("https://caisse.example.fr")
    addition = alice.order()
    now = soon()
    claim = claimed(alice, now)
    clicked = threading.Event()

    before = seen(addition)

    def person():
        clicked.set()
        return decide(before, Decision.BY_HAND)

    def sender():
        clicked.wait(5)
        return settled(claim, outcome, now)

    decided, was_settled = at_once(person, sender)
    assert was_settled is True
    state = State(now_is(addition)[0])
    assert decided.won is wins
    assert decided.state == state
    assert (state == State.HANDLED) is wins
    if wins:
        assert claimed(alice, later(now, 60)) is None, "the queue does not deliver it later"


@database
def test_a_post_that_does_not_end_is_said_to_be_in_flight_f71(alice, now):
    addition = alice.order()
    claimed(alice, now)
    decided = decide(seen(addition), Decision.CANCELLED, wait=0.5)
    assert (decided.won, decided.state, decided.in_flight) == (False, State.SENDING, True)


# --- Races ------------------------------------------------------------------------------------------


@raced
def test_of_persons_who_decide_at_once_one_wins_and_the_others_are_told_f71(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    for table in range(1, 6):
        addition = put(alice.order(table=table), State.HELD, reason="stale")
        seen_by_all = seen(addition)
        calls = [
            partial(decide, seen_by_all, decision)
            for decision in (*ENDING, *ENDING, Decision.SEND_AGAIN)
        ]
        replacing = partial(outbox.move, seen_by_all.pk, State.HELD, State.HANDLED, soon())
        told = at_once(*calls, lambda r=replacing: r(handled_as="replaced") or "late")
        won = [each for each in told if each is True or getattr(each, "won", False)]
        losers = [each for each in told if isinstance(each, decisions.Decided) and not each.won]
        # Send again may win first, and be ended by whoever had seen the same state: not from `held`.
        assert len(won) == 1, told
        for each in losers:
            assert each.state in {State.HANDLED, State.QUEUED, State.HELD}


@raced
def test_a_person_a_worker_and_a_list_leave_one_truth_f71(transactional_db):
    alice = Restaurant("https://caisse.example.fr")
    for table in range(1, 9):
        addition = alice.order(table=table)
        now = soon()
        before = seen(addition)

        def work(now=now):
            claim = claimed(alice, now)
            return settled(claim, ACCEPTED, now) if claim else "not its turn"

        person, sent, _ = at_once(
            lambda a=before: decide(a, Decision.BY_HAND),
            work,
            lambda a=before, now=now: listed(alice, a.number, "received", "1", now) or "nothing",
        )
        final = seen(addition)
        if person.won:
            assert (final.state, final.handled_as) == (State.HANDLED, "by_hand")
            assert sent == "not its turn"
            assert not Attempt.objects.filter(addition=addition).exists(), "it was never sent"
        else:
            assert sent is True or now_is(addition) == (State.HELD, "number_taken")
        put(addition, State.SETTLED)
        Register.objects.update(lease_owner="", failures=0)


# --- On the wire ------------------------------------------------------------------------------------


@pytest.mark.wire
@raced
def test_typed_by_hand_while_the_register_is_slow_it_is_there_once_f71(chez_alice, leo2, settings):
    settings.TIME_DIVISOR = 10
    leo2.script("late_after(20)")
    addition = chez_alice.order()
    sending = threading.Thread(
        target=delivery.serve,
        args=(chez_alice.register.pk,),
        kwargs={"worker": "test", "stopping": threading.Event()},
    )
    sending.start()
    try:
        eventually(lambda: now_is(addition)[0] == State.SENDING)
        decided = decide(seen(addition), Decision.BY_HAND)
    finally:
        sending.join(10)
    assert not decided.won
    assert decided.state in {State.ACCEPTED, State.RECEIVED}
    assert len(leo2.ledger()) == 1


@pytest.mark.wire
@raced
def test_a_register_that_has_forgotten_its_numbers_is_sent_nothing_by_itself_f62(
    chez_alice, leo2, settings
):
    """A dedupe window that is over: the list that has it saves it, and after twenty minutes only a click sends."""
    settings.TIME_DIVISOR = 50
    leo2.script("hangup_after")
    leo2.fail_always("forget_ids(0)", list="http500")
    addition = chez_alice.order()
    claim = claimed(chez_alice, timezone.now())
    outcome = delivery._send(claim)
    assert isinstance(outcome, Uncertain)
    settled(claim, outcome, timezone.now())
    Addition.objects.update(created_at=timezone.now() - timedelta(seconds=25))  # 20 min / 50
    outbox.hold(timezone.now())
    posts = len(leo2.posts())
    for _ in range(3):
        delivery.serve(chez_alice.register.pk, worker="test", stopping=threading.Event())
    assert len(leo2.posts()) == posts
    assert now_is(addition) == (State.HELD, "stale")
    # The person clicks, the list is read first, and it is there: no second row on the till.
    assert decide(seen(addition), Decision.SEND_AGAIN).won
    leo2.heal()
    leo2.fail_always("forget_ids(0)")

    def there():
        delivery.serve(chez_alice.register.pk, worker="test", stopping=threading.Event())
        return now_is(addition)[0] == State.RECEIVED

    eventually(there)
    assert len(leo2.ledger()) == 1
    assert len(leo2.posts()) == posts
