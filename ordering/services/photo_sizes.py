"""The sizes of photos. They are made when the photo has been saved, and never while somebody waits for the database."""

import logging
from collections.abc import Collection
from functools import partial

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet

from ordering.models import Photo, PhotoSize
from ordering.restaurant_file.logos import FILES
from ordering.restaurant_file.photo_sizes import NAMES, Made, sizes_of
from ordering.restaurant_file.photos import NotAPhotoError, look_at

logger = logging.getLogger(__name__)


def after_commit(*, restaurant_id: int, names: Collection[str]) -> None:
    """Make what these photos lack once this transaction is through. Where that fails, they are served as they are."""
    if names:
        photos = Photo.objects.filter(restaurant=restaurant_id, name__in=names)
        transaction.on_commit(partial(make, photos), robust=True)


def make(photos: QuerySet[Photo] | None = None) -> int:
    """Make the sizes that are missing, of these photos or of all; how many photos got some.

    It reads, then encodes, then writes, photo by photo: the database is held for the writing of one.
    """
    found = Photo.objects.all() if photos is None else photos
    of_it = Count("sizes", filter=Q(sizes__made_of=F("sha256"), sizes__name__in=NAMES))
    lacking = found.annotate(made=of_it).filter(made__lt=len(NAMES)).order_by("pk")
    return sum(_make(pk) for pk in list(lacking.values_list("pk", flat=True)))


def _make(pk: int) -> bool:
    photo = Photo.objects.filter(pk=pk).first()
    if photo is None:
        return False
    try:
        made = sizes_of(look_at(bytes(photo.content)))
    except NotAPhotoError as error:
        logger.warning("No sizes of photo %s are made: %s", photo.pk, error)
        return False
    return _keep(photo, made)


def _keep(photo: Photo, made: list[Made]) -> bool:
    with transaction.atomic():
        # Another picture may have come in its place meanwhile, or none.
        same = Photo.objects.filter(pk=photo.pk, sha256=photo.sha256)
        if not same.update(name=F("name")):
            return False
        PhotoSize.objects.filter(photo=photo).exclude(made_of=photo.sha256, name__in=FILES).delete()
        PhotoSize.objects.bulk_create(
            PhotoSize(
                photo=photo,
                made_of=photo.sha256,
                name=each.name,
                content_type=each.content_type,
                content=each.content,
            )
            for each in made
        )
    return True
