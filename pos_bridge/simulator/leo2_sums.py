"""The sums of a LEO2 addition, derived from its lines, exactly, by code of the simulator's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pos_bridge.simulator import json_text
from pos_bridge.simulator.amounts import ht_of


@dataclass(frozen=True)
class Charge:
    """An amount for one unit, in euros TTC, its VAT rate in percent, and how many times the addition has it."""

    rate: Fraction
    ttc: Fraction
    times: int


def charges(products: list[dict[str, Any]]) -> Iterator[Charge]:
    """All that the lines charge: units, options, and the choices of set menus.

    Assumed: an option is charged once for each unit of its product; a choice's quantity is for one menu, so a menu of
    quantity 2 with a choice of quantity 1 has that choice twice.
    """
    for product in listed(products):
        quantity = times(product)
        yield from unit_charges(product, quantity)
        for choice in listed(product.get("products", [])):
            yield from unit_charges(choice, quantity * times(choice))


def listed(value: Any) -> list[dict[str, Any]]:
    """The list itself; TypeError where it is none, which a loop over an object or a text would hide."""
    if not isinstance(value, list):
        raise TypeError(f"{json_text.shown(value)} is no list")
    return value


def times(line: dict[str, Any]) -> int:
    """The line's own quantity; ValueError where it is none."""
    quantity = json_text.whole(line["quantity"])
    if quantity is None:
        raise ValueError(f"{json_text.shown(line['quantity'])} is no quantity")
    return quantity


def unit_charges(line: dict[str, Any], count: int) -> Iterator[Charge]:
    """The line's unit price and its options, each `count` times."""
    rate = exact(line["price"]["tva_rate"])
    yield Charge(rate, exact(line["price"]["unit_ttc"]), count)
    for message in listed(line.get("messages", [])):
        if "add_price" in message:
            yield Charge(rate, exact(message["add_price"]), count)


def exact(value: object) -> Fraction:
    """The amount without rounding; ValueError where it is none."""
    found = json_text.amount(value)
    if found is None:
        raise ValueError(f"{json_text.shown(value)} is no amount")
    return found


def by_rate(products: list[dict[str, Any]]) -> dict[Fraction, tuple[Fraction, Fraction]]:
    """HT and TTC in euros for each VAT rate, in the order in which the rates come.

    Raises KeyError, TypeError, AttributeError, ValueError or ZeroDivisionError where the lines are not well formed.
    """
    sums: dict[Fraction, tuple[Fraction, Fraction]] = {}
    for charge in charges(products):
        ht, ttc = sums.get(charge.rate, (Fraction(0), Fraction(0)))
        unit_ht = ht_of(charge.ttc, charge.rate)
        sums[charge.rate] = (ht + charge.times * unit_ht, ttc + charge.times * charge.ttc)
    return sums
