"""The database of a run, and how it is taken away: a full disk on SQLite, connections cut or a server frozen on
PostgreSQL.
"""

import contextlib
import os
import signal
import subprocess
import threading
from abc import ABC, abstractmethod

import psycopg

from tests.torture.plan import Plan
from tests.torture.processes import signalled


class Database(ABC):
    url: str
    harms: tuple[str, ...]

    @abstractmethod
    def harm(self, how: str, seconds: float) -> None:
        """One of `harms`, for so many seconds, in this thread."""

    @abstractmethod
    def heal(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class Sqlite(Database):
    harms = ("full",)

    def __init__(self, plan: Plan) -> None:
        self.url = f"sqlite:///{plan.path / 'tablee.sqlite3'}"
        self._full = plan.path / "disk-is-full"  # settings.FULL

    def harm(self, how: str, seconds: float) -> None:
        self._full.touch()
        threading.Event().wait(seconds)
        self.heal()

    def heal(self) -> None:
        self._full.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is held open."""


class Postgresql(Database):
    """A database of its own on the server that `plan.database_url` names, which must be on this machine."""

    harms = ("cut", "frozen")

    def __init__(self, plan: Plan) -> None:
        self._server = plan.database_url
        self._name = f"torture_{os.getpid()}"
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {self._name}")
        self.url = self._server.rpartition("/")[0] + f"/{self._name}"
        self._frozen: list[int] = []

    def harm(self, how: str, seconds: float) -> None:
        if how == "cut":
            self._cut(seconds)
            return
        with psycopg.connect(self._server, autocommit=True) as connection:
            own = connection.info.backend_pid
            found = connection.execute("SELECT pid FROM pg_stat_activity WHERE pid <> %s", [own])
            pids = [row[0] for row in found.fetchall()]
            parent = subprocess.run(
                ["ps", "-o", "ppid=", "-p", str(own)], capture_output=True, text=True, check=True
            )
        self._frozen = [int(parent.stdout), *pids]
        for pid in self._frozen:
            signalled(pid, signal.SIGSTOP)
        threading.Event().wait(seconds)
        self.heal()

    def _cut(self, seconds: float) -> None:
        """Nobody gets in, and who is in is thrown out."""
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false")
            try:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [self._name],
                )
                threading.Event().wait(seconds)
            finally:
                connection.execute(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")

    def heal(self) -> None:
        for pid in self._frozen:
            signalled(pid, signal.SIGCONT)
        self._frozen = []

    def close(self) -> None:
        self.heal()
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(self._server, autocommit=True) as connection,
        ):
            connection.execute(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")


def database_of(plan: Plan) -> Database:
    return Postgresql(plan) if plan.database == "postgresql" else Sqlite(plan)
