"""The carte's texts ({language: text}, the house's own language first), and how money is written."""

import unicodedata

from django.utils.translation import get_language

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


def in_language(texts: dict[str, str], language: str | None = None) -> str:
    """The text in the language of the page (or the one given), else in the house's own."""
    wanted = language or get_language() or ""
    return texts.get(wanted) or texts.get(wanted.partition("-")[0]) or house(texts)


NO_BREAK, NARROW, MINUS = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", "\N{MINUS SIGN}"


def amount(cents: int) -> str:
    """ "24,00 €" in French, "€24.00" in English."""
    euros = f"{abs(cents) // 100:,}"
    rest = f"{abs(cents) % 100:02}"
    sign = MINUS if cents < 0 else ""
    if get_language() == "fr":
        return f"{sign}{euros.replace(',', NARROW)},{rest}{NO_BREAK}€"
    return f"{sign}€{euros}.{rest}"
