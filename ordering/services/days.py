"""The day of service (a party after midnight belongs to the evening before), and the days when a house is closed."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ordering import slots
from ordering.models import Restaurant

DAY_BEGINS = timedelta(hours=5)  # local time
# So long before it a day that is closed is announced to guests.
ANNOUNCED = timedelta(days=7)

Closed = dict[str, Any]
"""An entry of Restaurant.closed_days."""


def service_day(restaurant: Restaurant, moment: datetime) -> date:
    """The day of service, which begins at five in the morning, local time."""
    return (moment.astimezone(ZoneInfo(restaurant.timezone)) - DAY_BEGINS).date()


def span(closed: Closed) -> tuple[date, date]:
    """Its first and its last day."""
    first = date.fromisoformat(closed["from"])
    return first, date.fromisoformat(closed["to"]) if closed.get("to") else first


def closed_on(restaurant: Restaurant, day: date) -> Closed | None:
    """Why this day of service is none."""
    for closed in restaurant.closed_days:
        first, last = span(closed)
        if first <= day <= last:
            found: Closed = closed
            return found
    return None


def announced(restaurant: Restaurant, day: date) -> list[Closed]:
    """What is closed on this day or soon after."""
    return [
        closed
        for closed in restaurant.closed_days
        if span(closed)[1] >= day and span(closed)[0] <= day + ANNOUNCED
    ]


def next_opening(restaurant: Restaurant, local: datetime) -> datetime | None:
    """When orders are taken next, `local` itself where they are now; None where that cannot be said."""
    # Each step goes over one entry at least; they may overlap.
    for _ in range(len(restaurant.closed_days) + 1):
        moment = slots.next_opening(restaurant.hours, local)
        if moment is None:
            return None
        closed = closed_on(restaurant, service_day(restaurant, moment))
        if closed is None:
            return moment
        after = span(closed)[1] + timedelta(days=1)
        local = datetime.combine(after, time(), local.tzinfo) + DAY_BEGINS
    return None
