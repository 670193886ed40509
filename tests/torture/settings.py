"""The settings of a run's processes: the product's own, on a clock that jumps and a disk that fills.

Needs TORTURE_DIR, the folder of the run.
"""

import os
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created

from ordering.settings import *  # noqa: F403
from ordering.settings import INSTALLED_APPS, LOGGING
from tests.torture import clock

DIRECTORY = Path(os.environ["TORTURE_DIR"])
FULL = DIRECTORY / "disk-is-full"  # while this file is there

INSTALLED_APPS = [*INSTALLED_APPS, "tests.torture.apps.TortureConfig"]
LOGGING = {**LOGGING, "root": {**LOGGING["root"], "level": "WARNING"}}  # type: ignore[dict-item]
clock.shift_now(DIRECTORY)


class SmallDisk:
    """Lets an SQLite database grow no further while FULL is there: SQLite's own “database or disk is full” (F23)."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._limited = False

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if FULL.exists() != self._limited:
            self._limited = not self._limited
            raw = self._connection.connection
            pages = raw.execute("PRAGMA page_count").fetchone()[0] if self._limited else 2**31 - 2
            raw.execute(f"PRAGMA max_page_count = {pages}")
        return execute(sql, params, many, context)


def watch_the_disk(connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite":
        wrappers = connection.execute_wrappers
        wrappers[:] = [each for each in wrappers if not isinstance(each, SmallDisk)]
        wrappers.append(SmallDisk(connection))


connection_created.connect(watch_the_disk, dispatch_uid="torture")
