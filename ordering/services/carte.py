"""Writes to the carte that do not belong to a form of admin."""

import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from ordering.models import Choice, Option, Photo, Product, Restaurant, SetMenu
from ordering.restaurant_file.photos import PhotoFile
from ordering.services import photo_sizes
from ordering.services.days import service_day


def changed(*, restaurant_id: int) -> None:
    """Make every cached page of this carte old. Called after each change of anything that a carte shows.

    No version comes twice, not even after last night's backup is restored: what is kept in files names the carte by it.
    """
    version = Greatest(F("carte_version") + 1, Value(_moment()))
    Restaurant.objects.filter(pk=restaurant_id).update(carte_version=version)


def _moment() -> int:
    """Milliseconds, which rise with time."""
    return time.time_ns() // 1_000_000


def set_sold_out(*, things: Sequence[Product | Option | SetMenu], sold_out: bool) -> None:
    """Say of these that they ran out, or that there is more of them. Each carte is made old once.

    What is on sale again is so in every way: no day that it waits for, and no count that stands at 0.
    """
    with transaction.atomic():
        _make_old(things)
        for thing in things:
            thing.sold_out = sold_out
            # Nothing else of it: somebody may be changing its price in this moment.
            columns = ["sold_out"]
            if not sold_out:
                thing.sold_out_until = None
                columns.append("sold_out_until")
            thing.save(update_fields=columns)
            if not sold_out:
                # Not as it was read: an order may just have given some back.
                type(thing).objects.filter(pk=thing.pk, portions=0).update(portions=None)


def sell_out_until_tomorrow(*, things: Sequence[Product | Option | SetMenu]) -> None:
    """Say of these that they ran out for this day of service, which ends at five in the morning, local time.

    What waits for a later day goes on waiting for it.
    """
    now = timezone.now()
    with transaction.atomic():
        _make_old(things)
        for thing in things:
            tomorrow = service_day(_restaurant(thing), now) + timedelta(days=1)
            thing.sold_out_until = max(tomorrow, thing.sold_out_until or tomorrow)
            thing.save(update_fields=["sold_out_until"])


def count_portions(*, thing: Product | SetMenu, seen: int | None, portions: int | None) -> bool:
    """So many are left, where it said `seen` when somebody counted. False: an order or a person was faster, and nothing
    was changed.
    """
    with transaction.atomic():
        # The restaurant first, as an order does it.
        changed(restaurant_id=thing.restaurant_id)
        found = type(thing)._default_manager.filter(pk=thing.pk, portions=seen)
        return bool(found.update(portions=portions))


def set_photo(*, thing: Product | SetMenu, photo: PhotoFile) -> None:
    """Show this picture with it.

    The name says which picture it is, so that none takes the place of one that something else shows. The one before
    stays to be chosen again; an import with `prune` deletes what nothing shows.
    """
    suffix = photo.content_type.partition("/")[2]
    name = f"{thing.key}-{photo.sha256[:8]}.{suffix}"
    with transaction.atomic():
        changed(restaurant_id=thing.restaurant_id)
        Photo.objects.update_or_create(
            restaurant_id=thing.restaurant_id, name=name, defaults=photo.columns
        )
        thing.photo = name
        thing.save(update_fields=["photo"])
        photo_sizes.after_commit(restaurant_id=thing.restaurant_id, names=[name])


def of_other_rates(menu: SetMenu) -> list[Product]:
    """The products that a set menu offers and that have another VAT rate than it, in the carte's order."""
    offered = Product.objects.filter(
        pk__in=Choice.objects.filter(course__set_menu=menu).values("product")
    )
    return list(offered.exclude(vat=menu.vat))


def _make_old(things: Sequence[Product | Option | SetMenu]) -> None:
    # The restaurants first: their rows keep two people apart who mark the same things in another order.
    for restaurant_id in sorted({_restaurant(thing).pk for thing in things}):
        changed(restaurant_id=restaurant_id)


def _restaurant(thing: Product | Option | SetMenu) -> Restaurant:
    return thing.group.restaurant if isinstance(thing, Option) else thing.restaurant
