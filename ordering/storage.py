"""The database under the orders: whether it can be trusted with one, and whether it can take one now.

`durable` and `ready` are asked before anybody is served (checks.py, wsgi.py, manage.py deliver); what they find has
an id and a hint, as a system check has. `trouble` is asked while people are served, and is cheap.
"""

import os
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from ordering.env import is_loopback
from ordering.models import Order
from pos_bridge.models import Addition

# Seconds, divided by settings.TIME_DIVISOR. After a power cut PostgreSQL may need longer to start than we do; gunicorn
# ends a worker that has said nothing for 30 s, and must not do so before we have said why.
START_PATIENCE = 20.0
LOOK_PATIENCE = 2.0
LEAST_FREE = 200_000_000  # bytes; a busy evening needs a tenth of it
ONLY_READS = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool"
MIGRATE = "Run: .venv/bin/python manage.py migrate"

# Locks and shared memory, on which WAL depends, do not hold across a network.
# fmt: off
NETWORK_FILE_SYSTEMS = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "glusterfs", "fuse.sshfs", "fuse.ceph",
    "fuse.ceph-fuse", "fuse.glusterfs", "fuse.davfs", "fuse.davfs2", "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs",
}
# What a PostgreSQL says that will take us in a moment; any other FATAL is its last word.
COMES_BACK = ("starting up", "shutting down", "recovery", "not yet accepting", "connection slots", "too many clients")
# fmt: on


def durable(database: Any = connection, *, thorough: bool) -> list[CheckMessage]:
    """What would lose an order, whether there are tables or not; a file that is not there yet would not.

    `thorough` reads the whole SQLite file, for a process that starts seldom. Waits up to START_PATIENCE for a
    PostgreSQL that is not there yet.
    """
    if database.vendor == "sqlite":
        return _sqlite_durable(database, thorough=thorough) or _space(database)
    return _postgresql_durable(database) or _space(database)


def ready(database: Any = connection) -> list[CheckMessage]:
    """Whether the tables are there. Those of an older version are only a warning: during a deploy they are right."""
    path = sqlite_path(database)
    if path and not path.exists():
        return [
            Error(
                f"The database {path} does not exist.",
                hint="If it should, look whether its disk is mounted, before anybody makes an empty one. "
                f"On a new installation: {MIGRATE[5:]}",
                id="ordering.E021",
            )
        ]
    needed = {model._meta.db_table for model in (Order, Addition)}
    try:
        if not needed <= set(database.introspection.table_names()):
            return [Error("The database has no tables.", hint=MIGRATE, id="ordering.E022")]
        with database.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            missing = MigrationLoader(None).graph.nodes.keys() - set(cursor.fetchall())
    except DatabaseError as error:
        return [_unreadable(path or "PostgreSQL", error)]
    if not missing:
        return []
    names = ", ".join(f"{app}.{name}" for app, name in sorted(missing))
    return [Warning(f"The database lacks {names}.", hint=MIGRATE, id="ordering.W021")]


def sqlite_path(database: Any = connection) -> Path | None:
    """The file of an SQLite database; None of one in memory, and of PostgreSQL."""
    name = str(database.settings_dict["NAME"])
    if database.vendor != "sqlite" or name.startswith("file:") or name == ":memory:":
        return None
    return Path(name)


# --- SQLite, before anybody is served ------------------------------------------------------------


def _sqlite_durable(database: Any, *, thorough: bool) -> list[CheckMessage]:
    path = sqlite_path(database)
    if path:
        if found := on_network(path, _mounts()):
            return [found]
        if not path.exists():
            return []
        if found := not_ours(path):
            return [found]
    try:
        with database.cursor() as cursor:
            pragmas = {
                name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "fullfsync")
            }
            header = "SELECT 'ok', count(*) FROM sqlite_schema"
            said = cursor.execute("PRAGMA quick_check(1)" if thorough else header).fetchone()[0]
    except DatabaseError as error:
        return [_unreadable(path or "SQLite", error)]
    if said != "ok":
        return [_damaged(path or "SQLite", said)]
    weak = weaknesses(pragmas, database.transaction_mode, sys.platform)
    if not weak:
        return []
    return [
        Error(
            f"SQLite does not keep what it has confirmed: {', '.join(weak)}.",
            hint="Leave the database's OPTIONS as ordering/settings.py sets them.",
            id="ordering.E023",
        )
    ]


def weaknesses(
    pragmas: Mapping[str, Any], transaction_mode: str | None, platform: str
) -> list[str]:
    """What differs from a commit that survives a power cut (P3, F26) and from a turn that is not lost (F22)."""
    wanted: dict[str, tuple[Any, Any]] = {
        "journal_mode": (pragmas["journal_mode"], "wal"),
        "synchronous": (pragmas["synchronous"], 2),
        "transaction_mode": (transaction_mode, "IMMEDIATE"),
    }
    if platform == "darwin":  # elsewhere fsync() itself reaches the disk
        wanted["fullfsync"] = (pragmas["fullfsync"], 1)
    return [
        f"{name} is {is_} and not {must}" for name, (is_, must) in wanted.items() if is_ != must
    ]


def not_ours(path: Path) -> CheckMessage | None:
    """SQLite writes its file and two beside it, and makes these two in the folder."""
    beside = [path.with_name(path.name + end) for end in ("-wal", "-shm")]
    places = [path, *(each for each in beside if each.exists()), path.parent]
    by_effective = os.access in os.supports_effective_ids
    for place in places:
        needed = os.W_OK | (os.X_OK if place.is_dir() else os.R_OK)
        if not os.access(place, needed, effective_ids=by_effective):
            return Error(
                f"The database cannot be written: {place} is read-only for this process.",
                hint=f"It belongs to user {place.stat().st_uid}, this process runs as {os.geteuid()}. Give the "
                "folder and the three files to the user of the services (chown), or mount its disk for writing.",
                id="ordering.E024",
            )
    return None


def on_network(path: Path, mounts: str) -> CheckMessage | None:
    """Whether the file lies on another machine. `mounts`: the text of /proc/mounts, empty where there is none."""
    place = path.resolve()
    best, kind = Path("/"), ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = Path(fields[1].encode().decode("unicode_escape"))  # a space is written \040
        # Of several on one point the last one is seen.
        if place.is_relative_to(point) and point.is_relative_to(best):
            best, kind = point, fields[2]
    if kind not in NETWORK_FILE_SYSTEMS:
        return None
    return Error(
        f"The database {path} lies on a network file system ({kind} at {best}).",
        hint="SQLite loses and damages data there. Put it on a disk of this machine, or use PostgreSQL.",
        id="ordering.E025",
    )


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text()
    except OSError:
        return ""  # not Linux


def _unreadable(what: object, error: Exception) -> CheckMessage:
    words = str(error).strip()
    if "not a database" in words or "malformed" in words:
        return _damaged(what, words)
    return Error(
        f"The database cannot be read ({what}): {words}.",
        hint="Look whether its disk is mounted, full or read-only, and who writes to it.",
        id="ordering.E027",
    )


def _damaged(what: object, words: str) -> CheckMessage:
    return Error(
        f"The database {what} is damaged: {words}.",
        hint="Stop every service, keep the file and the two beside it, and restore the last backup: docs/running.md.",
        id="ordering.E026",
    )


# --- PostgreSQL, before anybody is served --------------------------------------------------------


def _postgresql_durable(database: Any) -> list[CheckMessage]:
    try:
        with _patiently(database) as server:
            row = server.execute(
                "SELECT current_setting('synchronous_commit'), current_setting('fsync'),"
                " pg_is_in_recovery(), current_setting('default_transaction_read_only')"
            ).fetchone()
    except psycopg.Error as error:
        return [
            Error(
                f"PostgreSQL cannot be reached: {' '.join(str(error).split())}",
                hint="Look whether it runs, and at DATABASE_URL.",
                id="ordering.E028",
            )
        ]
    own_machine = all(is_loopback(host) for host in settings.ALLOWED_HOSTS)
    return weaknesses_of_postgresql(*row or ("", "", True, ""), own_machine=own_machine)


def weaknesses_of_postgresql(
    synchronous_commit: str, fsync: str, in_recovery: bool, read_only: str, *, own_machine: bool
) -> list[CheckMessage]:
    """What differs from a commit that survives a power cut. `own_machine`: nobody else can order here, so that a
    server to try things out may do without the disk.
    """
    if in_recovery or read_only == "on":
        return [
            Error(
                "PostgreSQL only reads: it is a standby, or default_transaction_read_only is on.",
                hint="DATABASE_URL must name the server that takes writes.",
                id="ordering.E024",
            )
        ]
    if synchronous_commit == "off":
        return [
            Error(
                "PostgreSQL confirms what it has not written: synchronous_commit is off.",
                hint="Leave it out of DATABASE_URL's options; we ask for “on”.",
                id="ordering.E029",
            )
        ]
    if fsync != "off":
        return []
    kind, number = (Warning, "W029") if own_machine else (Error, "E029")
    words = "PostgreSQL does not wait for its disk: fsync is off."
    return [kind(words, hint="Set fsync = on, and restart it.", id=f"ordering.{number}")]


def _patiently(database: Any) -> psycopg.Connection[Any]:
    """A connection of its own, beside the pool, whose threads would not survive a fork. Raises psycopg.Error."""
    end = time.monotonic() + START_PATIENCE / settings.TIME_DIVISOR
    while True:
        try:
            return _connect(database)
        except psycopg.Error as error:
            words = str(error)
            last_word = "FATAL" in words and not any(word in words for word in COMES_BACK)
            if last_word or time.monotonic() > end:
                raise
        threading.Event().wait(0.2)


def _connect(database: Any, **options: Any) -> psycopg.Connection[Any]:
    parameters = database.get_connection_params()
    for name in ("context", "cursor_factory"):
        parameters.pop(name, None)  # Django's own, for its own queries
    return psycopg.connect(**{"connect_timeout": 5, **parameters, **options, "autocommit": True})


# --- While people are served ---------------------------------------------------------------------

_looking: threading.Thread | None = None


def trouble(database: Any = connection) -> str | None:
    """Why no order can be taken now, or soon, in words for the staff; None where all is well.

    Takes LOOK_PATIENCE at most, also where disk or server hang, and reads nothing that grows.
    """
    error = _looked_at(database)
    if error is None:
        return low_on_space(database)
    gone = _("The database cannot be opened: nobody can order.")
    return _words(error) or low_on_space(database) or gone  # a full disk has many words


def low_on_space(database: Any = connection, *, least: int = LEAST_FREE) -> str | None:
    """In words, where fewer than `least` bytes are free for the database; of PostgreSQL we see only our own disk."""
    free = _free(database)
    if free >= least:
        return None
    left = {"megabytes": free // 1_000_000}
    return _("The disk is almost full: %(megabytes)d MB are left.") % left


def _free(database: Any) -> int:
    path, data = sqlite_path(database), Path(settings.DATA_DIR)
    try:
        return shutil.disk_usage(
            path.parent if path else data if data.exists() else settings.BASE_DIR
        ).free
    except OSError:
        return 0  # the folder is gone, and all that was free in it


def _looked_at(database: Any) -> Exception | None:
    """What a look at the database raised; TimeoutError where it does not end."""
    global _looking
    if database.in_atomic_block:
        return None  # whoever asks is writing (IMMEDIATE), and would wait for itself
    patience = LOOK_PATIENCE / settings.TIME_DIVISOR
    if before := _looking:
        before.join(patience)
        if before.is_alive():
            return TimeoutError()  # one that hangs is enough
    found: list[Exception] = [TimeoutError()]

    def look() -> None:
        try:
            _write_nothing(database, patience)
            found.clear()
        except (sqlite3.Error, psycopg.Error) as error:
            found[0] = error

    # A daemon: a disk that hangs must not keep a process from ending.
    looking = threading.Thread(target=look, name="storage", daemon=True)
    looking.start()
    _looking = looking  # only now: others join it
    looking.join(patience)
    return found[0] if found else None


def _write_nothing(database: Any, patience: float) -> None:
    """Read, and begin to write, on a connection that is ours alone. Raises sqlite3.Error or psycopg.Error."""
    if database.vendor == "sqlite":
        path = sqlite_path(database)
        if path is None:
            return
        address = f"file:{quote(str(path))}?mode=rw"
        opened = sqlite3.connect(address, uri=True, timeout=patience / 2, isolation_level=None)
        try:
            opened.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            opened.execute("BEGIN IMMEDIATE")
            # Of a file that is read-only SQLite grants that too, and refuses the first change.
            opened.execute("PRAGMA user_version = 1")
            opened.execute("ROLLBACK")
        finally:
            opened.close()
        return
    with _connect(database, connect_timeout=2) as server:
        row = server.execute(ONLY_READS).fetchone()
        if row is None or row[0]:
            raise psycopg.errors.ReadOnlySqlTransaction("read-only")


def _words(error: Exception) -> str:
    text = str(error)
    if isinstance(error, TimeoutError):
        return _("The database does not answer.")
    if "locked" in text:
        return _("The database is busy: somebody has been writing for seconds.")
    if "readonly" in text or "read-only" in text:
        return _("The database is read-only: nobody can order.")
    if "full" in text:
        return _("The disk of the database is full: nobody can order.")
    if "not a database" in text or "malformed" in text:
        return _("The database is damaged: nobody can order. Restore the last backup.")
    return ""


def _space(database: Any) -> list[CheckMessage]:
    """A full disk is no reason to hide the carte: it can still be read (F23, P22)."""
    if (free := _free(database)) >= LEAST_FREE:
        return []
    return [
        Warning(
            f"The disk of the database is almost full: {free // 1_000_000} MB are left.",
            hint="docs/running.md says what may be deleted.",
            id="ordering.W022",
        )
    ]
