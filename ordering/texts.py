"""The carte's texts ({language: text}, the house's own language first), and how money is written."""

from django.utils.translation import get_language


def house(texts: dict[str, str] | None) -> str:
    """The text in the house's own language: it was written first."""
    return next(iter((texts or {}).values()), "")


def in_language(texts: dict[str, str], language: str | None = None) -> str:
    """The text in the language of the page (or the one given), else in the house's own."""
    wanted = language or get_language() or ""
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
