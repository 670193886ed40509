"""The day of service: a party after midnight belongs to the evening before."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ordering.models import Restaurant

DAY_BEGINS = timedelta(hours=5)  # local time


def service_day(restaurant: Restaurant, moment: datetime) -> date:
    """The day of service, which begins at five in the morning, local time."""
    return (moment.astimezone(ZoneInfo(restaurant.timezone)) - DAY_BEGINS).date()
