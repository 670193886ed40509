"""Django's SQLite, whose writers queue more fairly: `DATABASES["default"]["ENGINE"] = "ordering.sqlite"`.

SQLite has one writer. Who finds it busy asks again, and SQLite's own waiting asks ever more seldom, at last each 100
ms: who has waited longest has the least chance, and with eight phones at once one in a hundred waited for more than
half a second. Here everybody asks again each millisecond or two (measured side by side: a tenth of a second).
"""

import sqlite3
import time
from random import random
from threading import Event
from typing import Any

from django.db.backends.sqlite3 import base

ASK_AGAIN = 0.001  # seconds, and up to as many more
_never = Event()


class Connection(sqlite3.Connection):
    """`patience`: seconds that a writer waits for its turn."""

    patience = 5.0


class Cursor(base.SQLiteCursorWrapper):
    """Waits where a statement may be repeated: what begins a transaction, or is one by itself."""

    connection: Connection

    def execute(self, query: str, params: Any = None) -> Any:
        """Raises the OperationalError “database is locked” after the connection's patience."""
        within, wait_until = self.connection.in_transaction, 0.0
        while True:
            try:
                return super().execute(query, params)
            except sqlite3.OperationalError as error:
                now = time.monotonic()
                wait_until = wait_until or now + self.connection.patience
                if within or now >= wait_until or "database is locked" not in str(error):
                    raise
                _never.wait(ASK_AGAIN * (1 + random()))  # noqa: S311  (nobody is to guess it)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection({**conn_params, "factory": Connection})
        connection.patience = conn_params["timeout"]
        # From now on we wait ourselves. What the connection began with has waited as SQLite does.
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        return self.connection.cursor(factory=Cursor)
