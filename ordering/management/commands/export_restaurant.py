"""`manage.py export_restaurant SLUG`: a restaurant's file, on the terminal or with its photos in a folder."""

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ordering import restaurant_file
from ordering.models import Photo, Restaurant
from ordering.restaurant_file.files import save, save_photos
from ordering.services.transfer import export_with_warnings


class Command(BaseCommand):
    help = (
        "Writes a restaurant's file. Without secrets it can be shown to anybody; with them, a "
        "reinstalled restaurant keeps its printed cards and its register."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--with-secrets",
            action="store_true",
            help="also the register's keys and the tables' codes: keep that file like a key",
        )
        parser.add_argument(
            "--output", metavar="FILE", help="write there, and the photos beside it"
        )

    def handle(self, *, slug: str, with_secrets: bool, output: str | None, **_: Any) -> None:
        restaurant = Restaurant.objects.filter(slug=slug).first()
        if restaurant is None:
            raise CommandError(f"There is no restaurant {slug}.")
        data, warnings = export_with_warnings(restaurant, with_secrets=with_secrets)
        text = restaurant_file.write(data)
        if output is None:
            self.stdout.write(text, ending="")
        else:
            named = {
                item["photo"]
                for item in [*data["products"], *data.get("set_menus", [])]
                if "photo" in item
            } | {data.get("logo")}
            photos = restaurant.photos.filter(name__in=named)
            self._save(photos, Path(output), text, private=with_secrets)
        for warning in warnings:
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))

    def _save(self, photos: Iterable[Photo], path: Path, text: str, *, private: bool) -> None:
        try:
            save(path, text.encode(), private=private)
            left_out = save_photos(photos, path)
        except OSError as error:
            raise CommandError(f"{path}: it cannot be written: {error.strerror}.") from None
        for name in left_out:
            self.stderr.write(
                self.style.WARNING(
                    f"Warning: the photo {name!r} is not written; its name is no file's."
                )
            )
