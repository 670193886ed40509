"""F60: “I have it already”, said of what was never sent before, is somebody else's."""

import pytest

from pos_bridge.errors import NotSent
from pos_bridge.registers.base import Receipt
from tests.pos_bridge.steps import State, claimed, later, now_is, settled, tried

pytestmark = pytest.mark.django_db

REPEAT = Receipt("received", "1", 409, "", repeat=True)


def test_it_is_not_believed_the_second_time_either_where_doubles_are_dropped_f60(alice, now):
    """The first refusal to believe it is no try that may have brought it: the order would be lost and called there."""
    addition = alice.order()
    tried(alice, NotSent("no_connection"), now)
    for _ in range(3):
        now = later(now, 40)
        claim = claimed(alice, now)
        assert claim is not None
        settled(claim, REPEAT, now)
        assert now_is(addition) == (State.UNCERTAIN, "number_taken")
