"""A PostgreSQL that confirms what it may lose, that only reads, or that is away, is named (P3, F27)."""

import contextlib
import socket
from threading import Event, Thread, Timer

import dj_database_url
import psycopg
import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import translation

from ordering import storage
from ordering.middleware import database_trouble
from tests import postgres
from tests.ordering.made import run

pytestmark = [pytest.mark.pure, pytest.mark.wire]


@pytest.fixture(scope="module")
def url():
    """A server that was told to confirm before it has written (tests/postgres.py), with an empty database."""
    with postgres.start() as address, psycopg.connect(address, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS storage_test WITH (FORCE)")
        server.execute("CREATE DATABASE storage_test")
        yield address.rpartition("/")[0] + "/storage_test"
        server.execute("DROP DATABASE storage_test WITH (FORCE)")


@pytest.fixture(autouse=True)
def _own_databases(django_db_blocker):
    with django_db_blocker.unblock():
        yield


@contextlib.contextmanager
def opened(url, **changed):
    """With the options that ordering/settings.py gives, but for `changed`."""
    options = {"options": "-c lock_timeout=5s -c synchronous_commit=on"}
    described = {**dict(dj_database_url.parse(url)), "OPTIONS": options, **changed}
    database = ConnectionHandler({"default": described})["default"]
    yield database
    database.close()


def errors(database):
    found = storage.durable(database, thorough=True)
    return [each.id for each in found if each.is_serious()]


def test_it_asks_for_what_the_server_leaves_out_p3(url, tmp_path):
    """P3: the settings themselves say “on”, whatever the server says to others."""
    script = (
        "import django; django.setup(); from django.db import connection as c; x = c.cursor();"
        "print(x.execute('SHOW synchronous_commit').fetchone()[0], x.execute('SHOW lock_timeout').fetchone()[0]);"
        "x.close(); c.close(); c.close_pool()"
    )
    said = run(tmp_path, "-c", script, DATABASE_URL=url, DJANGO_SETTINGS_MODULE="ordering.settings")
    assert said == (0, "on 5s\n")
    with opened(url) as database:
        assert errors(database) == []


@pytest.mark.parametrize(
    ("option", "found"),
    [
        ("synchronous_commit=off", "ordering.E029"),
        ("default_transaction_read_only=on", "ordering.E024"),
    ],
)
def test_it_refuses_a_server_that_is_weaker_or_only_reads_p3_f27(url, option, found):
    with opened(url, OPTIONS={"options": f"-c {option}"}) as database:
        assert errors(database) == [found]


def test_it_refuses_a_server_without_a_disk_but_for_trying_out_p3():
    def ids(*row, own_machine=False):
        return [
            (each.id, each.is_serious())
            for each in storage.weaknesses_of_postgresql(*row, own_machine=own_machine)
        ]

    assert ids("on", "on", False, "off") == []
    assert ids("on", "off", False, "off") == [("ordering.E029", True)]
    assert ids("on", "off", False, "off", own_machine=True) == [("ordering.W029", False)]
    assert ids("off", "on", False, "off", own_machine=True) == [("ordering.E029", True)]
    assert ids("on", "on", True, "off") == [("ordering.E024", True)]
    assert ids("remote_apply", "on", False, "off") == []


def test_it_waits_for_a_server_that_comes_up_a_moment_later_f27(url, settings):
    """After a power cut the machine starts everything at once."""
    settings.TIME_DIVISOR = 2
    is_up = Event()
    there = dj_database_url.parse(url)
    door = socket.socket()
    door.bind(("127.0.0.1", 0))  # refuses until it listens

    def open_later():
        is_up.wait(10)
        door.listen()
        with contextlib.suppress(OSError):
            while True:
                phone, _ = door.accept()
                line = socket.create_connection((there["HOST"], there["PORT"]))
                Thread(target=pump, args=(phone, line), daemon=True).start()
                Thread(target=pump, args=(line, phone), daemon=True).start()

    keeper = Thread(target=open_later, daemon=True)
    keeper.start()
    with opened(url, PORT=door.getsockname()[1]) as database:
        ring = Timer(0.5, is_up.set)
        ring.start()
        assert errors(database) == []
        assert storage.trouble(database) is None or storage.low_on_space(database)
        ring.join()
    door.close()


def pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize(
    ("wrong", "word"), [({"PORT": 1}, "refused"), ({"NAME": "nowhere"}, "nowhere")]
)
def test_it_says_that_a_server_is_away_f27(url, settings, wrong, word):
    settings.TIME_DIVISOR = 100 if "PORT" in wrong else 1  # a wrong name is not waited for
    with opened(url, **wrong) as database:
        (found,) = storage.durable(database, thorough=True)
        assert (found.id, word in found.msg) == ("ordering.E028", True)
        assert storage.trouble(database)


def test_a_server_that_is_away_has_surely_got_nothing_f27(url):
    """F27: the page says so, and offers the same form again. Only a line that breaks later leaves a doubt."""
    away = {"PORT": 1, "OPTIONS": {"pool": {"timeout": 0.2}}}
    with opened(url, **away) as database:
        with pytest.raises(OperationalError) as error:
            database.cursor()
        database.close_pool()
    request = RequestFactory().post("/v/AAAAAAAAAAAAAAAAAAAAAA/send/", {"submission_key": "k"})
    answer = database_trouble(lambda _: HttpResponse()).process_exception(request, error.value)
    assert answer is not None
    assert (answer.status_code, answer["X-Nothing-Sent"]) == (503, "1")
    assert 'value="k"' in answer.content.decode()


def test_it_says_that_a_server_only_reads_f27(url):
    with opened(url) as database, translation.override("en"):
        assert storage.trouble(database) == storage.low_on_space(database)
    read_only = {"options": "-c default_transaction_read_only=on"}
    with opened(url, OPTIONS=read_only) as database, translation.override("en"):
        assert "read-only" in (storage.trouble(database) or "")


def test_it_does_not_wait_long_for_a_server_that_says_nothing(url, settings):
    """The health page answers although the database takes the call and is silent."""
    settings.TIME_DIVISOR = 10
    with socket.socket() as silent, opened(url) as database, translation.override("en"):
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        database.settings_dict["HOST"], database.settings_dict["PORT"] = silent.getsockname()
        assert storage.trouble(database) == "The database does not answer."


def test_no_process_serves_from_such_a_server_f27(url, tmp_path):
    """F27: away, without tables, without a disk; then, migrated, it starts."""
    web = ("-c", "import ordering.wsgi")
    here = {"DATABASE_URL": url, "TIME_DIVISOR": "100"}
    away = {**here, "DATABASE_URL": "postgresql://tablee:x@127.0.0.1:1/tablee"}
    in_the_world = {**here, "ALLOWED_HOSTS": "192.168.1.5", "BASE_URL": "http://192.168.1.5"}
    reasons = (
        (away, "cannot be reached"),
        (here, "has no tables"),
        (in_the_world, "fsync is off"),
    )
    for arguments in (web, ("manage.py", "deliver")):
        for environment, words in reasons:
            status, said = run(tmp_path, *arguments, **environment)
            assert status == 1
            assert words in said.partition("SystemCheckError")[2] + said.splitlines()[-1]
            assert ("Traceback" in said) == (arguments == web)
    assert run(tmp_path, "manage.py", "migrate", "--verbosity", "0", **here)[0] == 0
    assert run(tmp_path, *web, **here)[0] == 0
    assert run(tmp_path, "manage.py", "deliver", "--once", **here)[0] == 0
