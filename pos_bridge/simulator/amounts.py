"""Exact amounts in euros, as a till reckons and writes them."""

from __future__ import annotations

from fractions import Fraction
from math import floor


def ht_of(ttc: Fraction, rate: Fraction) -> Fraction:
    """Euros before tax of one unit: rounded half up to the cent, away from zero below zero.

    Rounding to two decimals is documented; which way a half goes is assumed.
    """
    cents = ttc * 100 * 100 / (100 + rate)
    rounded = floor(abs(cents) + Fraction(1, 2))
    return Fraction(rounded if cents >= 0 else -rounded, 100)


def euros(amount: Fraction) -> str:
    """Euros with two decimals, as JSON would write them; the amount is whole cents."""
    cents = round(amount * 100)
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def percent(rate: Fraction) -> str:
    """A rate as people write it: 20, 5.5."""
    return euros(rate).rstrip("0").rstrip(".")
