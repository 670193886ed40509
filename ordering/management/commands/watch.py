"""manage.py watch: sends the alarms, and minds that orders are delivered."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ordering.checks import check_alarm_urls
from ordering.watch import Watch
from pos_bridge import watchdog
from pos_bridge.worker import NotMigrated


class Command(BaseCommand):
    help = (
        "Sends alarms to the addresses of ALARM_URLS, and minds the worker's heartbeat, until it is stopped "
        "(Ctrl-C or SIGTERM: what is being sent is finished first, which takes at most 15 seconds). "
        "Any number of these may run at once: each alarm is sent by one of them."
    )

    def handle(self, *_: Any, **__: Any) -> None:
        for found in check_alarm_urls():
            self.stderr.write(str(found))
        watch = Watch(alive=watchdog.alive)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: watch.stop())
        try:
            watch.run()
        except NotMigrated as error:
            raise CommandError(str(error)) from None
        finally:
            watchdog.rest()
