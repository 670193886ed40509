"""What a simulated enregistreuse register tells when it is read: the catalogue's pages and the sales.

The vendor's pages name them and this project has not seen an answer. Assumed: a JSON list of objects each, the private
comment inside each sale, and money in euros as text.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from pos_bridge.simulator.amounts import euros, percent
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.enregistreuse_rules import departments
from pos_bridge.simulator.enregistreuse_sums import lines, total
from pos_bridge.simulator.modes import twists

Rows = list[dict[str, Any]]


def tables(catalogue: Catalogue) -> Rows:
    return [{"id": number, "nom": f"Table {number}"} for number in sorted(catalogue.tables)]


def articles(catalogue: Catalogue) -> Rows:
    by_rate = {rate: number for number, rate in departments(catalogue).items()}
    return [
        {
            "id": number,
            "nom": each.name,
            "prix": f"{each.price:.2f}",
            "rayon": by_rate[Fraction(each.vat)],
        }
        for number, known in catalogue.articles.items()
        for each in known[:1]
    ]


def rayons(catalogue: Catalogue) -> Rows:
    return [
        {"id": number, "nom": f"Rayon à {percent(rate)} %", "tva": percent(rate)}
        for number, rate in departments(catalogue).items()
    ]


def choices(catalogue: Catalogue) -> Rows:
    return [
        {"id": number, "nom": known[0].name, "prix": f"{known[0].price:.2f}"}
        for number, known in catalogue.options.items()
    ]


def payment_modes(_: Catalogue) -> Rows:
    return [{"id": 1, "nom": "Espèces"}, {"id": 2, "nom": "Carte bancaire"}]


PAGES: dict[str, Callable[[Catalogue], Rows]] = {
    "getTables": tables,
    "getPlus": articles,
    "getDepartments": rayons,
    "getDeclinaisons": choices,
    "getPaymentModes": payment_modes,
}


def sale(catalogue: Catalogue, entry: dict[str, Any]) -> dict[str, Any]:
    """One sale of the ledger."""
    body = entry["body"]
    names = ("idtable", "numcouverts", "publicComment", "privateComment")
    return {
        "orderID": entry["order_id"],
        "orderInternalID": entry["internal_id"],
        "price": euros(total(lines(catalogue, body))),
        **{name: body[name] for name in names if name in body},
    }


# Ways in which a page may be otherwise


def _missing(rows: Rows, argument: str) -> object:
    """Without the newest n; without any where n is 0."""
    count = int(float(argument))
    return rows[:-count] if count else []


def _keyed(rows: Rows, argument: str) -> object:
    return {argument: rows}


def _strings(rows: Rows, _: str) -> object:
    return [{name: str(value) for name, value in row.items()} for row in rows]


def _bare(rows: Rows, _: str) -> object:
    return [
        {name: value for name, value in row.items() if name != "privateComment"} for row in rows
    ]


def _error(_: Rows, argument: str) -> object:
    return {"errorMessage": argument}


SHAPES: dict[str, tuple[Callable[[Rows, str], object], str]] = {
    "list_missing": (_missing, "0"),
    "list_keyed": (_keyed, "orders"),
    "list_strings": (_strings, ""),
    "list_bare": (_bare, ""),
    "list_error": (_error, "Clef refusée"),
}
MODES = twists("list", **{name: default for name, (_, default) in SHAPES.items()})
DRAWN = (*SHAPES, "list_missing(1)")


def shaped(rows: Rows, twist: str, argument: str) -> object:
    """The page as the mode has it, or as it is."""
    return SHAPES[twist][0](rows, argument) if twist in SHAPES else rows
