"""P9: what the phone says of an addition, from one table of state, age and kind of register."""

from datetime import UTC, datetime, timedelta

import pytest

from pos_bridge import words
from pos_bridge.models import Addition, Register
from pos_bridge.words import Word, told

pytestmark = pytest.mark.pure

State, Handled = Addition.State, Addition.Handled
SENT = datetime(2026, 11, 22, 20, 14, tzinfo=UTC)
WAITS = [
    # state, what is said at once, when it turns to "not confirmed"
    (State.QUEUED, Word.SENDING, 45),
    (State.SENDING, Word.SENDING, 45),
    (State.UNCERTAIN, Word.SENDING, 45),
    (State.ACCEPTED, Word.SENDING, 90),
    (State.RECEIVED, Word.ON_TILL, None),
    (State.SETTLED, Word.ON_TILL, None),
    (State.REFUSED, Word.REFUSED, None),
    (State.HELD, Word.NOT_CONFIRMED, 0),
]


def addition(state, **fields):
    register = Register(kind=fields.pop("kind", "leo2"))
    return Addition(state=state, created_at=SENT, register=register, **fields)


def after(seconds):
    return SENT + timedelta(seconds=seconds)


@pytest.mark.parametrize(("state", "word", "limit"), WAITS)
def test_it_turns_in_the_second_of_the_table(state, word, limit):
    for seconds in (0, 44.9, 45, 89.9, 90, 3600, 86_400):
        late = limit is not None and seconds >= limit
        expected = Word.NOT_CONFIRMED if late else word
        assert told(addition(state), after(seconds)).word == expected, seconds


def test_every_state_has_its_words():
    assert {row.state for row in words.TABLE} == set(State)


def test_it_says_that_it_is_on_the_till_only_when_the_till_has_it():
    on_till = {state for state, word, _ in WAITS if word == Word.ON_TILL}
    assert on_till == {State.RECEIVED, State.SETTLED}
    assert told(addition(State.RECEIVED, received_at=after(7)), after(9)).received_at == after(7)


def test_a_register_without_a_list_only_passes_it_on(monkeypatch):
    monkeypatch.setattr("pos_bridge.registers.leo2.Leo2.can_list_states", False)
    assert told(addition(State.RECEIVED), after(1)).word == Word.PASSED_ON


def test_unclear_is_not_calm_where_nothing_is_sent_again_by_itself(monkeypatch):
    monkeypatch.setattr("pos_bridge.registers.leo2.Leo2.drops_doubles", False)
    assert told(addition(State.UNCERTAIN), after(1)).word == Word.NOT_CONFIRMED
    assert told(addition(State.UNCERTAIN, kind="tiller"), after(1)).word == Word.NOT_CONFIRMED


@pytest.mark.parametrize(
    ("handled_as", "word"),
    [
        (Handled.ON_TILL, Word.HANDLED_ON_TILL),
        (Handled.BY_HAND, Word.HANDLED_BY_HAND),
        (Handled.CANCELLED, Word.CANCELLED),
        (Handled.REPLACED, Word.REPLACED),
        (Handled.TAKEN_BACK, Word.TAKEN_BACK),
        ("", Word.NOT_CONFIRMED),
    ],
)
def test_what_a_person_did_is_said(handled_as, word):
    said = told(addition(State.HANDLED, handled_as=handled_as), after(1))
    assert (said.word, said.final) == (word, True)


def test_the_divisor_shortens_the_waits(settings):
    settings.TIME_DIVISOR = 10
    assert told(addition(State.QUEUED), after(4.4)).word == Word.SENDING
    assert told(addition(State.QUEUED), after(4.5)).word == Word.NOT_CONFIRMED


def test_every_reason_that_is_written_has_words():
    assert words.reason("stale") != "stale"
    assert words.reason("http_502") == "la caisse répond par une erreur (HTTP 502)"
    assert words.reason("a_new_one") == "a_new_one"
