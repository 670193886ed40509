"""The tape of a simulated Tiller register: a page in French on which an order looks like a ticket. No script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from html import escape
from typing import Any

from pos_bridge.simulator import json_text
from pos_bridge.simulator.amounts import euros, percent
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.leo2_sums import listed
from pos_bridge.simulator.tiller_till import STATES

LONGEST = 100
WORDS = {"IN_PROGRESS": "en cours", "CANCELED": "annulée", "CLOSED": "soldée"}

PAGE = """<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<title>Caisse simulée Tiller</title>
<link rel="stylesheet" href="/tape.css">
</head>
<body>
<header>
<h1>Caisse simulée Tiller</h1>
<p>{summary}</p>
</header>
<main>
{slips}
</main>
</body>
</html>
"""

TICKET = """<article class="ticket">
<p class="shop">{shop}</p>
<h2><span>Table</span> <strong>{table}</strong></h2>
<p class="facts"><span>Couverts&nbsp;: {covers}</span> <span>{time}</span></p>
<p class="facts"><span>Commande n°&nbsp;{number} {name}</span> <span class="state">{state}</span></p>
<table class="lines">
<thead class="unseen">
<tr><th scope="col">Quantité</th><th scope="col">Article</th><th scope="col">Montant TTC</th></tr>
</thead>
<tbody>
{lines}
</tbody>
</table>
<dl>
<div class="ttc"><dt>TOTAL TTC</dt><dd>{total} €</dd></div>
</dl>
</article>"""


def page(
    catalogue: Catalogue,
    entries: Sequence[dict[str, Any]],
    *,
    booked: int,
    waiting: int,
    refused: Sequence[dict[str, Any]],
) -> str:
    """The newest ticket first, with refused deliveries among them; at most the last hundred slips.

    `booked`: orders that the till has. `waiting`: those that Tiller's server has and the till does not.
    """
    slips = [(entry["booked_at"], _ticket(catalogue, entry)) for entry in entries[-LONGEST:]]
    slips += [(post["time"], _refusal(post)) for post in refused[-LONGEST:]]
    slips.sort(key=lambda slip: slip[0], reverse=True)
    nothing = '<p class="nothing">Aucun ticket pour le moment.</p>'
    summary = f"{_count(booked)} en caisse"
    if waiting:
        summary += f", {_count(waiting)} en attente chez Tiller"
    return PAGE.format(
        summary=summary, slips="\n".join(slip for _, slip in slips[:LONGEST]) or nothing
    )


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


def _ticket(catalogue: Catalogue, entry: dict[str, Any]) -> str:
    try:
        return _well_formed(catalogue, entry)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        # A register that is not strict takes what it can parse, so a ticket may be of any form.
        return (
            f'<article class="ticket"><h2>Commande n°&nbsp;{entry["number"]}</h2>'
            f'<p class="facts">{_time(entry["booked_at"])}</p>'
            f"<pre>{escape(entry['raw'][:2000])}</pre></article>"
        )


def _well_formed(catalogue: Catalogue, entry: dict[str, Any]) -> str:
    body = json_text.read(entry["raw"].encode("utf-8", "surrogateescape"))
    lines = [row for line in listed(body["lines"]) for row in _line(catalogue, line)]
    return TICKET.format(
        shop=escape(catalogue.name),
        table=escape(str(body["tableId"])),
        covers=escape(str(body["nbCustomers"])),
        time=_time(entry["booked_at"]),
        number=entry["number"],
        name=f"({escape(str(body['name']))})" if body.get("name") else "",
        state=WORDS[STATES[entry["state"]]],
        lines="\n".join(lines),
        total=_euros(total(body["lines"])),
    )


def _line(catalogue: Catalogue, line: dict[str, Any]) -> Iterable[str]:
    inside = "initialPrice" in line
    name = escape(line.get("name") or catalogue.article_name(line.get("productId")))
    quantity, price = line["quantity"], line["price"]
    if inside:
        yield _row("choice", "", f"{escape(str(quantity))} {name}", None)
    else:
        rate = json_text.amount(line["tax"]) if "tax" in line else None
        each = f' <span class="each">TVA {_french(percent(rate))}&nbsp;%</span>' if rate else ""
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
    amount = "" if cents is None else _euros(cents)
    return f'<tr class="{kind}"><td>{quantity}</td><td>{label}</td><td>{amount}</td></tr>'


def _refusal(post: dict[str, Any]) -> str:
    sentences = [*post.get("breaches", ()), *([post["reason"]] if "reason" in post else ())]
    reasons = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return (
        f'<article class="ticket refused"><h2>Commande refusée</h2>'
        f'<p class="facts"><span>{escape(str(post["external_id"]))}</span> '
        f"<span>{_time(post['time'])}</span></p><ul>{reasons}</ul></article>"
    )


def _count(count: int) -> str:
    return f"{count}&nbsp;commande{'s' if count > 1 else ''}"


def _euros(cents: int) -> str:
    return _french(euros(Fraction(cents, 100)))


def _french(number: str) -> str:
    return number.replace(".", ",").replace("-", "−")


def _time(seconds: float) -> str:
    """In this machine's own time zone, as a till prints it."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%d/%m/%Y %H:%M:%S")
