"""What must be accepted, in two languages: English, as the terminal and stored drafts have it, and the reader's."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_noop

from ordering.models import ALLERGENS
from ordering.restaurant_file.mistakes import listed, show
from ordering.restaurant_file.sentences import Sentence

THINGS = {
    "category": gettext_noop("category %(key)s"),
    "option group": gettext_noop("option group %(key)s"),
    "course": gettext_noop("course %(key)s"),
    "product": gettext_noop("product %(key)s"),
    "option": gettext_noop("option %(key)s"),
    "set menu": gettext_noop("set menu %(key)s"),
}


class Caution(Sentence):
    """What a person must have read before an import is made. It is the English sentence: what was accepted is compared
    letter by letter, also by a process that speaks no other language. Lists are of allergens.
    """

    _what: str
    _key: str

    def __new__(cls, what: str, key: str, text: str, **values: Any) -> Caution:
        english = {
            name: listed(value) if isinstance(value, list) else value
            for name, value in values.items()
        }
        said = f"{THINGS[what] % {'key': show(key)}}: {text % english}"
        made = super().__new__(cls, said)
        made._what, made._key, made._text, made._values = what, key, text, values
        return made

    @property
    def said(self) -> str:
        """In the reader's language."""
        thing = gettext(THINGS[self._what]) % {"key": show(self._key)}
        values = {
            name: ", ".join(str(ALLERGENS.get(each, each)) for each in value)
            if isinstance(value, list)
            else value
            for name, value in self._values.items()
        }
        words = gettext(self._text) % values
        return gettext("%(thing)s: %(words)s") % {"thing": thing, "words": words}
