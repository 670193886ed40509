"""The schedule of what goes wrong: a seed decides it, and all of it comes."""

import pytest

from tests.torture import catalogue
from tests.torture.nemesis import HARMS, schedule
from tests.torture.plan import Plan

pytestmark = pytest.mark.pure

EVENING = Plan(directory="", seed=7, kills=70, seconds=180.0)


def test_the_same_seed_is_the_same_schedule():
    assert schedule(EVENING, ("full",)) == schedule(EVENING, ("full",))
    assert schedule(EVENING, ("full",)) != schedule(
        Plan("", seed=8, kills=70, seconds=180.0), ("full",)
    )


def test_every_harm_comes_and_as_many_kills_as_were_asked_for():
    names = [act.what for act in schedule(EVENING, ("cut", "frozen"))]
    assert sum(name.startswith("kill ") for name in names) == 70
    assert {
        name.partition(" ")[0] if name.startswith("database") else name for name in names
    } >= set(HARMS)
    assert {"database cut", "database frozen"} & set(names)


def test_it_does_only_the_harm_that_was_asked_for():
    plan = Plan("", kills=3, seconds=60.0, nemesis=["deploy"])
    assert {
        act.what
        for act in schedule(plan, ("full",))
        if not act.what.startswith(("kill ", "missing"))
    } == {"deploy"}


def test_it_is_done_before_the_evening_ends():
    assert all(2 <= act.at <= 180 for act in schedule(EVENING, ("full",)))


def test_a_mode_that_is_asked_for_by_name_is_the_one_that_is_drawn():
    """With the mode's own default, forget_ids would forget what was booked a moment ago, as no register does."""
    assert catalogue.as_drawn("leo2", "post", "forget_ids") == "forget_ids(1200)"
    assert catalogue.as_drawn("leo2", "list", "list_foreign") == "list_foreign(1)"
    assert catalogue.as_drawn("leo2", "list", "ok") == "ok"
