"""What runs out during the service, and comes back: verbs of the house's people, kept with who did them."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction

from ordering.models import Option, Product, Restaurant, SetMenu
from ordering.services import acts, carte
from ordering.texts import house

Person = AbstractBaseUser | AnonymousUser
Thing = Product | Option | SetMenu
MOST = 9_999


def for_today(*, thing: Thing, by: Person) -> None:
    """Sold out for this day of service; it comes back by itself at five in the morning."""
    with transaction.atomic():
        carte.sell_out_until_tomorrow(things=[thing])
        _keep(thing, "sold_out_today", by)


def until_back(*, thing: Thing, by: Person) -> None:
    """Sold out until a person puts it back."""
    with transaction.atomic():
        carte.set_sold_out(things=[thing], sold_out=True)
        _keep(thing, "sold_out", by)


def put_back(*, thing: Thing, by: Person) -> None:
    """On sale again, in every way."""
    with transaction.atomic():
        carte.set_sold_out(things=[thing], sold_out=False)
        _keep(thing, "back_on_sale", by)


def count(*, thing: Thing, portions: int, by: Person) -> None:
    """So many are left, counted down by the orders; with any left it is on sale. Raises ValueError beyond MOST."""
    if not 0 <= portions <= MOST:
        raise ValueError(portions)
    with transaction.atomic():
        if portions:
            carte.set_sold_out(things=[thing], sold_out=False)
        else:
            carte.changed(restaurant_id=restaurant_of(thing).pk)
        type(thing)._default_manager.filter(pk=thing.pk).update(portions=portions)
        _keep(thing, "portions_left", by, portions=portions)


def restaurant_of(thing: Thing) -> Restaurant:
    return thing.group.restaurant if isinstance(thing, Option) else thing.restaurant


def _keep(thing: Thing, what: str, by: Person, **details: Any) -> None:
    name = house(thing.name)
    acts.record(by=by, restaurant=restaurant_of(thing), what=what, name=name, **details)
