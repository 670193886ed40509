"""`manage.py reconcile`: what is missing, double, or dealt with by hand; the judgement is pure."""

import pytest

from ordering.services.reconciliation import WRONG, Issued, Verdict, compare, unknown
from pos_bridge import numbers
from pos_bridge.models import Addition
from pos_bridge.registers.base import TillState

pytestmark = pytest.mark.pure

State, Handled = Addition.State, Addition.Handled

SAYS = {
    "accepted": TillState("accepted", "0"),
    "received": TillState("received", "2"),
    "settled": TillState("settled", "9"),
    "refused": TillState("refused", "4"),
    "unknown": TillState(None, "7"),
}
EARLIER = {100: SAYS["settled"]}  # the list goes back so far


def issued(number=200, state=State.RECEIVED, handled_as="", order=1, register=1, **fields):
    return Issued(order, 12, number, register, state, handled_as, **fields)


def verdicts(lists, *these):
    return [line.verdict for line in compare(these, lists)]


ONE = [
    # our state, handled as, what the list says of it ("": not listed, None: no list), the verdict
    (State.RECEIVED, "", "received", Verdict.FINE),
    (State.SETTLED, "", "settled", Verdict.FINE),
    (State.UNCERTAIN, "", "received", Verdict.FINE),
    (State.REFUSED, "", "settled", Verdict.FINE),
    (State.RECEIVED, "", "", Verdict.MISSING),
    (State.SETTLED, "", "", Verdict.FINE),
    (State.ACCEPTED, "", "", Verdict.MISSING),
    (State.QUEUED, "", "", Verdict.MISSING),
    (State.SENDING, "", "", Verdict.MISSING),
    (State.UNCERTAIN, "", "", Verdict.MISSING),
    (State.HELD, "", "", Verdict.MISSING),
    (State.ACCEPTED, "", "accepted", Verdict.WAITS),
    (State.ACCEPTED, "", "unknown", Verdict.WAITS),
    (State.RECEIVED, "", "unknown", Verdict.FINE),
    (State.REFUSED, "", "", Verdict.REFUSED),
    (State.RECEIVED, "", "refused", Verdict.REFUSED),
    (State.HANDLED, Handled.BY_HAND, "", Verdict.BY_HAND),
    (State.HANDLED, Handled.BY_HAND, "refused", Verdict.BY_HAND),
    (State.HANDLED, Handled.BY_HAND, "received", Verdict.DOUBLE),
    (State.HANDLED, Handled.ON_TILL, "received", Verdict.FINE),
    (State.HANDLED, Handled.ON_TILL, "", Verdict.MISSING),
    (State.HANDLED, Handled.CANCELLED, "", Verdict.ENDED),
    (State.HANDLED, Handled.CANCELLED, "received", Verdict.UNWANTED),
    (State.HANDLED, Handled.TAKEN_BACK, "settled", Verdict.UNWANTED),
    (State.HANDLED, Handled.REPLACED, "", Verdict.ENDED),
    # Where there is no list, what we know.
    (State.RECEIVED, "", None, Verdict.FINE),
    (State.ACCEPTED, "", None, Verdict.MISSING),
    (State.REFUSED, "", None, Verdict.REFUSED),
    (State.HANDLED, Handled.ON_TILL, None, Verdict.FINE),
    (State.HANDLED, Handled.BY_HAND, None, Verdict.BY_HAND),
]


@pytest.mark.parametrize(("state", "handled_as", "says", "verdict"), ONE)
def test_it_judges_a_number(state, handled_as, says, verdict):
    lists = {} if says is None else {1: EARLIER | ({200: SAYS[says]} if says else {})}
    assert verdicts(lists, issued(state=state, handled_as=handled_as)) == [verdict]


def test_a_list_that_does_not_go_back_so_far_proves_nothing():
    assert verdicts({1: {300: SAYS["received"]}}, issued()) == [Verdict.FINE]
    assert verdicts({1: {}}, issued()) == [Verdict.FINE]
    assert verdicts({1: {300: SAYS["received"]}}, issued(state=State.ACCEPTED)) == [Verdict.MISSING]


CHAINS = [
    # the first one on the till, the second: state, handled as, on the till; the verdicts
    (True, State.RECEIVED, "", True, [Verdict.DOUBLE, Verdict.DOUBLE]),
    (False, State.RECEIVED, "", True, [Verdict.ENDED, Verdict.FINE]),
    (True, State.HANDLED, Handled.BY_HAND, False, [Verdict.DOUBLE, Verdict.DOUBLE]),
    (False, State.HANDLED, Handled.BY_HAND, False, [Verdict.ENDED, Verdict.BY_HAND]),
    (True, State.REFUSED, "", False, [Verdict.FINE, Verdict.REFUSED]),
]


@pytest.mark.parametrize(("first", "state", "handled_as", "second", "expected"), CHAINS)
@pytest.mark.parametrize("registers", [(1, 1), (1, 2)], ids=["one till", "two tills"])
def test_it_judges_a_chain(first, state, handled_as, second, expected, registers):
    """An order of which two additions stand on tills is double, on one or on two."""
    lists = {1: {**EARLIER}, 2: {**EARLIER}}
    for there, number, register in (
        (first, 200, registers[0]), (second, 201, registers[1]),
    ):  # fmt: skip
        if there:
            lists[register][number] = SAYS["received"]
    chain = [
        issued(200, State.HANDLED, Handled.REPLACED, register=registers[0]),
        issued(201, state, handled_as, register=registers[1]),
    ]
    assert verdicts(lists, *chain) == expected


def test_what_came_to_stand_there_after_all_is_double_without_a_list():
    by_hand = issued(state=State.HANDLED, handled_as=Handled.BY_HAND, received=True)
    assert verdicts({}, by_hand) == [Verdict.DOUBLE]


def test_two_orders_are_two():
    lists = {1: {200: SAYS["received"], 201: SAYS["received"]}}
    assert verdicts(lists, issued(200, order=1), issued(201, order=2)) == [Verdict.FINE] * 2


def test_it_names_numbers_of_ours_and_of_that_day_that_nobody_gave():
    """F28."""
    first = numbers.FIRST + 1000
    states = dict.fromkeys([1, first - 1, first, first + 5, first + 9, first + 10], SAYS["settled"])
    assert unknown(states, {first + 5}, first, first + 10) == [first, first + 9]
    assert unknown({1: SAYS["settled"]}, (), 0, 10) == []


def test_every_verdict_is_wrong_or_is_not():
    assert {Verdict.MISSING, Verdict.DOUBLE, Verdict.UNWANTED} == WRONG
