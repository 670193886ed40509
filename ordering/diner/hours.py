"""Opening hours in words. Whether a slot is open is decided in ordering/slots.py, not here."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ordering import slots
from ordering.diner.said import Said, said
from ordering.models import Restaurant
from ordering.services import days
from ordering.slots import DAYS, Slots


def opens(restaurant: Restaurant, local: datetime) -> tuple[str, str] | None:
    """When it opens next: the day, empty where it is today and with its date where it is not soon, and the time."""
    moment = days.next_opening(restaurant, local)
    if moment is None or moment == local:
        return None
    day = "" if moment.date() == local.date() else _weekday(moment.weekday())
    if moment.date() - local.date() >= timedelta(days=7):
        day = date_format(moment, "DATE_FORMAT")
    return day, o_clock(moment.time())


def announced(restaurant: Restaurant, local: datetime, language: str) -> list[tuple[str, Said]]:
    """What is closed today or soon: the days in words, and what the house says of it."""
    found = []
    for closed in days.announced(restaurant, days.service_day(restaurant, local)):
        first, last = (date_format(day, "DATE_FORMAT") for day in days.span(closed))
        if first == last:
            when = _("Closed on %(day)s") % {"day": first}
        else:
            when = _("Closed from %(first)s to %(last)s") % {"first": first, "last": last}
        found.append((when, said(closed.get("text") or {}, language)))
    return found


def until(hours: Slots, local: datetime) -> str:
    """Until when what is open now takes orders; nothing where there is no such moment within a day."""
    ends = []
    for slot in hours or []:
        end = datetime.combine(local.date(), time.fromisoformat(slot["to"]), local.tzinfo)
        end += timedelta(days=end <= local)
        if not slots.is_open(hours, end):
            ends.append(end)
    return o_clock(min(ends).time()) if ends and slots.is_open(hours, local) else ""


def listed(hours: Slots) -> list[tuple[str, str]]:
    """The slots as printed on a door: days and times, and the days when it is closed."""
    hours = hours or []
    lines = [
        (_days(slot.get("days", DAYS)), f"{slot['from']}\N{NO-BREAK SPACE}– {slot['to']}")
        for slot in hours
        if slot.get("days", DAYS)
    ]
    open_days = {day for slot in hours for day in slot.get("days", DAYS)}
    closed = [day for day in DAYS if day not in open_days]
    return lines + ([(_days(closed), _("closed"))] if closed and hours else [])


def in_short(hours: Slots) -> str:
    """The slots within a line: “17:00–19:00”, “Monday to Friday 17:00–19:00, 22:00–01:00”."""
    lines = []
    for slot in hours or []:
        days = slot.get("days", DAYS)
        if days:
            named = f"{_days_within(days)} " if set(days) != set(DAYS) else ""
            lines.append(f"{named}{slot['from']}–{slot['to']}")
    return ", ".join(lines)


def o_clock(at: time) -> str:
    """ "19 h", "22 h 30" in French; "7 pm", "10:30 pm" in English; "19 Uhr", "22:30 Uhr" in German; "22:30" in
    Italian; in Spanish with the article that goes with it, "las 22:30".
    """
    space, minutes = "\N{NO-BREAK SPACE}", f":{at.minute:02}"
    match get_language():
        case "fr":
            return f"{at.hour}{space}h" + (f"{space}{at.minute:02}" if at.minute else "")
        case "de":
            return f"{at.hour}{minutes if at.minute else ''}{space}Uhr"
        case "it":
            return f"{at.hour}{minutes}"
        case "es":
            return f"{'la' if at.hour == 1 else 'las'}{space}{at.hour}{minutes}"
    half = "am" if at.hour < 12 else "pm"
    return f"{at.hour % 12 or 12}{minutes if at.minute else ''}{space}{half}"


def _weekday(index: int) -> str:
    """As within a sentence: Django's Italian begins each with a capital, as at the head of a calendar."""
    name = str(WEEKDAYS[index])
    return name.lower() if get_language() == "it" else name


def _days(named: Iterable[str]) -> str:
    return capfirst(_days_within(named))


def _days_within(named: Iterable[str]) -> str:
    """ "Tuesday to Friday", "Sunday, Monday": days that follow each other stand so, also over the week's end."""
    indexes = {DAYS.index(day) for day in named}
    if len(indexes) == 7:
        return _("Every day")
    starts = [index for index in range(7) if index in indexes and (index - 1) % 7 not in indexes]
    inside = [(starts[0] + offset) % 7 for offset in range(7)]
    names = [_weekday(index) for index in inside if index in indexes]
    if len(names) > 2 and len(starts) == 1:
        return _("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
    return ", ".join(names)
