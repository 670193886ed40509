"""Days when the house is closed, as lines of text: “24/12/2026 – 26/12/2026: Noël en famille”."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ordering.admin import widgets
from ordering.texts import house

DAY = r"(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4})"
LINE = re.compile(rf"{DAY}(?:\s*(?:[-–—]|au|to)\s*{DAY})?\s*(?::\s*(.+))?", re.ASCII)
HELP = _(
    "One line for each: “2026-12-24”, or “2026-12-24 – 2026-12-26: Christmas” with what guests read. "
    "A day begins at five in the morning. It is announced a week ahead."
)
MOST = 100
LONGEST = 200

Days = list[dict[str, Any]]


def closed_days_text(closed: Sequence[Mapping[str, Any]] | None) -> str:
    """One line for each, with the text in the house's own language."""
    lines = []
    for each in closed or ():
        days = " – ".join(_written(each[name]) for name in ("from", "to") if each.get(name))
        text = house(each.get("text"))
        lines.append(f"{days}: {text}" if text else days)
    return "\n".join(lines)


def parse_closed_days(lines: str) -> Days:
    """Such lines in the order of their days; `text` is one in the house's language. Raises ValidationError that quotes
    the line.
    """
    found = [_parsed(line.strip()) for line in lines.splitlines() if line.strip()]
    if len(found) > MOST:
        raise ValidationError(_("At most %(most)s lines."), code="many", params={"most": MOST})
    return sorted(found, key=lambda each: str(each["from"]))


def with_texts(found: Days, before: Days, language: str) -> Days:
    """As they are stored: other languages of a text that stays as it is are kept."""
    known = {(each["from"], each.get("to")): each.get("text") or {} for each in before}
    for each in found:
        if "text" in each:
            old = known.get((each["from"], each.get("to")), {})
            each["text"] = old if house(old) == each["text"] else {language: each["text"]}
    return found


def _written(day: str) -> str:
    """As people here write it, and as it is read again."""
    french = (get_language() or "").startswith("fr")
    return f"{date.fromisoformat(day):%d/%m/%Y}" if french else day


def _parsed(line: str) -> dict[str, Any]:
    match = LINE.fullmatch(line)
    days = [_day(text) for text in match.groups()[:2] if text] if match else [None]
    if match is None or not all(days):
        raise ValidationError(
            _(
                "“%(line)s” is not a day that is closed. Write it as “2026-12-24 – 2026-12-26: why”."
            ),
            code="line",
            params={"line": line[:60]},
        )
    if sorted(map(str, days)) != list(map(str, days)):
        raise ValidationError(
            _("“%(line)s”: the last day is before the first."),
            code="order",
            params={"line": line[:60]},
        )
    text = (match[3] or "").strip()
    if len(text) > LONGEST:
        raise ValidationError(
            _("“%(line)s…”: at most %(most)s characters for what guests read."),
            code="long",
            params={"line": line[:60], "most": LONGEST},
        )
    found: dict[str, Any] = {"from": str(days[0])}
    if len(days) == 2 and days[0] != days[1]:
        found["to"] = str(days[1])
    return {**found, "text": text} if text else found


def _day(text: str) -> date | None:
    parts = [int(part) for part in re.split(r"[-/.]", text)]
    try:
        return date(*parts) if "-" in text else date(*reversed(parts))
    except ValueError:
        return None


class ClosedDaysInput(widgets.LinesInput):
    say_lines = staticmethod(closed_days_text)


class ClosedDaysField(forms.Field):
    """Lines of text; see RestaurantForm for the languages of what guests read."""

    widget = ClosedDaysInput

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else closed_days_text(value)

    def to_python(self, value: Any) -> Days:
        return parse_closed_days(value) if isinstance(value, str) else value or []

    def has_changed(self, initial: Any, data: Any) -> bool:
        return closed_days_text(initial).split("\n") != [
            line.strip() for line in str(data or "").splitlines()
        ]
