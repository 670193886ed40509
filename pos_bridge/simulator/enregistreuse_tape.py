"""What stands on a ticket of the simulated enregistreuse register."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from pos_bridge.simulator import tape
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.enregistreuse_sums import Line, by_rate, lines, total

STATES = {0: "à valider", 1: "validée", 9: "terminée"}


def ticket(catalogue: Catalogue, entry: dict[str, Any]) -> str:
    """One entry of the ledger; see tape.page for what it raises."""
    sale = entry["body"]
    printed = lines(catalogue, sale)
    return tape.TICKET.format(
        shop=escape(catalogue.name),
        table=escape(sale.get("idtable", "")),
        covers=escape(sale.get("numcouverts", "")),
        time=tape.time(entry["booked_at"]),
        number=tape.numbered(entry["number"]),
        state=escape(STATES.get(entry["state"], str(entry["state"]))),
        lines="\n".join([*_rows(printed), *_comments(sale)]),
        rates=tape.rates(by_rate(printed)),
        taxes=f"<div><dt>Vente n°</dt><dd>{entry['order_id']}</dd></div>\n",
        ttc=tape.amount(total(printed)),
        late=tape.late(entry),
    )


def _rows(printed: list[Line]) -> Iterable[str]:
    for line in printed:
        count, price = line.quantity, line.price
        each = "" if price is None else tape.each(price, count)
        shown = None if price is None else count * price
        yield tape.row("product", str(count), escape(line.name) + each, shown)
        for name, extra in line.choices:
            asked = extra and tape.each(extra, count)
            yield tape.row("option", "", f"{escape(name)}{asked or ''}", extra and count * extra)


def _comments(sale: dict[str, Any]) -> Iterable[str]:
    for name in ("publicComment", "privateComment"):
        if sale.get(name):
            yield tape.row("note", "", f"« {escape(sale[name])} »", None)
