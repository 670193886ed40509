"""Happy hour: a product or a set menu has a lower price in slots of its own. Which price holds is said here alone: to
the carte, the product's page, the cart, the order, and with it the register.

    {"price": "8.00", "happy_price": "6.00", "happy_hours": [{"from": "17:00", "to": "19:00"}]}

Without slots there is no happy hour, and a happy price that is not the lower one is never taken.

What was put into the cart in a happy hour keeps its price for the minutes of grace that the restaurant gives after
last orders: who chose at 18:59 and taps “send” at 19:01 pays what they were shown. After that the price has changed,
and the diner is shown both before anything is sent (F15). Moments are local times of the restaurant, aware.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ordering.slots import is_open


class Priced(Protocol):
    """A product or a set menu, as a row or as it is compiled. Prices are cents TTC."""

    @property
    def price(self) -> int: ...
    @property
    def happy_price(self) -> int | None: ...
    @property
    def happy_hours(self) -> Any: ...


def happy_price(thing: Priced) -> int | None:
    """What it costs in its happy hours; None where it has none."""
    lower = thing.happy_price
    if lower is None or lower >= thing.price or not thing.happy_hours:
        return None
    return lower


def price_at(thing: Priced, *moments: datetime) -> int:
    """What it costs, where it is enough that one of these moments is in a happy hour."""
    lower = happy_price(thing)
    if lower is None or not any(is_open(thing.happy_hours, moment) for moment in moments):
        return thing.price
    return lower


def price_in_cart(thing: Priced, *, added_at: datetime, now: datetime, grace: timedelta) -> int:
    """What it costs now, having been put into the cart at `added_at`: at its price of now, or at that of a happy hour
    in which it stood in the cart already, and which ended no longer ago than the grace.
    """
    # Of the moments within the grace, the first at which it stood there. A clock that was set back makes no future.
    # In UTC: on the wall the grace is an hour longer or shorter in the night in which the clock is changed.
    added, until = added_at.astimezone(UTC), now.astimezone(UTC)
    stood_there = min(max(added, until - grace), until)
    return price_at(thing, now, stood_there.astimezone(now.tzinfo))
