"""What stands on a ticket of the simulated Tiller register."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from html import escape
from typing import Any

from pos_bridge.simulator import json_text, tape
from pos_bridge.simulator.amounts import percent
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.leo2_sums import listed
from pos_bridge.simulator.tiller_till import STATES

STATE_WORDS = {"IN_PROGRESS": "en cours", "CANCELED": "annulée", "CLOSED": "soldée"}
WORDS = tape.Words("commande", "chez Tiller")


def total(lines: object) -> int:
    """Cents of all lines and extra lines, each the price of its whole line; TypeError where they are not whole."""
    cents = 0
    for line in listed(lines):
        for each in (line, *listed(line.get("extraLines", []))):
            price = json_text.whole(each["price"])
            if price is None:
                raise TypeError(f"{json_text.shown(each['price'])} is no price in cents")
            cents += price
    return cents


def ticket(catalogue: Catalogue, entry: dict[str, Any]) -> str:
    """One entry of the ledger; see tape.page for what it raises."""
    body = json_text.read(entry["raw"].encode("utf-8", "surrogateescape"))
    name = f" ({escape(str(body['name']))})" if body.get("name") else ""
    return tape.TICKET.format(
        shop=escape(catalogue.name),
        table=escape(str(body["tableId"])),
        covers=escape(str(body["nbCustomers"])),
        time=tape.time(entry["booked_at"]),
        number=tape.numbered(entry["number"], WORDS) + name,
        state=STATE_WORDS[STATES[entry["state"]]],
        lines="\n".join(row for line in listed(body["lines"]) for row in _line(catalogue, line)),
        rates="",
        taxes="",
        ttc=tape.amount(Fraction(total(body["lines"]), 100)),
        late=tape.late(entry),
    )


def _line(catalogue: Catalogue, line: dict[str, Any]) -> Iterable[str]:
    inside = "initialPrice" in line
    name = escape(line.get("name") or catalogue.article_name(line.get("productId")))
    quantity, price = line["quantity"], line["price"]
    if inside:
        yield _row("choice", "", f"{escape(str(quantity))} {name}", None)
    else:
        rate = json_text.amount(line["tax"]) if "tax" in line else None
        each = f' <span class="each">TVA {tape.french(percent(rate))}&nbsp;%</span>' if rate else ""
        yield _row("product", escape(str(quantity)), f"{name}{each}", price)
    for extra in listed(line.get("extraLines", [])):
        text = escape(extra.get("name") or _option_name(catalogue, extra.get("productId")))
        yield _row("option", "", text, extra["price"] or None)
    if line.get("comment"):
        yield _row("note", "", f"« {escape(line['comment'])} »", None)


def _option_name(catalogue: Catalogue, number: object) -> str:
    known = catalogue.options.get(number) if isinstance(number, int) else None
    return known[0].name if known else f"Option {number}"


def _row(kind: str, quantity: str, label: str, cents: int | None) -> str:
    return tape.row(kind, quantity, label, None if cents is None else Fraction(cents, 100))
