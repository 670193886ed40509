"""HT, and the number on the wire."""

from decimal import Decimal
from fractions import Fraction

import pytest
import simplejson
from hypothesis import given
from hypothesis import strategies as st

from pos_bridge import money

pytestmark = pytest.mark.pure

RATES = st.sampled_from(
    [Decimal(rate) for rate in ("0", "2.1", "5.5", "7", "10", "19", "20", "30")]
)


def test_it_derives_ht_as_the_vendors_page_does():
    assert money.ht(180, Decimal(20)) == 150
    assert money.ht(120, Decimal(20)) == 100


@pytest.mark.parametrize(
    ("ttc", "rate", "ht"), [(3, "20", 3), (-3, "20", -3), (9, "20", 8), (-9, "20", -8), (5, "0", 5)]
)
def test_it_rounds_half_away_from_zero(ttc, rate, ht):
    """9 / 1.2 = 7.5 cents."""
    assert money.ht(ttc, Decimal(rate)) == ht


@given(st.integers(-(10**8), 10**8), RATES)
def test_it_is_within_half_a_cent_of_the_exact_ht(ttc, rate):
    """F68: an oracle of fractions."""
    exact = Fraction(ttc) * 100 / (100 + Fraction(str(rate)))
    assert abs(money.ht(ttc, rate) - exact) <= Fraction(1, 2)


@given(st.integers(-(10**12), 10**12))
def test_it_writes_at_most_two_decimals_and_reads_them_back(amount):
    text = simplejson.dumps(money.wire(amount), use_decimal=True)
    assert Decimal(text) * 100 == amount
    assert "e" not in text.lower()
    assert len(text.partition(".")[2]) <= 2


@given(st.integers(-(10**8), 10**8))
def test_it_reads_what_the_restaurant_file_writes(amount):
    assert money.cents(money.euros(amount)) == amount
