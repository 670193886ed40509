"""P6: the number of an addition rises with the clock and is never given twice."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_bridge import numbers
from pos_bridge.numbers import HIGHEST, NumbersExhausted, next_number

pytestmark = pytest.mark.pure

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT_NOON = int((NOON - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds())


def test_it_starts_at_the_seconds_since_2020():
    assert next_number(0, NOON) == AT_NOON == 217_512_000


def test_it_gives_the_next_one_within_a_second():
    assert next_number(AT_NOON, NOON) == AT_NOON + 1


def test_it_goes_on_from_the_last_where_the_clock_went_back():
    assert next_number(AT_NOON, NOON - timedelta(days=1)) == AT_NOON + 1


def test_it_is_ahead_of_what_was_given_after_the_backup_was_made_f28():
    restored = next_number(0, NOON - timedelta(hours=14))
    given_since = next_number(restored + 500, NOON - timedelta(hours=1))
    assert next_number(restored, NOON) > given_since


def test_it_is_positive_where_the_clock_has_forgotten_the_year():
    assert next_number(0, datetime(1970, 1, 1, tzinfo=UTC)) == 1


@pytest.mark.parametrize(("last", "now"), [(HIGHEST, NOON), (0, datetime(2090, 1, 1, tzinfo=UTC))])
def test_it_gives_none_above_31_bits_f61(last, now):
    with pytest.raises(NumbersExhausted):
        next_number(last, now)


@given(
    last=st.integers(0, HIGHEST - 1),
    now=st.datetimes(datetime(1990, 1, 1), datetime(2085, 1, 1)),  # noqa: DTZ001
)
def test_it_always_rises(last, now):
    number = next_number(last, now.replace(tzinfo=UTC))
    assert last < number <= HIGHEST


def test_it_says_that_the_numbers_end_soon(caplog):
    numbers.alarm(numbers.ALARM_AT)
    assert "is this machine's clock right?" in caplog.text
