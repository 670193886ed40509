"""manage.py deliver: brings what was ordered to the registers."""

import signal
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pos_bridge import watchdog
from pos_bridge.worker import THREADS, NotMigrated, Worker


class Command(BaseCommand):
    help = (
        "Delivers orders to the registers until it is stopped (Ctrl-C or SIGTERM: what is in flight is "
        "finished first, which takes at most 15 seconds). Any number of these may run at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="deliver what is due now, then stop"
        )
        parser.add_argument(
            "--threads",
            type=int,
            default=THREADS,
            help="registers that are spoken to at the same time (%(default)s)",
        )

    def handle(self, *_: Any, once: bool, threads: int, **__: Any) -> None:
        # Refuses a database in which an order would not be safe; which one that is, the project says.
        self.check(tags=[Tags.database], databases=["default"], include_deployment_checks=True)
        worker = Worker(threads=threads, alive=watchdog.alive)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        try:
            worker.run(once=once)
        except NotMigrated as error:
            raise CommandError(str(error)) from None
        finally:
            watchdog.rest()
