"""The carte's texts: {language: text}, the house's own language first."""

from django.utils.translation import get_language


def house(texts: dict[str, str] | None) -> str:
    """The text in the house's own language: it was written first."""
    return next(iter((texts or {}).values()), "")


def in_language(texts: dict[str, str], language: str | None = None) -> str:
    """The text in the language of the page (or the one given), else in the house's own."""
    wanted = language or get_language() or ""
    return texts.get(wanted) or texts.get(wanted.partition("-")[0]) or house(texts)
