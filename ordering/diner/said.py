"""Texts of the carte on a page: which language they came in, so that a screen reader can be told."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.translation import get_language

Texts = dict[str, str]


@dataclass(frozen=True)
class Said:
    """A text and its language. Printed in a template it is the text, escaped."""

    text: str
    language: str

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return bool(self.text)

    @property
    def lang(self) -> str:
        """The attribute for the element around it: nothing where the page speaks the same language."""
        if not self.text or self.language.partition("-")[0] == get_language():
            return ""
        return format_html(' lang="{}"', self.language)


def said(texts: Texts | None, language: str) -> Said:
    """The text in this language, else in the house's own, which stands first."""
    texts = texts or {}
    for wanted in (language, language.partition("-")[0], *texts):
        if texts.get(wanted):
            return Said(texts[wanted], wanted)
    return Said("", language)
