"""Keeps every change of an allergen declaration, in the transaction that makes it (T34, P22)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ordering.models import AllergenChange, Option, Product
from ordering.texts import house

How = AllergenChange.How
# Well below the variables that SQLite takes in one statement.
BATCH = 80


@dataclass(frozen=True)
class Declared:
    """A product or an option, and what is declared of it. None: not declared."""

    model: type[Product] | type[Option]
    pk: int
    key: str
    name: str
    allergens: list[str] | None


def of(thing: Product | Option) -> Declared:
    """What this row says now."""
    key = f"{thing.group.key}/{thing.key}" if isinstance(thing, Option) else thing.key
    return Declared(type(thing), thing.pk, key, house(thing.name), thing.allergens)


def of_restaurant(restaurant_id: int) -> dict[tuple[Any, int], Declared]:
    """Every declaration of the carte, in two queries."""
    products = Product.objects.filter(restaurant=restaurant_id)
    options = Option.objects.filter(group__restaurant=restaurant_id).select_related("group")
    declared = [*(of(product) for product in products), *(of(option) for option in options)]
    return {(each.model, each.pk): each for each in declared}


def changed(
    *,
    restaurant_id: int,
    before: Declared | None,
    after: Declared | None,
    how: str,
    user: Any = None,
) -> AllergenChange | None:
    """The change from one to the other, not saved yet; None where nothing was declared otherwise.

    `before` None: it is new. `after` None: it was deleted.
    """
    thing = after or before
    old = before.allergens if before else None
    new = after.allergens if after else None
    if thing is None or _same(old, new):
        return None
    still = thing.pk if after else None
    return AllergenChange(
        restaurant_id=restaurant_id,
        product_id=still if thing.model is Product else None,
        option_id=still if thing.model is Option else None,
        key=thing.key,
        name=thing.name,
        before=old,
        after=new,
        deleted=after is None,
        how=how,
        user=user,
        user_name=user.get_username() if user else "",
    )


def keep(changes: list[AllergenChange | None]) -> None:
    """Write them down. Called in the transaction of what they tell."""
    AllergenChange.objects.bulk_create([each for each in changes if each], batch_size=BATCH)


@contextmanager
def watched(*, restaurant_id: int, how: str, user: Any = None) -> Iterator[None]:
    """Keep whatever changes inside, however it is written: for what changes many at once. Needs a transaction."""
    before = of_restaurant(restaurant_id)
    yield
    after = of_restaurant(restaurant_id)
    keep(
        [
            changed(
                restaurant_id=restaurant_id,
                before=before.get(which),
                after=after.get(which),
                how=how,
                user=user,
            )
            for which in dict.fromkeys([*before, *after])
        ]
    )


def _same(before: list[str] | None, after: list[str] | None) -> bool:
    if before is None or after is None:
        return before is after
    return set(before) == set(after)
