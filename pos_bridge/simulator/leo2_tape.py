"""What stands on a ticket of the simulated LEO2 register."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from pos_bridge.simulator import json_text, tape
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.leo2_sums import by_rate, exact, times

STATES = {1: "reçue", 2: "validée", 4: "en erreur", 9: "soldée"}


def ticket(catalogue: Catalogue, entry: dict[str, Any]) -> str:
    """One entry of the ledger; see tape.page for what it raises."""
    body = json_text.read(entry["raw"].encode("utf-8", "surrogateescape"))
    total = body["total_order"]
    taxes = (("Total HT", total["ht"]), ("TVA", total["tva_amount"]))
    return tape.TICKET.format(
        shop=escape(catalogue.name),
        table=escape(str(body["table"])),
        covers=escape(str(body["nbCouverts"])),
        time=tape.time(entry["booked_at"]),
        number=tape.numbered(entry["number"]),
        state=escape(STATES.get(entry["state"], str(entry["state"]))),
        lines="\n".join(_lines(catalogue, body["products"])),
        rates=tape.rates(by_rate(body["products"])),
        taxes="".join(
            f"<div><dt>{name}</dt><dd>{tape.amount(exact(each))}</dd></div>\n"
            for name, each in taxes
        ),
        ttc=tape.amount(exact(total["ttc"])),
        late=tape.late(entry),
    )


def _lines(catalogue: Catalogue, products: list[dict[str, Any]]) -> Iterable[str]:
    for product in products:
        quantity = times(product)
        price = exact(product["price"]["unit_ttc"])
        name = escape(catalogue.article_name(product["id"]))
        yield tape.row(
            "product", str(quantity), name + tape.each(price, quantity), quantity * price
        )
        yield from _messages(product, quantity)
        for choice in product.get("products", ()):
            count = quantity * times(choice)
            supplement = exact(choice["price"]["unit_ttc"])
            name = escape(catalogue.article_name(choice["id"]))
            label = f"{count} {name}{tape.each(supplement, count) if supplement else ''}"
            yield tape.row("choice", "", label, count * supplement if supplement else None)
            yield from _messages(choice, count)


def _messages(line: dict[str, Any], count: int) -> Iterable[str]:
    for message in line.get("messages", ()):
        title = escape(str(message["title"]))
        if "id" not in message:
            yield tape.row("note", "", f"« {title} »", None)
        elif "add_price" in message:
            price = exact(message["add_price"])
            yield tape.row("option", "", f"{title}{tape.each(price, count)}", count * price)
        else:
            yield tape.row("option", "", title, None)
