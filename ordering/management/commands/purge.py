"""`manage.py purge [--days 90]`: deletes what is kept for a while and no longer. To be run each night."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ordering.services import retention


class Command(BaseCommand):
    help = (
        "Deletes the tries of delivered orders, the alarms that are over and the like that are older than so many "
        "days. Orders are kept. It may run during the service: it never holds the database for long."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days", type=int, default=retention.KEPT_DAYS, help="kept so long (%(default)s)"
        )

    def handle(self, *, days: int, **_: Any) -> None:
        if days < 1:
            raise CommandError("--days must be at least 1.")
        for purged in retention.purge(days=days, now=timezone.now()):
            self.stdout.write(f"{purged.kind} older than {days} days: {purged.rows} deleted")
