"""`manage.py table_links SLUG`: each table's number and the address that its card shows, a tab between them."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ordering.models import Restaurant


class Command(BaseCommand):
    help = "Prints each table's number, a tab, and the address of its card. Whoever has it can order there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")

    def handle(self, *, slug: str, **_: Any) -> None:
        restaurant = Restaurant.objects.filter(slug=slug).first()
        if restaurant is None:
            raise CommandError(f"There is no restaurant {slug}.")
        for table in restaurant.tables.order_by("position", "number"):
            self.stdout.write(f"{table.number}\t{settings.BASE_URL}/t/{table.code}/")
