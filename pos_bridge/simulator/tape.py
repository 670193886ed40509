"""The tape of a simulated LEO2 register: a page in French on which a ticket looks like a ticket. No script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from html import escape
from typing import Any

from pos_bridge.simulator import json_text
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.leo2_sums import by_rate, euros, exact, percent, times

LONGEST = 100
STATES = {1: "reçue", 2: "validée", 4: "en erreur", 9: "soldée"}

PAGE = """<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<title>Caisse simulée LEO2</title>
<link rel="stylesheet" href="/tape.css">
</head>
<body>
<header>
<h1>Caisse simulée LEO2</h1>
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
<p class="facts"><span>Addition n°&nbsp;{number}</span> <span class="state">{state}</span></p>
<table class="lines">
<thead class="unseen">
<tr><th scope="col">Quantité</th><th scope="col">Article</th><th scope="col">Montant TTC</th></tr>
</thead>
<tbody>
{lines}
</tbody>
</table>
<table class="sums">
<thead><tr><th scope="col">Taux</th><th scope="col">HT</th><th scope="col">TVA</th><th scope="col">TTC</th></tr></thead>
<tbody>
{rates}
</tbody>
</table>
<dl>
<div><dt>Total HT</dt><dd>{ht}</dd></div>
<div><dt>TVA</dt><dd>{tva}</dd></div>
<div class="ttc"><dt>TOTAL TTC</dt><dd>{ttc} €</dd></div>
</dl>
{late}</article>"""


def page(
    catalogue: Catalogue,
    entries: Sequence[dict[str, Any]],
    *,
    booked: int,
    waiting: int,
    refused: Sequence[dict[str, Any]],
) -> str:
    """The newest ticket first, with refused deliveries among them; at most the last hundred slips.

    `entries` and `refused` need no more than the last hundred. `booked`: additions that the till has. `waiting`: those
    that the relay has and the till does not.
    """
    slips = [(entry["booked_at"], _ticket(catalogue, entry)) for entry in entries[-LONGEST:]]
    slips += [(post["time"], _refusal(post)) for post in refused[-LONGEST:]]
    slips.sort(key=lambda slip: slip[0], reverse=True)
    nothing = '<p class="nothing">Aucun ticket pour le moment.</p>'
    summary = f"{_count(booked, 'addition')} en caisse"
    if waiting:
        summary += f", {_count(waiting, 'addition')} en attente sur le relais"
    return PAGE.format(
        summary=summary, slips="\n".join(slip for _, slip in slips[:LONGEST]) or nothing
    )


def _count(count: int, word: str) -> str:
    return f"{count}&nbsp;{word}{'s' if count > 1 else ''}"


def _ticket(catalogue: Catalogue, entry: dict[str, Any]) -> str:
    try:
        return _well_formed(catalogue, entry)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        # A register that is not strict takes what it can parse, so a ticket may be of any form.
        number = escape(str(entry["number"]))
        return (
            f'<article class="ticket"><h2>Addition n°&nbsp;{number}</h2>'
            f'<p class="facts">{_time(entry["booked_at"])}</p>'
            f"<pre>{escape(entry['raw'][:2000])}</pre></article>"
        )


def _well_formed(catalogue: Catalogue, entry: dict[str, Any]) -> str:
    body = json_text.read(entry["raw"].encode("utf-8", "surrogateescape"))
    rates = [
        f'<tr><th scope="row">{_french(percent(rate))}&nbsp;%</th>'
        f"<td>{_euros(ht)}</td><td>{_euros(ttc - ht)}</td><td>{_euros(ttc)}</td></tr>"
        for rate, (ht, ttc) in by_rate(body["products"]).items()
    ]
    total = body["total_order"]
    hours, minutes = divmod(round(entry.get("late", 0) / 60), 60)
    late = f'<p class="late">Imprimée avec {hours}&nbsp;h {minutes:02d} de retard</p>\n'
    return TICKET.format(
        shop=escape(catalogue.name),
        table=escape(str(body["table"])),
        covers=escape(str(body["nbCouverts"])),
        time=_time(entry["booked_at"]),
        number=entry["number"],
        state=escape(STATES.get(entry["state"], str(entry["state"]))),
        lines="\n".join(_lines(catalogue, body["products"])),
        rates="\n".join(rates),
        ht=_euros(exact(total["ht"])),
        tva=_euros(exact(total["tva_amount"])),
        ttc=_euros(exact(total["ttc"])),
        late=late if "late" in entry else "",
    )


def _lines(catalogue: Catalogue, products: list[dict[str, Any]]) -> Iterable[str]:
    for product in products:
        quantity = times(product)
        price = exact(product["price"]["unit_ttc"])
        name = escape(catalogue.article_name(product["id"]))
        yield _row("product", str(quantity), name + _each(price, quantity), quantity * price)
        yield from _messages(product, quantity)
        for choice in product.get("products", ()):
            count = quantity * times(choice)
            supplement = exact(choice["price"]["unit_ttc"])
            name = escape(catalogue.article_name(choice["id"]))
            label = f"{count} {name}{_each(supplement, count) if supplement else ''}"
            yield _row("choice", "", label, count * supplement if supplement else None)
            yield from _messages(choice, count)


def _messages(line: dict[str, Any], count: int) -> Iterable[str]:
    for message in line.get("messages", ()):
        title = escape(str(message["title"]))
        if "id" not in message:
            yield _row("note", "", f"« {title} »", None)
        elif "add_price" in message:
            price = exact(message["add_price"])
            yield _row("option", "", f"{title}{_each(price, count)}", count * price)
        else:
            yield _row("option", "", title, None)


def _each(price: Fraction, count: int) -> str:
    return f' <span class="each">à&nbsp;{_euros(price)}</span>' if count > 1 else ""


def _row(kind: str, quantity: str, label: str, amount: Fraction | None) -> str:
    shown = "" if amount is None else _euros(amount)
    return f'<tr class="{kind}"><td>{quantity}</td><td>{label}</td><td>{shown}</td></tr>'


def _refusal(post: dict[str, Any]) -> str:
    sentences = [*post.get("breaches", ()), *([post["reason"]] if "reason" in post else ())]
    reasons = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return (
        f'<article class="ticket refused"><h2>Addition refusée</h2>'
        f'<p class="facts"><span>Addition n°&nbsp;{escape(str(post["number"]))}</span> '
        f"<span>{_time(post['time'])}</span></p><ul>{reasons}</ul></article>"
    )


def _euros(amount: Fraction) -> str:
    return _french(euros(amount))


def _french(number: str) -> str:
    return number.replace(".", ",").replace("-", "−")


def _time(seconds: float) -> str:
    """In this machine's own time zone, as a till prints it."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%d/%m/%Y %H:%M:%S")
