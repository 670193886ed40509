"""Texts of the carte on a page: which language they came in, so that a screen reader can be told."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.translation import get_language

from ordering.languages import base, is_right_to_left

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
        """The attributes for the element around it, its language and its direction: nothing where the page has the
        same.
        """
        page = get_language() or ""
        if not self.text or base(self.language) == page:
            return ""
        language = format_html(' lang="{}"', self.language)
        written = is_right_to_left(self.language)
        if written == is_right_to_left(page):
            return language
        return format_html('{} dir="{}"', language, "rtl" if written else "ltr")


def said(texts: Texts | None, language: str) -> Said:
    """The text in this language, else in the house's own, which stands first."""
    texts = texts or {}
    for wanted in (language, language.partition("-")[0], *texts):
        if texts.get(wanted):
            return Said(texts[wanted], wanted)
    return Said("", language)
