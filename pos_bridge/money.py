"""Money: whole cents in, whole cents out; `Decimal` in between, never a float.

TTC is the given. HT follows from it and the rate, rounded half up to the cent (away from zero below zero) for each
unit, product, option and supplement apart, and only then summed: that is how the registers do it (docs/registers).
"""

from decimal import ROUND_HALF_UP, Decimal


def ht(ttc: int, vat: Decimal) -> int:
    """Cents before tax of `ttc` cents for one unit at `vat` percent."""
    return int((Decimal(ttc) * 100 / (100 + vat)).quantize(Decimal(1), ROUND_HALF_UP))


def cents(euros: str) -> int:
    """Cents of "12.50" or "-0.50", as the restaurant file writes money."""
    return int((Decimal(euros) * 100).to_integral_exact())


def euros(amount: int) -> str:
    """ "12.50" of 1250 cents, as the restaurant file writes money."""
    return f"{Decimal(amount) / 100:.2f}"


def wire(amount: int) -> Decimal:
    """`amount` cents as the number that goes into JSON: 180 is 1.8, 400 is 4. At most two decimals."""
    return Decimal(amount) / 100
