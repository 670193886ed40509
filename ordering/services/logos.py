"""A restaurant's logo: a photo that it names, and what is drawn of it when it has been saved, as photos are made small.

A page shows it as `Restaurant.logo_drawn` says. Until it is drawn there is none.
"""

import logging
from functools import partial

from django.db import transaction
from django.db.models import Exists, Q, QuerySet

from ordering.models import Photo, PhotoSize, Product, Restaurant, SetMenu
from ordering.restaurant_file.logos import FILES, DrawnLogo, drawn
from ordering.restaurant_file.photos import NotAPhotoError, PhotoFile, look_at
from ordering.services import carte

logger = logging.getLogger(__name__)


def put_up(*, restaurant: Restaurant, logo: PhotoFile) -> None:
    """Show this logo from now on. The one before is deleted, where nothing else shows it."""
    before = restaurant.logo
    # The name says which picture it is, so that none takes the place of one that something else shows.
    name = f"logo-{logo.sha256[:8]}.{logo.content_type.partition('/')[2]}"
    with transaction.atomic():
        Photo.objects.update_or_create(restaurant=restaurant, name=name, defaults=logo.columns)
        restaurant.logo = name
        restaurant.save(update_fields=["logo"])
        settle(restaurant=restaurant)
        _delete_unused(restaurant, before)


def take_down(*, restaurant: Restaurant) -> None:
    """Show none any more. Its picture is deleted, where nothing else shows it."""
    before = restaurant.logo
    with transaction.atomic():
        restaurant.logo = ""
        restaurant.save(update_fields=["logo"])
        settle(restaurant=restaurant)
        _delete_unused(restaurant, before)


def settle(*, restaurant: Restaurant) -> None:
    """Called where its name or its picture may be another one now: what was drawn of another is not shown any more, and
    this one is drawn once the transaction is through.
    """
    photo = _photo(restaurant).values_list("sha256", flat=True).first()
    if restaurant.logo_drawn and restaurant.logo_drawn["sha256"] != photo:
        carte.changed(restaurant_id=restaurant.pk)
        restaurant.logo_drawn = None
        restaurant.save(update_fields=["logo_drawn"])
    if photo:
        transaction.on_commit(partial(_draw, restaurant.pk), robust=True)


def draw_all() -> int:
    """Draw what is not drawn yet; how many restaurants show their logo now that did not before."""
    named = Restaurant.objects.exclude(logo="").order_by("pk")
    return sum(_draw(pk) for pk in list(named.values_list("pk", flat=True)))


def _draw(pk: int) -> bool:
    """Read, then draw, then write, as photo_sizes does: the database is held for the writing alone."""
    restaurant = Restaurant.objects.filter(pk=pk).first()
    photo = restaurant and _photo(restaurant).first()
    if not restaurant or not photo:
        return False
    whole = photo.sizes.filter(made_of=photo.sha256, name__in=FILES).count() == len(FILES)
    if whole and restaurant.logo_drawn and restaurant.logo_drawn["sha256"] == photo.sha256:
        return False
    try:
        made = drawn(look_at(bytes(photo.content)))
    except NotAPhotoError as error:
        logger.warning("The logo of %s is not shown: %s", restaurant.slug, error)
        return False
    return _keep(restaurant, photo, made)


def _keep(restaurant: Restaurant, photo: Photo, made: DrawnLogo) -> bool:
    shown = {
        "sha256": photo.sha256,
        "width": made.width,
        "height": made.height,
        "light": made.light,
        "dark": made.dark,
    }
    with transaction.atomic():
        # This locks the restaurant, as its import does.
        carte.changed(restaurant_id=restaurant.pk)
        # Another picture may have come in its place meanwhile, or none.
        same = Exists(Photo.objects.filter(pk=photo.pk, sha256=photo.sha256))
        found = Restaurant.objects.filter(same, pk=restaurant.pk, logo=photo.name)
        if not found.update(logo_drawn=shown):
            return False
        PhotoSize.objects.filter(photo=photo, name__in=FILES).delete()
        PhotoSize.objects.bulk_create(
            PhotoSize(
                photo=photo,
                made_of=photo.sha256,
                name=each.name,
                content_type=each.content_type,
                content=each.content,
            )
            for each in made.files
        )
    return True


def _photo(restaurant: Restaurant) -> QuerySet[Photo]:
    return Photo.objects.filter(restaurant=restaurant, name=restaurant.logo).exclude(name="")


def _delete_unused(restaurant: Restaurant, name: str) -> None:
    shows = Q(restaurant=restaurant, photo=name)
    used = name == restaurant.logo or any(
        model._default_manager.filter(shows).exists() for model in (Product, SetMenu)
    )
    if not used:
        Photo.objects.filter(restaurant=restaurant, name=name).delete()
