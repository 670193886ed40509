"""What stands in a cell: text as a spreadsheet shows it, what it means in a restaurant file, and back.

`clean` raises ValueError with a sentence that says how to mend the cell.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from import_export.widgets import Widget

from ordering.restaurant_file.mistakes import show
from ordering.restaurant_file.parts import KEY
from ordering.restaurant_file.rules import LONGEST, SMALL, TEXT_AT_MOST

# What a spreadsheet might run as a formula (F19), in its wide forms too; and what was guarded like that before.
RUNS = re.compile(r"'*\s*[=+\-@\t\r＝＋－＠]")
PRICE = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,2}))?")
VAT = re.compile(r"([0-2]?[0-9](\.[0-9]{1,2})?|30)")
YES = {"yes", "oui", "true", "vrai", "1", "x"}
NO = {"", "no", "non", "false", "faux", "0"}
NONE = "none"
NONE_TOO = {NONE, "aucun", "aucun des 14", "none of the 14"}


def guarded(text: str) -> str:
    """The text as it is written into a cell, so that no spreadsheet runs it."""
    return f"'{text}" if RUNS.match(text) else text


def bare(cell: str) -> str:
    """The text that `guarded` made this cell of."""
    return cell[1:] if cell.startswith("'") and RUNS.match(cell) else cell


def folded(text: str) -> str:
    """Without accents, capitals and the blanks around it."""
    letters = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).strip()


class Text(Widget):
    """A text as it is; empty: left out."""

    def __init__(self, longest: int = TEXT_AT_MOST, *, one_line: bool = False) -> None:
        super().__init__()
        self.longest = longest
        self.one_line = one_line

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        text = bare(value)
        if not text.strip():
            return None
        if len(text) > self.longest:
            said = _("It has %(count)s characters; shorten it to %(most)s.")
            raise ValueError(said % {"count": len(text), "most": self.longest})
        if self.one_line and len(text.splitlines()) > 1:
            raise ValueError(_("It must stand on one line; take the line ends out."))
        return text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return guarded(value or "")


class Needed(Text):
    """A text that may not be empty."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        text = super().clean(value)
        if text is None:
            raise ValueError(_("It is empty, and every product needs it."))
        return text


class Key(Widget):
    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        key = value.strip()
        if not KEY.fullmatch(key):
            said = _(
                "%(cell)s is not a key. Write small letters without accents, digits and hyphens, "
                "like “plat-du-jour”."
            )
            raise ValueError(said % {"cell": show(value)})
        return key


class Price(Widget):
    """ "12.50" as in the restaurant file; "12,5", "12" and "12,50 €" too."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        found = PRICE.fullmatch(re.sub(r"[\s€]", "", value))
        if found is None:
            said = _(
                "%(cell)s is not a price. Write euros with two decimals, like 12.50, at most 999999.99."
            )
            raise ValueError(said % {"cell": show(value)})
        euros, cents = found.groups()
        return f"{int(euros)}.{(cents or '').ljust(2, '0')}"


class PriceOrNone(Price):
    """The same; empty: left out."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        return super().clean(value) if value.strip() else None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value or ""


class Vat(Widget):
    def clean(self, value: str, row: Any = None, **kwargs: Any) -> str:
        rate = re.sub(r"[\s%]", "", value).replace(",", ".")
        if not VAT.fullmatch(rate):
            said = _("%(cell)s is not a rate of VAT. Write percent from 0 to 30, like 10 or 5.5.")
            raise ValueError(said % {"cell": show(value)})
        return rate.rstrip("0").rstrip(".") if "." in rate else rate


class YesNo(Widget):
    def clean(self, value: str, row: Any = None, **kwargs: Any) -> bool | None:
        word = folded(value)
        if word not in YES | NO:
            said = _("%(cell)s is neither yes nor no. Write yes, or leave it empty.")
            raise ValueError(said % {"cell": show(value)})
        return True if word in YES else None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "yes" if value else ""


class Number(Widget):
    """A whole number from 1; empty: left out."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> int | None:
        word = value.strip()
        if not word:
            return None
        if not re.fullmatch(r"[0-9]{1,5}", word, re.ASCII) or not 1 <= int(word) <= SMALL:
            said = _("%(cell)s is not the number of a course. Write 1, 2 or 3, or leave it empty.")
            raise ValueError(said % {"cell": show(value)})
        return int(word)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class Words(Widget):
    """Words of a list with commas between; empty: left out. `named` has their names in the interface's languages."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        super().__init__()
        self.named = named

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> list[str] | None:
        found: list[str] = []
        for word in re.split(r"[,;\n]", value):
            if not word.strip():
                continue
            key = _keys(tuple(self.named.items())).get(folded(word))
            if key is None:
                said = _("%(word)s is not known here. Write one of: %(known)s.")
                known = ", ".join([*self.named, *self.also()])
                raise ValueError(said % {"word": show(word.strip()), "known": known})
            if key not in found:
                found.append(key)
        return found or None

    def also(self) -> list[str]:
        return []

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ", ".join(value or ())


class Allergens(Words):
    """Three states (P22): empty is not declared, “none” is verified without, else what it contains."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> list[str] | None:
        return [] if folded(value) in NONE_TOO else super().clean(value)

    def also(self) -> list[str]:
        return [NONE]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return NONE if value == [] else super().render(value)


class Keys(Words):
    """Keys of things that the restaurant has, exactly as they are."""

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> list[str] | None:
        found: list[str] = []
        for key in (word.strip() for word in re.split(r"[,;\n]", value)):
            if key and key not in self.named:
                said = _(
                    "There is no option group %(key)s. The keys of those there are: %(known)s."
                )
                known = ", ".join(list(self.named)[:20]) or "—"
                raise ValueError(said % {"key": show(key), "known": known})
            if key and key not in found:
                found.append(key)
        return found or None


@cache
def _keys(named: tuple[tuple[str, Any], ...]) -> dict[str, str]:
    """The key of each word, and of its name in each language of the interface."""
    known = {folded(key): key for key, _name in named}
    for language, _language in settings.LANGUAGES:
        with translation.override(language):
            known |= {folded(str(name)): key for key, name in named}
    return known


REGISTER_ID = Text(LONGEST["register_id"], one_line=True)
VOLUME = Text(LONGEST["volume"], one_line=True)
ORIGIN = Text(LONGEST["origin"], one_line=True)
