"""A database in which an order would not be safe is refused before anybody is served, in words (P3, F27)."""

import contextlib
import os
import re
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db.utils import ConnectionHandler
from django.utils import translation

from ordering import storage
from tests.helpers import eventually
from tests.ordering import made
from tests.ordering.made import run

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
NOBODY = 65534


@pytest.fixture(autouse=True)
def _own_databases(django_db_blocker):
    """Each test opens a file of its own, never the tests' database."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def file():
    """A database as `migrate` leaves it, where every user of this machine may enter; pytest’s folders let none in."""
    folder = Path(tempfile.mkdtemp(prefix="tablee-storage-"))
    made.migrated(folder)
    folder.chmod(0o755)
    yield folder / "tablee.sqlite3"
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextlib.contextmanager
def opened(path, **options):
    """The database as the settings open it, but for `options`."""
    described = settings.DATABASES["default"]
    described = {
        **described,
        "NAME": str(path),
        "OPTIONS": {**described["OPTIONS"], **options},
    }
    database = ConnectionHandler({"default": described})["default"]
    yield database
    database.close()


@contextlib.contextmanager
def another_user():
    """Root may write everything, so it is nobody meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def ids(found):
    return [each.id for each in found]


def looked_at(path, **options):
    with opened(path, **options) as database:
        found = storage.durable(database, thorough=True)
        return ids(found or storage.ready(database))


# --- SQLite, what is read back --------------------------------------------------------------------


def test_it_takes_a_database_as_the_settings_open_it_p3(file):
    assert looked_at(file) == []


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (
            {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL"},
            "synchronous is 1",
        ),
        ({"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"}, "synchronous is 0"),
        ({"init_command": "PRAGMA journal_mode=DELETE; PRAGMA synchronous=2"}, "is delete"),
        ({"transaction_mode": "DEFERRED"}, "transaction_mode is DEFERRED"),
        ({"transaction_mode": None}, "transaction_mode is None"),
    ],
)
def test_it_refuses_what_is_weaker_p3_f22(file, options, word):
    """P3, F22: what the connection says of itself counts, not what the settings wished."""
    with opened(file, **options) as database:
        (found,) = storage.durable(database, thorough=False)
    assert (found.id, found.is_serious()) == ("ordering.E023", True)
    assert word in found.msg


def test_it_wants_the_disk_s_own_sync_on_macos_p3():
    pragmas = {"journal_mode": "wal", "synchronous": 2, "fullfsync": 0}
    assert storage.weaknesses(pragmas, "IMMEDIATE", "linux") == []
    assert storage.weaknesses(pragmas, "IMMEDIATE", "darwin") == ["fullfsync is 0 and not 1"]
    assert storage.weaknesses({**pragmas, "fullfsync": 1}, "IMMEDIATE", "darwin") == []


# --- SQLite, the file -----------------------------------------------------------------------------


def test_it_names_a_file_that_is_missing_and_makes_none_f27(file):
    path = file.with_name("other.sqlite3")
    assert looked_at(path) == ["ordering.E021"]
    assert not path.exists()


def test_it_names_a_database_without_tables_f27(file):
    path = file.with_name("empty.sqlite3")
    path.touch()
    assert looked_at(path) == ["ordering.E022"]


def test_it_only_warns_of_tables_that_are_a_version_behind_p24(file):
    """P24: old tables under new code are how a deploy begins."""
    with sqlite3.connect(file) as older:
        older.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    older.close()
    with opened(file) as database:
        (found,) = storage.ready(database)
    assert (found.id, found.is_serious()) == ("ordering.W021", False)
    assert "sessions.0001_initial" in found.msg


def garbage(path):
    path.write_bytes(os.urandom(20_000))


def cut_off(path):
    path.write_bytes(path.read_bytes()[:20_000])


def overwritten(path):
    whole = bytearray(path.read_bytes())
    whole[20_480:60_000] = os.urandom(39_520)
    path.write_bytes(bytes(whole))


@pytest.mark.parametrize("harm", [garbage, cut_off, overwritten])
def test_it_names_a_damaged_file_f27(file, harm):
    harm(file)
    with opened(file) as database:
        (found,) = storage.durable(database, thorough=True)
    assert (found.id, found.is_serious()) == ("ordering.E026", True)
    assert "restore the last backup" in str(found.hint)


def test_a_quick_look_sees_a_file_that_is_no_database_f27(file):
    garbage(file)
    with opened(file) as database:
        assert ids(storage.durable(database, thorough=False)) == ["ordering.E026"]


@pytest.mark.parametrize("what", ["file", "folder", "log"])
def test_it_names_what_it_may_not_write_f27(file, what):
    """F27: a file or a log of another user, a folder without the right to make the two files beside it."""
    log = file.with_name(file.name + "-wal")
    everybody = (file, log, file.parent)
    log.touch()
    for each in everybody:
        each.chmod(0o777)
    place = dict(zip(("file", "log", "folder"), everybody, strict=True))[what]
    place.chmod(0o555)
    with another_user(), opened(file) as database:
        (found,) = storage.durable(database, thorough=True)
        said = storage.trouble(database)
    assert (found.id, str(place) in found.msg) == ("ordering.E024", True)
    assert "chown" in str(found.hint)
    assert said


@pytest.mark.parametrize(
    ("kind", "point"),
    [
        ("nfs4", "/srv/our\\040data"),
        ("cifs", "/srv"),
        ("fuse.sshfs", "/srv/our\\040data"),
        ("smb3", "/srv"),
    ],
)
def test_it_refuses_a_network_file_system_f27(kind, point):
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/export {point} {kind} rw 0 0\n"
    found = storage.on_network(Path("/srv/our data/tablee.sqlite3"), mounts)
    assert found is not None
    assert (found.id, kind in found.msg) == ("ordering.E025", True)


def test_it_takes_the_file_system_that_is_nearest_and_last_f27():
    path = Path("/srv/data/tablee.sqlite3")
    assert storage.on_network(path, "s:/e /srv nfs rw 0 0\n/dev/sdb /srv/data xfs rw 0 0\n") is None
    assert storage.on_network(path, "/dev/sdb /srv/data xfs rw 0 0\ns:/e /srv nfs rw 0 0\n") is None
    assert storage.on_network(path, "s:/e /srv/database nfs rw 0 0\n/dev/sda / ext4 rw 0 0") is None
    seen = "auto /srv/data autofs rw 0 0\ns:/e /srv/data nfs rw 0 0\n"
    assert storage.on_network(path, seen) is not None
    assert storage.on_network(path, "") is None


# --- The processes --------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [("-c", "import ordering.wsgi"), ("manage.py", "deliver")])
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (Path.unlink, "does not exist"),
        (lambda path: path.write_bytes(b""), "has no tables"),
        (garbage, "is damaged"),
    ],
    ids=["missing", "empty", "garbage"],
)
def test_no_process_serves_from_such_a_database_f27(file, arguments, harm, words):
    """F27: the reason comes last, where one looks; the command prints no traceback."""
    harm(file)
    status, said = run(file.parent, *arguments)
    assert status == 1
    assert words in said.partition("SystemCheckError")[2] or words in said.splitlines()[-1]
    assert ("Traceback" in said) == (arguments[0] == "-c")


WEAKEN = (
    "import ordering.settings as s, os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'ordering.settings';"
    "s.DATABASES['default']['OPTIONS']['init_command'] = 'PRAGMA synchronous=NORMAL';"
)


@pytest.mark.parametrize(
    "start",
    [
        "import ordering.wsgi",
        "from django.core.management import execute_from_command_line as e; e(['manage.py', 'deliver'])",
    ],
    ids=["web", "deliver"],
)
def test_no_process_serves_where_a_power_cut_would_lose_orders_p3(file, start):
    """P3: synchronous is read back as 2 at the start, else there is none."""
    status, said = run(file.parent, "-c", WEAKEN + start)
    assert (status, "synchronous is 1 and not 2" in said) == (1, True)


def test_both_processes_start_with_a_sound_database_p3(file):
    assert run(file.parent, "-c", "import ordering.wsgi")[0] == 0
    status, said = run(file.parent, "manage.py", "deliver", "--once")
    assert status == 0, said


def test_the_installer_can_ask_before_it_serves_f27(file):
    """`check --deploy --database default` wants the tables; `migrate`, which makes them, does not."""
    ask = ("manage.py", "check", "--deploy", "--database", "default", "--tag", "database")
    assert run(file.parent, *ask)[0] == 0
    file.unlink()
    status, said = run(file.parent, *ask)
    assert (status, "ordering.E021" in said) == (1, True)
    assert run(file.parent, "manage.py", "migrate", "--verbosity", "0")[0] == 0
    assert run(file.parent, *ask)[0] == 0


def test_the_manual_says_what_to_do_about_each_f27():
    software = (ROOT / "ordering" / "storage.py").read_text()
    manual = (ROOT / "docs" / "running.md").read_text()
    said = set(re.findall(r"\b[EW]0\d\d\b", software))
    assert len(said) >= 10
    assert said - set(re.findall(r"`(?:ordering\.)?([EW]0\d\d)`", manual)) == set()


# --- While people are served ----------------------------------------------------------------------


def test_it_says_nothing_of_a_database_that_takes_orders(file):
    with opened(file) as database:
        assert storage.trouble(database) is None


def test_it_says_that_somebody_keeps_writing_f21(file):
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with opened(file) as database:
        with translation.override("en"):
            assert "somebody has been writing" in (storage.trouble(database) or "")
        writer.execute("ROLLBACK")
        writer.close()
        eventually(lambda: storage.trouble(database) is None)


def test_it_says_that_the_file_is_gone_or_no_database_f27(file):
    garbage(file)
    with opened(file) as database:
        assert storage.trouble(database)
        file.unlink()
        assert storage.trouble(database)
        assert not file.exists()


def test_it_says_how_little_space_is_left_f23(file):
    free = shutil.disk_usage(file.parent).free
    with opened(file) as database:
        assert storage.low_on_space(database, least=1) is None
        said = storage.low_on_space(database, least=free * 2)
        assert said is not None
        assert str(free // 10_000_000)[:2] in said
        shutil.rmtree(file.parent)
        assert storage.low_on_space(database)
    file.parent.mkdir()
