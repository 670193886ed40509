"""The number that people see: the order's count at its restaurant on its day of service (days.py)."""

from datetime import date
from typing import Any

from django.db.models import Case, F, Subquery, When
from django.db.models.functions import Coalesce

from ordering.models import Order, Restaurant
from pos_bridge.prepared import Prepared, PreparedUpdate


def take(restaurant: Restaurant, day: date) -> int:
    """The number that people see, in the caller's transaction."""
    # One UPDATE, so that two tables never get one number; its row stays locked until the order is committed.
    _count_one.update(restaurant.pk, day)
    return int(_counted.column(restaurant.pk)[0])


def _one_more(restaurant: int, day: date) -> dict[str, Any]:
    """A day that is not the last one is new, or is back: the clock was set back over five in the morning (F38)."""
    given = Order.objects.filter(restaurant=restaurant, day=day).order_by("-number")
    of_the_day = Coalesce(Subquery(given.values("number")[:1]), 0)
    count = Case(When(order_day=day, then=F("order_count") + 1), default=of_the_day + 1)
    return {"order_count": count, "order_day": day}


_count_one = PreparedUpdate(
    lambda restaurant, day: Restaurant.objects.filter(pk=restaurant), _one_more
)
_counted = Prepared(
    lambda restaurant: Restaurant.objects.filter(pk=restaurant).values_list(
        "order_count", flat=True
    )
)
