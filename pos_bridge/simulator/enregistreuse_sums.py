"""What a sale costs on a simulated enregistreuse register: forced prices as they came, all others its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pos_bridge.simulator.amounts import ht_of
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.enregistreuse_rules import departments


@dataclass(frozen=True)
class Line:
    """An item as it stands on the ticket; prices in euros TTC for one, None where the till knows nothing. `choices`:
    name and price.
    """

    quantity: int
    name: str
    price: Fraction | None
    rate: Fraction | None
    choices: tuple[tuple[str, Fraction | None], ...]

    @property
    def unit(self) -> Fraction:
        return (self.price or Fraction(0)) + sum(
            (price for _, price in self.choices if price is not None), Fraction(0)
        )


def lines(catalogue: Catalogue, sale: dict[str, Any]) -> list[Line]:
    return [_line(catalogue, item) for item in sale["items"]]


def _line(catalogue: Catalogue, item: dict[str, Any]) -> Line:
    known = catalogue.articles.get(item["id"], []) if item["kind"] == "article" else []
    price = Fraction(known[0].price) if known else None
    rate = Fraction(known[0].vat) if known else None
    if item["kind"] == "department":
        rate = departments(catalogue).get(item["id"])
    return Line(
        item["quantity"],
        item["title"] or catalogue.article_name(item["id"]),
        price if item["price"] is None else Fraction(item["price"]),
        rate,
        tuple(_choice(catalogue, number) for number in item["choices"]),
    )


def _choice(catalogue: Catalogue, number: int) -> tuple[str, Fraction | None]:
    known = catalogue.options.get(number)
    return (known[0].name, Fraction(known[0].price)) if known else (f"Déclinaison {number}", None)


def total(ticket: Iterable[Line]) -> Fraction:
    return sum((line.quantity * line.unit for line in ticket), Fraction(0))


def by_rate(ticket: Iterable[Line]) -> dict[Fraction, tuple[Fraction, Fraction]]:
    """HT and TTC by VAT rate: the register decides it by itself. Lines whose rate it does not know are left out."""
    sums: dict[Fraction, tuple[Fraction, Fraction]] = {}
    for line in ticket:
        if line.rate is not None:
            ht, ttc = sums.get(line.rate, (Fraction(0), Fraction(0)))
            unit_ht = ht_of(line.unit, line.rate)
            sums[line.rate] = (ht + line.quantity * unit_ht, ttc + line.quantity * line.unit)
    return sums
