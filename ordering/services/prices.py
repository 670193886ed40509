"""Prices of products and set menus, changed together and kept in mind. All in whole cents TTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from ordering.models import PriceChange, Product, SetMenu
from ordering.services import carte

Way = PriceChange.Way
MOST = 999_999_99  # as in the restaurant file


@dataclass(frozen=True)
class Hand:
    """Who changes prices, and how. No person: a command of whoever runs the machine."""

    way: str
    person: Any = None


class MovedMeanwhile(Exception):
    """A price is not the one that was looked at. `thing` has the one of now; nothing was changed."""

    def __init__(self, thing: Product | SetMenu) -> None:
        super().__init__(thing.key)
        self.thing = thing


def reckoned(price: int, *, percent: Decimal, amount: int, step: int) -> int:
    """The price, so many percent and cents more (or less), rounded to the next `step` cents, half up.

    It may come out below 0 or above `MOST`: whoever asks for it judges that.
    """
    exact = price * (100 + percent) / 100 + amount
    return int((exact / step).quantize(Decimal(1), ROUND_HALF_UP)) * step


def change(
    *, before: Mapping[Product | SetMenu, int], after: Mapping[Product | SetMenu, int], by: Hand
) -> int:
    """Give these their new prices, all or none, and keep it. Returns how many differ. Raises MovedMeanwhile."""
    differing = [thing for thing in before if after[thing] != before[thing]]
    with transaction.atomic():
        # The restaurants first, as in carte.set_sold_out.
        for restaurant_id in sorted({thing.restaurant_id for thing in differing}):
            carte.changed(restaurant_id=restaurant_id)
        for thing in sorted(before, key=lambda thing: thing.pk):
            rows = type(thing)._default_manager.filter(pk=thing.pk, price=before[thing])
            if rows.update(price=after[thing]) != 1:
                thing.refresh_from_db(fields=["price"])
                raise MovedMeanwhile(thing)
            thing.price = after[thing]
        keep(changed=[(thing, before[thing]) for thing in differing], by=by)
    return len(differing)


def keep(
    *,
    changed: Iterable[tuple[Product | SetMenu, int]] = (),
    happy: Iterable[tuple[Product | SetMenu, int | None]] = (),
    by: Hand,
) -> None:
    """Write down what these cost before, and in their happy hours, where they cost something else now."""
    now = timezone.now()
    rows: list[tuple[Product | SetMenu, int | None, int | None, bool]]
    rows = [(thing, before, thing.price, False) for thing, before in changed]
    rows += [(thing, before, thing.happy_price, True) for thing, before in happy]
    PriceChange.objects.bulk_create(
        PriceChange(
            product=thing if isinstance(thing, Product) else None,
            set_menu=thing if isinstance(thing, SetMenu) else None,
            happy=is_happy,
            before=before,
            after=after,
            person=by.person,
            way=by.way,
            at=now,
        )
        for thing, before, after, is_happy in rows
        if after != before
    )
