"""The tape of a simulated register: a page in French on which a ticket looks like a ticket. No script.

What stands on a ticket is told by each kind of register.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from html import escape
from typing import Any

from pos_bridge.simulator.amounts import euros, percent

LONGEST = 100

PAGE = """<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="3">
<title>{title}</title>
<link rel="stylesheet" href="/tape.css">
</head>
<body>
<header>
<h1>{title}</h1>
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
<p class="facts"><span>{number}</span> <span class="state">{state}</span></p>
<table class="lines">
<thead class="unseen">
<tr><th scope="col">Quantité</th><th scope="col">Article</th><th scope="col">Montant TTC</th></tr>
</thead>
<tbody>
{lines}
</tbody>
</table>
{rates}<dl>
{taxes}<div class="ttc"><dt>TOTAL TTC</dt><dd>{ttc} €</dd></div>
</dl>
{late}</article>"""


RATES = """<table class="sums">
<thead><tr><th scope="col">Taux</th><th scope="col">HT</th><th scope="col">TVA</th><th scope="col">TTC</th></tr></thead>
<tbody>
{rates}
</tbody>
</table>
"""

Ticket = Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Words:
    """What a register calls an addition, and where one waits that its till does not know yet."""

    noun: str
    relay: str


ADDITIONS = Words("addition", "sur le relais")


def page(
    title: str,
    ticket: Ticket,
    entries: Sequence[dict[str, Any]],
    *,
    booked: int,
    waiting: int,
    refused: Sequence[dict[str, Any]],
    words: Words = ADDITIONS,
) -> str:
    """The newest ticket first, with refused deliveries among them; at most the last hundred slips.

    `ticket` says an entry in HTML, and raises ArithmeticError, AttributeError, KeyError, TypeError or ValueError where
    it is not well formed: a register that is not strict takes what it can parse. `entries` and `refused` need no more
    than the last hundred. `booked`: additions that the till has. `waiting`: those that the relay has and the till does
    not.
    """
    slips = [(entry["booked_at"], _ticket(ticket, entry, words)) for entry in entries[-LONGEST:]]
    slips += [(post["time"], _refusal(post, words)) for post in refused[-LONGEST:]]
    slips.sort(key=lambda slip: slip[0], reverse=True)
    nothing = '<p class="nothing">Aucun ticket pour le moment.</p>'
    summary = f"{_count(booked, words.noun)} en caisse"
    if waiting:
        summary += f", {_count(waiting, words.noun)} en attente {words.relay}"
    return PAGE.format(
        title=escape(title),
        summary=summary,
        slips="\n".join(slip for _, slip in slips[:LONGEST]) or nothing,
    )


def _count(count: int, word: str) -> str:
    return f"{count}&nbsp;{word}{'s' if count > 1 else ''}"


def _ticket(ticket: Ticket, entry: dict[str, Any], words: Words) -> str:
    try:
        return ticket(entry)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return (
            f'<article class="ticket"><h2>{numbered(entry["number"], words)}</h2>'
            f'<p class="facts">{time(entry["booked_at"])}</p>'
            f"<pre>{escape(entry['raw'][:2000])}</pre></article>"
        )


def rates(sums: Mapping[Fraction, tuple[Fraction, Fraction]]) -> str:
    """HT and TTC in euros by VAT rate, as a table."""
    rows = [
        f'<tr><th scope="row">{french(percent(rate))}&nbsp;%</th>'
        f"<td>{amount(ht)}</td><td>{amount(ttc - ht)}</td><td>{amount(ttc)}</td></tr>"
        for rate, (ht, ttc) in sums.items()
    ]
    return RATES.format(rates="\n".join(rows))


def late(entry: dict[str, Any]) -> str:
    if "late" not in entry:
        return ""
    hours, minutes = divmod(round(entry["late"] / 60), 60)
    return f'<p class="late">Imprimée avec {hours}&nbsp;h {minutes:02d} de retard</p>\n'


def each(price: Fraction, count: int) -> str:
    return f' <span class="each">à&nbsp;{amount(price)}</span>' if count > 1 else ""


def row(kind: str, quantity: str, label: str, price: Fraction | None) -> str:
    shown = "" if price is None else amount(price)
    return f'<tr class="{kind}"><td>{quantity}</td><td>{label}</td><td>{shown}</td></tr>'


def numbered(number: object, words: Words = ADDITIONS) -> str:
    return f"{words.noun.capitalize()} n°&nbsp;{escape(str(number))}"


def _refusal(post: dict[str, Any], words: Words) -> str:
    sentences = [*post.get("breaches", ()), *([post["reason"]] if "reason" in post else ())]
    reasons = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return (
        f'<article class="ticket refused"><h2>{words.noun.capitalize()} refusée</h2>'
        f'<p class="facts"><span>{numbered(post["number"], words)}</span> '
        f"<span>{time(post['time'])}</span></p><ul>{reasons}</ul></article>"
    )


def amount(euros_ttc: Fraction) -> str:
    return french(euros(euros_ttc))


def french(number: str) -> str:
    return number.replace(".", ",").replace("-", "−")


def time(seconds: float) -> str:
    """In this machine's own time zone, as a till prints it."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%d/%m/%Y %H:%M:%S")
