"""How a worker hears at once that an order was sent, without asking the database all the time.

PostgreSQL: NOTIFY, heard on a connection of the worker's own. It stands outside the pool, which would hand it
to somebody else. SQLite: every commit of another connection changes `PRAGMA data_version`, a number in memory
that costs microseconds to read, so it is read forty times a second. Nothing depends on being woken: a worker
that hears nothing looks by itself.
"""

import contextlib
import logging
import os
import select
import sqlite3
import time
from typing import Any, Self

import psycopg
from django.db import DatabaseError, connection

CHANNEL = "tablee_delivery"
LOOK_EVERY = 0.025  # seconds between two looks at SQLite's number

logger = logging.getLogger(__name__)


def ring() -> None:
    """Wake the workers, after the commit. A ring that fails costs the seconds until the next look, and no order."""
    if connection.vendor != "postgresql":
        return  # the commit itself is the ring
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    except DatabaseError:
        logger.warning("The workers could not be woken; they look by themselves soon.")


class Bell:
    """What a worker waits at. Used by one thread, but for `nudge`."""

    def __init__(self) -> None:
        self._nudged, self._nudger = os.pipe()
        os.set_blocking(self._nudger, False)
        os.set_blocking(self._nudged, False)
        self._ear: _Postgres | _Sqlite = (
            _Postgres() if connection.vendor == "postgresql" else _Sqlite()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ear.close()
        os.close(self._nudged)
        os.close(self._nudger)

    def nudge(self) -> None:
        """Wake from another thread, or from a signal."""
        # A full pipe is a nudge already; a closed one belongs to a worker that has ended.
        with contextlib.suppress(OSError):
            os.write(self._nudger, b"!")

    def wait(self, seconds: float) -> None:
        """Until something was committed, somebody nudged, or the seconds are over."""
        end = time.monotonic() + seconds
        while True:
            files = [self._nudged, *self._ear.files()]
            left = max(0.0, min(end - time.monotonic(), self._ear.longest))
            ready = select.select(files, [], [], left)[0]
            if self._nudged in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._nudged, 4096)
                return
            if self._ear.heard(bool(ready)) or time.monotonic() >= end:
                return


class _Sqlite:
    longest = LOOK_EVERY

    def __init__(self) -> None:
        name = str(connection.settings_dict["NAME"])
        is_uri = name.startswith("file:")
        self._connection = sqlite3.connect(
            name, uri=is_uri, isolation_level=None, check_same_thread=False
        )
        self._version = self._read()

    def files(self) -> list[int]:
        return []

    def heard(self, _: bool) -> bool:
        before, self._version = self._version, self._read()
        return self._version != before

    def close(self) -> None:
        self._connection.close()

    def _read(self) -> int:
        try:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return -1


class _Postgres:
    longest = 60.0

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None
        self._listen()

    def files(self) -> list[int]:
        if self._connection is None:
            self._listen()
        return [self._connection.fileno()] if self._connection is not None else []

    def heard(self, ready: bool) -> bool:
        if not ready or self._connection is None:
            return False
        try:
            return bool(list(self._connection.notifies(timeout=0)))
        except psycopg.Error:
            self.close()
            return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _listen(self) -> None:
        """Without a connection the worker looks by itself, and tries again when it next waits."""
        parameters = connection.get_connection_params()
        for name in ("context", "cursor_factory"):
            parameters.pop(name, None)  # Django's own, for its own queries
        try:
            # DATABASE_URL may name a connect_timeout of its own.
            parameters = {"connect_timeout": 5, **parameters, "autocommit": True}
            self._connection = psycopg.connect(**parameters)
            self._connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error as error:
            logger.warning("No LISTEN on the database: %s", type(error).__name__)
            self.close()
