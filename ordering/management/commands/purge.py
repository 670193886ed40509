"""`manage.py purge`: deletes what is kept for a while and no longer. `manage.py watch` does the same each day."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from ordering.services import retention


class Command(BaseCommand):
    help = (
        "Deletes what is older than guests are told that it is kept: orders with their lines and tries, visits, "
        "alarms, addresses of logins, and the like. What is open is kept. manage.py watch does it each day by "
        "itself; this does it now, and may run during the service: it never holds the database for long."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=settings.KEEP_DAYS,
            help="orders and what belongs to them (KEEP_DAYS, %(default)s)",
        )
        parser.add_argument(
            "--address-days",
            type=int,
            default=settings.KEEP_ADDRESSES_DAYS,
            help="network addresses (KEEP_ADDRESSES_DAYS, %(default)s)",
        )

    def handle(self, *, days: int, address_days: int, **_: Any) -> None:
        if days < 1 or address_days < 1:
            raise CommandError("--days and --address-days must be at least 1.")
        for purged in retention.purge(days=days, address_days=address_days, now=timezone.now()):
            self.stdout.write(f"{purged.kind} older than {purged.days} days: {purged.rows} deleted")
