"""What is asked of the watch: nothing to say where all is well, and each breach is found."""

import pytest

from tests.torture.checker import check
from tests.torture.history import History, Sample, Window
from tests.torture.plan import Plan
from tests.torture.test_checker import ARROWS

pytestmark = pytest.mark.pure

WELL = {"restaurant": "torture-0", "state": "live", "price": 820, "live": 1, "changes": 1}


def broken(*, listed=range(10, 20), alarms=(), cartes=(), windows=(), watch=True, at_the_end=()):
    """One addition, on the list in these seconds."""
    found = History(
        plan=Plan(directory="", divisor=1.0, arrows=ARROWS),
        samples=[
            Sample(float(at), at + 0.01, frozenset({1} if at in listed else ())) for at in range(40)
        ],
        alarms=[{"key": key, "over": over} for key, over in alarms],
        cartes=[{**WELL, "outcome": [], **carte} for carte in cartes],
        windows=list(windows),
        listed_at_the_end=frozenset(at_the_end),
        house=[{"what": "started", "t": 0.0, "name": "watch-0", "pid": 7}] if watch else [],
    )
    return [each.text for each in check(found)]


def test_what_is_listed_and_never_alarmed_is_found_f72():
    said = ["3.0 s on the list, and no alarm"]
    assert broken() == said
    assert broken(alarms=[("addition:2:open", True)]) == said
    assert broken(alarms=[("addition:1:open", True)]) == []
    assert broken(listed=range(10, 13)) == []
    assert broken(watch=False) == []


@pytest.mark.parametrize("what", ["killed", "database", "stall", "clock"])
def test_harm_is_no_reproach_f72(what):
    assert broken(windows=[Window(what, 9.0, 20.0)]) == []
    assert broken(windows=[Window(what, 1.0, 2.0)]) != []


def test_an_alarm_that_outlives_its_reason_is_found_f72():
    lasting = [("addition:1:held", False)]
    assert broken(alarms=lasting) == ["an alarm that goes on: held"]
    assert broken(alarms=lasting, at_the_end=[1]) == []
    assert broken(alarms=[("addition:1:late", False), ("clock", False)]) == []


@pytest.mark.parametrize(
    "wrong", [{"state": "waiting"}, {"price": 710}, {"live": 2}, {"changes": 0}]
)
def test_a_carte_that_did_not_go_live_once_is_found(wrong):
    assert broken(listed=(), cartes=[{}]) == []
    [said] = broken(listed=(), cartes=[wrong])
    assert said.startswith("the carte to come of torture-0: ")
