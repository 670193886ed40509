"""How long to wait before the next try: 0, 2, 5, 10, 20, 30, 30 … s at most, full jitter, Retry-After within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_bridge.retry import CAPS, LONGEST, RETRY_AFTER_CAP, delay

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("tries", "cap"), [(0, 0), (1, 2), (2, 5), (3, 10), (4, 20), (5, 30), (6, 30), (1000, 30)]
)
def test_it_waits_longer_each_time_up_to_a_cap(tries, cap):
    assert delay(tries, draw=lambda: 0.0) == 0
    assert delay(tries, draw=lambda: 0.5) == cap / 2
    assert delay(tries, draw=lambda: 1.0) == cap


@pytest.mark.parametrize(
    ("asked", "least"), [(None, 0), (7.0, 7), (-1.0, 0), (10 * 365 * 86400.0, 120), (0.0, 0)]
)
def test_it_waits_as_long_as_the_register_asks_within_bounds_f56(asked, least):
    assert delay(1, retry_after=asked, draw=lambda: 0.0) == least
    assert delay(1, retry_after=asked, draw=lambda: 1.0) == least + 2


@given(tries=st.integers(-5, 10_000), asked=st.none() | st.floats(-1e9, 1e12))
def test_it_never_waits_longer_than_it_says(tries, asked):
    assert 0 <= delay(tries, retry_after=asked) <= LONGEST == RETRY_AFTER_CAP + CAPS[-1]


def test_it_draws_anew_each_time():
    assert len({delay(5) for _ in range(20)}) > 1
