"""All that calls for a person: one table of who finds it."""

from collections.abc import Callable, Iterable
from datetime import datetime

from ordering.board import approvals, calls, left_behind, undelivered
from ordering.board.need import Need
from ordering.models import Restaurant

Provider = Callable[[Restaurant, datetime], Iterable[Need]]

PROVIDERS: list[Provider] = [
    undelivered.needs,
    approvals.needs,
    left_behind.needs,
    calls.needs,
]


def needs(restaurant: Restaurant, now: datetime) -> list[Need]:
    """The oldest first."""
    found = [need for provider in PROVIDERS for need in provider(restaurant, now)]
    return sorted(found, key=lambda need: need.at)
