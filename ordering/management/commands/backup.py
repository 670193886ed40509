"""`manage.py backup FILE`: a whole and checked copy of the SQLite database, while everybody goes on working."""

import contextlib
import os
import secrets
import shlex
import sqlite3
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from ordering import storage
from ordering.env import env_secret

STEP = 1_000  # pages, of 4 kB each


class Command(BaseCommand):
    help = (
        "Copies the SQLite database into FILE, checked and readable by its owner only. Orders are taken meanwhile. "
        "docs/running.md says how to restore it."
    )
    requires_system_checks: list[str] = []  # whatever is wrong here, a backup never hurts

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--force", action="store_true", help="replace FILE where it exists")

    def handle(self, *, file: Path, force: bool, **_: Any) -> None:
        if connection.vendor != "sqlite":
            raise CommandError(f"This is PostgreSQL, which has its own: {pg_dump(file)}")
        source = storage.sqlite_path()
        if source is None or not source.exists():
            raise CommandError(f"The database {source} does not exist.")
        if file.exists() and (not force or file.samefile(source)):
            raise CommandError(f"{file} exists. Choose another name, or say --force.")
        try:
            orders = copied(source, file)
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"There is no backup: {error}.") from error
        self.stdout.write(f"{file}: {orders} orders, {file.stat().st_size / 1e6:.1f} MB, checked.")
        self.stdout.write(f"Keep {keys()} too, in another place: without them it is of no use.")


def copied(source: Path, file: Path) -> int:
    """Copy the database and check the copy; how many orders are in it. FILE is whole, or as it was.

    Raises OSError and sqlite3.Error.
    """
    scratch = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(scratch, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with contextlib.closing(sqlite3.connect(scratch, isolation_level=None)) as copy:
            _copy(source, copy)
            orders = _checked(copy)
        _sync(scratch)
        scratch.replace(file)
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            scratch.with_name(scratch.name + end).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # a folder on another machine may not know how
        _sync(file.parent)
    return orders


def _copy(source: Path, copy: sqlite3.Connection) -> None:
    address = f"file:{quote(str(source))}?mode=rw"
    with contextlib.closing(sqlite3.connect(address, uri=True, isolation_level=None)) as found:
        # One reader's view for all steps. In WAL it keeps no writer waiting; without it, each commit would begin
        # the copy anew, and on a busy evening it would never end (F30).
        found.execute("BEGIN")
        found.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        found.backup(copy, pages=STEP)
    copy.execute("PRAGMA journal_mode=DELETE")  # one file is all; the settings turn WAL on again


def _checked(copy: sqlite3.Connection) -> int:
    said = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged, and so is the database: {said}")
    return int(copy.execute("SELECT count(*) FROM ordering_order").fetchone()[0])


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def pg_dump(file: Path) -> str:
    """The command that backs up a PostgreSQL, without its password."""
    said = connection.settings_dict
    options = {"host": said["HOST"], "port": said["PORT"], "username": said["USER"]}
    command = ["pg_dump", "--format=custom", f"--file={file}"]
    command += [f"--{name}={value}" for name, value in options.items() if value]
    return f"{shlex.join([*command, said['NAME']])} (the password: ~/.pgpass). Keep {keys()} too."


def keys() -> str:
    """Where the keys are that the backup does not hold."""
    if env_secret("FIELD_KEYS") and env_secret("SECRET_KEY"):
        return "FIELD_KEYS and SECRET_KEY"
    return str(Path(settings.DATA_DIR) / "keys.json")
