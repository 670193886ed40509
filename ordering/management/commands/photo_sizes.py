"""`manage.py photo_sizes`: makes the sizes of photos and logos that lack them, after an update that brings them."""

from typing import Any

from django.core.management.base import BaseCommand

from ordering.services import logos, photo_sizes


class Command(BaseCommand):
    help = (
        "Makes the small sizes of photos that have none yet. Until then phones get them as they are, and of a logo "
        "nothing. It may run during "
        "the service: it never holds the database for long, and whatever it has made stays when it is stopped."
    )

    def handle(self, **_: Any) -> None:
        self.stdout.write(f"photos: {photo_sizes.make()} got their sizes")
        self.stdout.write(f"logos: {logos.draw_all()} were drawn")
