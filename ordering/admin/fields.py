"""Form fields made for people: "12,50" for money, one input for each language, slots as lines of text."""

import json
import re
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ordering.admin import widgets
from ordering.models import ALLERGENS, DIETS
from ordering.restaurant_file.languages import is_language
from ordering.restaurant_file.networks import network_of
from ordering.slots import DAYS as WEEK

# As in the restaurant file: at most 999 999.99.
AMOUNT = re.compile(r"(-?)([0-9]{1,6})(?:[.,]([0-9]{1,2}))?")
LONGEST_TEXT = 5_000
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")

FRENCH_WEEK = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
DAYS = {name: WEEK[i] for week in (WEEK, FRENCH_WEEK) for i, name in enumerate(week)}
DASH = r"\s*[-–—]\s*"
TIME = r"([01]?[0-9]|2[0-3])(?:[:h]([0-5][0-9])|h)"
SLOT = re.compile(rf"(?:(?P<days>[^0-9]*?)\s*:?\s+)?{TIME}{DASH}{TIME}", re.ASCII)
NEVER = {"en": "never", "fr": "jamais"}


# --- Money and percent -------------------------------------------------------------------------


def amount_text(cents: int) -> str:
    """ "12,50" in French, "12.50" in English, of 1250 cents."""
    return number_format(Decimal(cents) / 100, 2)


def amount_cents(text: str) -> int | None:
    """Cents of "12,50", "12.50", "12" or "-0,5"; None for anything else."""
    found = AMOUNT.fullmatch(re.sub(r"[\s€]", "", text))
    if found is None:
        return None
    sign, whole, part = found.groups()
    cents = int(whole) * 100 + int((part or "").ljust(2, "0"))
    return -cents if sign else cents


class AmountInput(widgets.AmountInput):
    say_amount = staticmethod(amount_text)


class MoneyField(forms.Field):
    """Euros as they are written, cents as they are stored. No float on the way."""

    widget = AmountInput
    default_error_messages = {
        "amount": _("“%(text)s” is not an amount. Write it as 12,50 or 12.50."),
        "below_zero": _("An amount below zero is not possible here."),
    }

    def __init__(self, *, signed: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.signed = signed

    def prepare_value(self, value: Any) -> Any:
        return amount_text(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        cents = value if isinstance(value, int) else amount_cents(value)
        if cents is None:
            raise ValidationError(
                self.error_messages["amount"], code="amount", params={"text": str(value)[:20]}
            )
        if cents < 0 and not self.signed:
            raise ValidationError(self.error_messages["below_zero"], code="below_zero")
        return cents


class PercentField(forms.DecimalField):
    """A rate of VAT: "5,5" or "5.5"."""

    widget = widgets.ShortInput

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            places = max(0, -int(value.normalize().as_tuple().exponent))
            return number_format(value, places)
        return value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip().removesuffix("%").strip().replace(",", ".")
        return super().to_python(value)


# --- Texts and languages -----------------------------------------------------------------------


class TextsField(forms.Field):
    """{language: text}. The first language is the house's own, and required where the text is."""

    widget = widgets.TextsInput
    default_error_messages = {
        "house": _("Write it in “%(language)s”, the language of the house, first."),
        "long": _("The text in “%(language)s” is longer than %(most)s characters."),
    }

    def __init__(self, *, long: bool = False, most: int = LONGEST_TEXT, **kwargs: Any) -> None:
        super().__init__(widget=widgets.TextsInput(long=long), **kwargs)
        self.long = long
        self.most = most
        self.languages: list[str] = []

    def speak(self, languages: Iterable[str], value: Mapping[str, str] | None) -> None:
        """Ask for these languages, and for those that the text has already, so that none is lost."""
        self.languages = list(dict.fromkeys([*languages, *(value or {})]))
        self.widget.languages = self.languages

    def to_python(self, value: Any) -> dict[str, str]:
        texts = {language: text.strip() for language, text in (value or {}).items()}
        if not self.long:
            # A name stands on one line.
            texts = {language: " ".join(text.split()) for language, text in texts.items()}
        return {language: text for language, text in texts.items() if text}

    def validate(self, value: dict[str, str]) -> None:
        super().validate(value)
        if value and self.languages[0] not in value:
            raise ValidationError(
                self.error_messages["house"],
                code="house",
                params={"language": self.languages[0]},
            )
        for language, text in value.items():
            if len(text) > self.most:
                raise ValidationError(
                    self.error_messages["long"],
                    code="long",
                    params={"language": language, "most": self.most},
                )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and self.to_python(initial) != self.to_python(data)


class LanguagesField(forms.Field):
    """Codes of languages with commas between, the house's own first."""

    widget = widgets.WrittenInput
    default_error_messages = {
        "code": _("“%(code)s” is not the code of a language. Write fr, en, de and so on."),
        "twice": _("“%(code)s” stands there twice."),
    }

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        codes = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else value or []
        codes = [code for code in codes if code]
        for place, code in enumerate(codes):
            if not (LANGUAGE.fullmatch(code) and is_language(code)):
                raise ValidationError(
                    self.error_messages["code"], code="code", params={"code": code[:20]}
                )
            if code in codes[:place]:
                raise ValidationError(
                    self.error_messages["twice"], code="twice", params={"code": code}
                )
        return codes


class NetworksField(forms.Field):
    """Addresses and networks with commas between, stored as networks."""

    widget = widgets.WrittenInput
    default_error_messages = {
        "network": _(
            "“%(text)s” is not a network. Write an address, 203.0.113.7, or one with a length, 203.0.113.0/24."
        ),
    }

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        written = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else value or []
        networks = []
        for text in filter(None, written):
            network = network_of(text)
            if network is None:
                raise ValidationError(
                    self.error_messages["network"], code="network", params={"text": text[:50]}
                )
            networks.append(network)
        return list(dict.fromkeys(networks))


class TimeZoneField(forms.CharField):
    default_error_messages = {
        "unknown": _("“%(name)s” is not a time zone. Write Europe/Paris, Europe/Berlin and so on."),
    }

    def validate(self, value: str) -> None:
        super().validate(value)
        if value not in zoneinfo.available_timezones():
            raise ValidationError(
                self.error_messages["unknown"], code="unknown", params={"name": value[:40]}
            )


# --- Slots -------------------------------------------------------------------------------------


def slots_text(slots: Sequence[Mapping[str, Any]] | None) -> str:
    """One line for each slot: "mar–ven 12:00-14:00"."""
    language = "fr" if (get_language() or "").startswith("fr") else "en"
    if slots is None:
        return ""
    if not slots:
        return NEVER[language]
    lines = []
    for slot in slots:
        days = _days_text(slot["days"], language) if "days" in slot else ""
        lines.append(f"{days} {slot['from']}-{slot['to']}".strip())
    return "\n".join(lines)


def parse_slots(text: str) -> list[dict[str, Any]] | None:
    """The slots of such lines, None of an empty text. Raises ValidationError that quotes the line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return None
    if len(lines) == 1 and lines[0].casefold() in NEVER.values():
        return []
    return [_parsed_slot(line) for line in lines]


def _days_text(days: Sequence[str], language: str) -> str:
    """ "mar–ven, dim": runs of three days and more are drawn together."""
    if not days:
        return NEVER[language]
    names = FRENCH_WEEK if language == "fr" else WEEK
    indexes = sorted(WEEK.index(day) for day in days)
    runs: list[list[int]] = []
    for index in indexes:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    parts: list[str] = []
    for run in runs:
        if len(run) > 2:
            parts.append(f"{names[run[0]]}–{names[run[-1]]}")
        else:
            parts += [names[index] for index in run]
    return ", ".join(parts)


def _parsed_slot(line: str) -> dict[str, Any]:
    found = SLOT.fullmatch(line.casefold())
    if found is None:
        raise ValidationError(
            _("“%(line)s” is not understood. Write it as “tue–fri 12:00-14:30” or “19:00-02:00”."),
            code="slot",
            params={"line": line[:60]},
        )
    _days, from_hour, from_minute, to_hour, to_minute = found.groups()
    slot: dict[str, Any] = {
        "from": f"{int(from_hour):02}:{from_minute or '00'}",
        "to": f"{int(to_hour):02}:{to_minute or '00'}",
    }
    if found["days"]:
        slot = {"days": _parsed_days(found["days"], line), **slot}
    return slot


def _parsed_days(text: str, line: str) -> list[str]:
    if text.strip() in NEVER.values():
        return []
    days: set[int] = set()
    for part in re.split(r"[,;+&]|\bet\b|\band\b", text):
        ends = [_day(name, line) for name in re.split(DASH, part.strip())]
        if len(ends) > 2:
            raise _unknown_day(part, line)
        # "sat–mon" runs over the end of the week.
        length = (ends[-1] - ends[0]) % 7
        days |= {(ends[0] + step) % 7 for step in range(length + 1)}
    return [WEEK[index] for index in sorted(days)]


def _day(name: str, line: str) -> int:
    # Full names too: "mardi", "Tuesday".
    day = DAYS.get(name.strip().rstrip(".")[:3])
    if day is None:
        raise _unknown_day(name, line)
    return WEEK.index(day)


def _unknown_day(name: str, line: str) -> ValidationError:
    return ValidationError(
        _("“%(name)s” in “%(line)s” is not a day. Write mon, tue, wed, thu, fri, sat or sun."),
        code="day",
        params={"name": name.strip()[:20], "line": line[:60]},
    )


class SlotsInput(widgets.LinesInput):
    say_lines = staticmethod(slots_text)


class SlotsField(forms.Field):
    """Hours as lines of text; empty is None: at any hour."""

    widget = SlotsInput

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else slots_text(value)

    def to_python(self, value: Any) -> list[dict[str, Any]] | None:
        return parse_slots(value) if isinstance(value, str) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != self.to_python(initial))
        except ValidationError:
            return True


# --- Allergens and diets -----------------------------------------------------------------------


class AllergensField(forms.Field):
    """None: not declared. []: verified to contain none. Else what it contains. Nothing is guessed between them."""

    widget = widgets.AllergensInput
    hidden_widget = widgets.SeenAllergens
    default_error_messages = {
        "state": _("Say which it is: not declared, verified to contain none, or what it contains."),
        "which": _("Tick what it contains, or choose another answer."),
        "contradiction": _(
            "Allergens are ticked, and the answer is “%(answer)s”. Choose “contains”, or untick them."
        ),
    }

    def to_python(self, value: Any) -> list[str] | None:
        """Of what the page says was declared when it was opened."""
        try:
            seen = json.loads(value or "null")
        except ValueError as error:
            raise ValidationError(self.error_messages["state"], code="state") from error
        return [key for key in ALLERGENS if key in seen] if isinstance(seen, list) else None

    def clean(self, value: Any) -> list[str] | None:
        state, boxes = widgets.AllergensInput.parts(value)
        contained = [key for key in ALLERGENS if key in boxes]
        if state not in widgets.ALLERGEN_STATES:
            raise ValidationError(self.error_messages["state"], code="state")
        if state != widgets.CONTAINS and boxes:
            raise ValidationError(
                self.error_messages["contradiction"],
                code="contradiction",
                params={"answer": widgets.ALLERGEN_STATES[state]},
            )
        if state == widgets.CONTAINS and not contained:
            raise ValidationError(self.error_messages["which"], code="which")
        return None if state == widgets.UNDECLARED else contained

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.clean(initial) != self.clean(data)
        except ValidationError:
            return True


class DietsField(forms.MultipleChoiceField):
    widget = widgets.Boxes

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=DIETS.items(), **kwargs)

    def clean(self, value: Any) -> list[str]:
        ticked = super().clean(value)
        return [key for key in DIETS if key in ticked]
