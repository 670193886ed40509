"""A sentence of an import in two languages: English, as the terminal and stored drafts have it, and the reader's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from django.utils import translation
from django.utils.translation import gettext


class Sentence(str):
    """The English sentence, whoever reads; `said` is the same in the reader's language.

    `text` is a msgid, and its values stand in it: words and numbers, sentences, or lists of them.
    """

    _text: str
    _values: dict[str, Any]
    # Of what others have said in the reader's language already.
    _told: str | None = None

    def __new__(cls, text: str, **values: Any) -> Self:
        made = super().__new__(cls, _filled(text, values))
        made._text, made._values = text, values
        return made

    @property
    def said(self) -> str:
        if self._told is not None:
            return self._told
        values = {name: _said(value) for name, value in self._values.items()}
        return _filled(gettext(self._text), values)


def spoken_twice(speak: Callable[[], list[str]]) -> list[Sentence]:
    """The sentences of something that speaks the reader's language: asked in English, and in that one."""
    with translation.override("en"):
        made = [Sentence(text) for text in speak()]
    if made and not (translation.get_language() or "en").startswith("en"):
        told = speak()
        # Somebody may have changed the carte in between: then they stay English.
        if len(told) == len(made):
            for sentence, words in zip(made, told, strict=True):
                sentence._told = words
    return made


def _filled(text: str, values: Mapping[str, Any]) -> str:
    # Without values it may be anybody's text, with a % in it.
    return text % {name: _listed(value) for name, value in values.items()} if values else text


def _listed(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _said(value: Any) -> Any:
    if isinstance(value, list):
        return [_said(each) for each in value]
    return value.said if isinstance(value, Sentence) else value
