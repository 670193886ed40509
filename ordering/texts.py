"""The carte's texts ({language: text}, the house's own language first), and how money is written."""

import unicodedata
from contextvars import ContextVar

from django.utils.translation import get_language

from ordering.languages import interface

# The language that the carte is read in, where the interface around it speaks another.
_read_in: ContextVar[str] = ContextVar("read_in", default="")

# Letters that Unicode does not take apart.
LIGATURES = str.maketrans(
    {"œ": "oe", "Œ": "Oe", "æ": "ae", "Æ": "Ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d"}
)


def folded(text: str) -> str:
    """Without accents and capitals."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(LIGATURES))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def house(texts: dict[str, str] | None) -> str:
    """The text in the house's own language: it was written first."""
    return next(iter((texts or {}).values()), "")


def read_in(language: str) -> None:
    """From here on in this request texts are in this language, as long as the interface is its own."""
    _read_in.set(language)


def in_language(texts: dict[str, str], language: str | None = None) -> str:
    """The text in the language that the carte is read in (or the one given), else in the house's own."""
    page, read = get_language() or "", _read_in.get()
    wanted = language or (read if read and interface(read) == page else page)
    return texts.get(wanted) or texts.get(wanted.partition("-")[0]) or house(texts)


NO_BREAK, NARROW, MINUS = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\N{MINUS SIGN}"

# Between the thousands, and from which number on; where the comma stands before the cents and the euro behind them.
GROUPING = {"fr": (NARROW, 0), "de": (".", 0), "es": (".", 10_000), "it": (".", 10_000)}


def amount(cents: int) -> str:
    """ "1 024,00 €" in French, "1.024,00 €" in German, "1024,00 €" in Spanish and Italian, "€1,024.00" in English: as
    the browser's own Intl writes it, which counts with it on the phone.
    """
    euros, rest = divmod(abs(cents), 100)
    sign = MINUS if cents < 0 else ""
    separator, grouped_from = GROUPING.get(get_language() or "", ("", 0))
    if not separator:
        return f"{sign}€{euros:,}.{rest:02}"
    whole = f"{euros:,}".replace(",", separator) if euros >= grouped_from else str(euros)
    return f"{sign}{whole},{rest:02}{NO_BREAK}€"
