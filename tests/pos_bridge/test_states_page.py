"""The diagram in the documentation is drawn from the code."""

import pytest

from pos_bridge.arrows import ARROWS, MOVED_BY, State, diagram
from tests.states_page import PAGE, page

pytestmark = pytest.mark.pure


def test_the_page_of_the_states_is_current():
    assert PAGE.read_text() == page(), "docs/states.md is old: python -m tests.states_page"


def test_the_diagram_has_every_arrow_and_no_other():
    drawn = {tuple(line.split(" --> ")) for line in map(str.strip, diagram().splitlines()[1:])}
    ends = {("[*]", "queued"), ("[*]", "held"), ("settled", "[*]"), ("handled", "[*]")}
    arrows = {(source.value, each.value) for source in State for each in ARROWS[source]}
    assert drawn == arrows | ends


def test_every_state_says_who_moves_it_on():
    assert set(MOVED_BY) == set(State)
    for state in State:
        assert MOVED_BY[state].startswith("nobody") == (not ARROWS[state])
