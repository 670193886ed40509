"""P9, P10: the phone and the staff's list turn in the same second, by one table, without a worker."""

import itertools
from datetime import timedelta

import pytest
from django.db import connection

from pos_bridge.models import Addition, Register
from pos_bridge.undelivered import undelivered
from pos_bridge.words import ON_TILL_TOO, Word, told
from tests.pos_bridge.steps import later, put
from tests.pos_bridge.toys import KINDS, toys

__all__ = ["toys"]

State, Handled = Addition.State, Addition.Handled
AGES = (-3600, -6, -5, 0, 44.9, 45, 89.9, 90, 3600)
# A state, and how it was dealt with; outbox writes no `handled` without.
ENDS = [(State.HANDLED, handled) for handled in Handled]
STATES = [(state, "") for state in State if state != State.HANDLED] + ENDS

pytestmark = pytest.mark.django_db


def is_on_the_list(addition, now):
    return undelivered(now).filter(pk=addition.pk).exists()


@pytest.mark.parametrize("kind", ["leo2", *KINDS])
def test_the_list_has_exactly_what_the_phone_calls_unconfirmed_or_refused_p9_p10(
    alice, now, toys, kind
):
    Register.objects.update(kind=kind)
    addition = alice.order()
    addition.register.kind = kind
    seen = set()
    for (state, handled), age in itertools.product(STATES, AGES):
        for reason in ("", ON_TILL_TOO) if state == State.HANDLED else ("",):
            fields = {"handled_as": handled, "reason": reason}
            fields = {"state": state, "created_at": later(now, -age), **fields}
            Addition.objects.filter(pk=addition.pk).update(**fields)
            for name, value in fields.items():
                setattr(addition, name, value)
            said = told(addition, now)
            wanted = said.word in {Word.NOT_CONFIRMED, Word.REFUSED} or reason == ON_TILL_TOO
            case = (kind, state, handled, age, reason, said.word)
            assert is_on_the_list(addition, now) == wanted, case
            seen.add(wanted)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("state", "kind", "turns"),
    [
        (State.QUEUED, "leo2", 45),
        (State.SENDING, "leo2", 45),
        (State.UNCERTAIN, "leo2", 45),
        (State.UNCERTAIN, "toy_looks_up", 0),
        (State.ACCEPTED, "leo2", 90),
        (State.HELD, "leo2", 0),
        (State.REFUSED, "leo2", 0),
    ],
)
def test_it_turns_to_the_millisecond_p9(alice, toys, state, kind, turns):
    """F31: the database alone is asked; no worker runs here."""
    addition = put(alice.order(), state)
    Register.objects.update(kind=kind)
    addition.refresh_from_db()
    at = later(addition.created_at, turns)
    assert is_on_the_list(addition, at)
    assert is_on_the_list(addition, at - timedelta(milliseconds=1)) == (turns == 0)


@pytest.mark.parametrize("state", [State.RECEIVED, State.SETTLED])
def test_what_is_on_the_till_never_comes_onto_the_list(alice, now, state):
    addition = put(alice.order(), state)
    assert not is_on_the_list(addition, later(now, 86_400))


def test_it_turns_earlier_where_the_deadlines_are_divided(alice, settings):
    settings.TIME_DIVISOR = 10
    addition = alice.order()
    assert not is_on_the_list(addition, later(addition.created_at, 4.4))
    assert is_on_the_list(addition, later(addition.created_at, 4.5))


def test_the_oldest_comes_first_with_all_that_a_line_says(alice, now, django_assert_num_queries):
    second, first = (put(alice.order(table), State.HELD) for table in (1, 2))
    put(first, State.HELD, created_at=later(now, -900))
    with django_assert_num_queries(1):
        lines = [
            (each, each.order.table.number, each.register.kind, each.order.restaurant.name)
            for each in undelivered(now)
        ]
    assert [line[0] for line in lines] == [first, second]
    assert [line[1] for line in lines] == [2, 1]


def test_a_dead_worker_changes_nothing_p10_f31(alice, now):
    """Claimed by a worker that was killed, and by nobody since."""
    addition = alice.order()
    put(addition, State.SENDING, lease_owner="dead", lease_until=later(now, 25))
    assert is_on_the_list(addition, later(now, 60))


def test_it_asks_an_index_and_not_the_archive_p10(alice, now):
    if connection.vendor == "sqlite":  # PostgreSQL decides by its statistics
        assert "addition_undelivered" in undelivered(now).explain()
        assert "addition_on_till_too" in undelivered(now).explain()
        assert "SCAN pos_bridge_addition" not in undelivered(now).explain()
