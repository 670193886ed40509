"""Prices of products, set menus and options, changed together and kept in mind. All in whole cents TTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from ordering.models import Option, OptionPriceChange, PriceChange, Product, SetMenu
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
    changed: Iterable[tuple[Product | SetMenu | Option, int]] = (),
    happy: Iterable[tuple[Product | SetMenu, int | None]] = (),
    by: Hand,
) -> None:
    """Write down what these cost before, and in their happy hours, where they cost something else now."""
    options: list[OptionPriceChange] = []
    others: list[PriceChange] = []
    how: dict[str, Any] = {"person": by.person, "way": by.way, "at": timezone.now()}
    for thing, before in changed:
        if thing.price == before:
            continue
        if isinstance(thing, Option):
            options.append(OptionPriceChange(option=thing, before=before, after=thing.price, **how))
        else:
            others.append(PriceChange(before=before, after=thing.price, **_of(thing), **how))
    for item, lower in happy:
        if item.happy_price != lower:
            others.append(
                PriceChange(happy=True, before=lower, after=item.happy_price, **_of(item), **how)
            )
    OptionPriceChange.objects.bulk_create(options)
    PriceChange.objects.bulk_create(others)


def _of(item: Product | SetMenu) -> dict[str, Any]:
    return {"product" if isinstance(item, Product) else "set_menu": item}
