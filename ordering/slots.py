"""Slots: when something is served, as the restaurant file writes it.

    [{"days": ["mon", "tue"], "from": "19:00", "to": "23:30"}]

`None` is always, an empty list is never. A slot is open from its start up to, and not at, its end; an end before its
start runs past midnight, and the days are those of the start. A start and an end that are the same are a whole day from
that moment on. No days are every day; an empty list of days is no day.

All times are the restaurant's wall clock: in the night in which the clock is changed, a slot is longer or shorter.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")

Slot = dict[str, Any]
Slots = list[Slot] | None


def is_open(slots: Slots, moment: datetime) -> bool:
    """Whether it is served at this moment of the restaurant's local time."""
    if slots is None:
        return True
    now = _wall(moment)
    # Yesterday's slot may run past midnight.
    days = (now.date() - timedelta(days=1), now.date())
    return any(start <= now < end for day in days for start, end in _spans(slots, day))


def next_opening(slots: Slots, moment: datetime) -> datetime | None:
    """When it is served next: the moment itself where it is, None where it never will be. Local time, as given."""
    if is_open(slots, moment):
        return moment
    now = _wall(moment)
    starts = [
        start
        for days in range(8)
        for start, _end in _spans(slots or [], now.date() + timedelta(days=days))
        if start > now
    ]
    return min(starts).replace(tzinfo=moment.tzinfo) if starts else None


def problem(slots: Any) -> str | None:
    """What is wrong with these slots, in words of the page's language, or None."""
    if slots is None:
        return None
    if not isinstance(slots, list):
        return _("This is not a list of times.")
    for number, slot in enumerate(slots, 1):
        if said := _slot_problem(slot):
            return _("Time %(number)s: %(problem)s") % {"number": number, "problem": said}
    return None


def _slot_problem(slot: Any) -> str | None:
    if not isinstance(slot, dict) or not {"from", "to"} <= set(slot) <= {"days", "from", "to"}:
        return _("it needs “from” and “to”, and may have “days”.")
    for name in ("from", "to"):
        if not isinstance(slot[name], str) or not TIME.fullmatch(slot[name]):
            return _("a time is written as 19:30.")
    days = slot.get("days", [])
    if not isinstance(days, list) or any(day not in DAYS for day in days):
        return _("the days are %(days)s.") % {"days": ", ".join(DAYS)}
    return None


def _wall(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _spans(slots: list[Slot], day: date) -> Iterator[tuple[datetime, datetime]]:
    """Start and end of what starts on this day."""
    name = DAYS[day.weekday()]
    for slot in slots:
        if name in slot.get("days", DAYS):
            start = datetime.combine(day, time.fromisoformat(slot["from"]))
            end = datetime.combine(day, time.fromisoformat(slot["to"]))
            yield start, end if end > start else end + timedelta(days=1)
