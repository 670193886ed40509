"""manage.py watch: alarms that leave the house, told by a real process to a real server, through Apprise."""

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from ordering.watch import Watch
from pos_bridge import outbox
from pos_bridge.models import Addition, Alarm, Heartbeat
from tests.helpers import eventually
from tests.pos_bridge.conftest import Restaurant
from tests.pos_bridge.test_deliver import database_url

pytestmark = [pytest.mark.wire, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
PASSWORD = "hunter2-hunter2"


class Gateway:
    """Whoever takes alarms: `/ok` does, `/hang` never answers, `/no` refuses."""

    def __init__(self):
        self.heard = []
        self.asked = []
        self._open = threading.Event()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gateway.asked.append(self.path)
                if self.path.startswith("/hang"):
                    gateway._open.wait(60)
                if self.path.startswith("/ok"):
                    gateway.heard.append(json.loads(body))
                self.send_response(500 if self.path.startswith("/no") else 200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def address(self, path, **query):
        asks = "".join(f"?{name}={value}" for name, value in query.items())
        return f"json://user:{PASSWORD}@{self.host}/{path}{asks}"

    def said(self, title="Chez Alice"):
        return [each["message"] for each in self.heard if each["title"] == title]

    def answer(self):
        """Also to those that hang."""
        self._open.set()

    def close(self):
        self.answer()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def gateway():
    server = Gateway()
    yield server
    server.close()


@pytest.fixture
def alice(transactional_db):
    found = Restaurant("http://127.0.0.1:9")
    found.restaurant.languages = ["en"]
    found.restaurant.save(update_fields=["languages"])
    return found


@pytest.fixture
def log(tmp_path):
    return tmp_path / "watch.log"


@pytest.fixture
def watch(log):
    """Start watches; whatever still runs at the end is killed. All waits are a fifth: a deadline is 3 s."""
    processes = []
    out = log.open("wb")

    def start(*addresses, **environment):
        settings = {
            "DATABASE_URL": database_url(),
            "TIME_DIVISOR": "5",
            "ALARM_URLS": " ".join(addresses),
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "watch"],
            cwd=ROOT,
            env={**os.environ, **settings, **environment},
            stdout=out,
            stderr=out,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
    out.close()
    assert PASSWORD not in log.read_text()
    assert "Traceback" not in log.read_text()


def overdue(alice, **order):
    """An order that nobody has delivered for a minute."""
    addition = alice.order(**order)
    born = timezone.now() - timedelta(seconds=60)
    Addition.objects.filter(pk=addition.pk).update(created_at=born)
    return addition


def beats():
    return Heartbeat.objects.filter(kind="watch").values_list("beat_at", flat=True).first()


def test_an_order_that_no_screen_shows_goes_out_f72(alice, gateway, watch):
    """F72, F31: every page closed and no worker; the message holds table, N and reason, nothing else."""
    addition = overdue(alice)
    watch(gateway.address("ok"))
    eventually(lambda: gateway.said() and gateway.said("Tablée"), timeout=30)
    told = next(each for each in gateway.heard if each["title"] == "Chez Alice")
    assert told == {
        "version": told["version"],
        "title": "Chez Alice",
        "message": f"Table 12, order {addition.order.number}: it has not reached the register yet",
        "attachments": [],
        "type": "warning",
    }
    assert len(gateway.said("Tablée")) == 1
    eventually(lambda: Alarm.objects.filter(sent_at=None).count() == 0)
    before = beats()
    eventually(lambda: beats() > before)
    assert len(gateway.heard) == 2


def test_a_gateway_that_hangs_holds_nobody_up(alice, gateway, watch, log):
    overdue(alice)
    watch(gateway.address("hang", rto=600), gateway.address("ok"))
    eventually(lambda: gateway.said() and "/hang" in str(gateway.asked), timeout=30)
    before = beats()
    outbox.pause(alice.register.pk, "certificate")
    eventually(
        lambda: (
            "Nothing is sent to the register: the register's certificate is not valid"
            in gateway.said()
        ),
        timeout=30,
    )
    eventually(lambda: beats() > before)
    eventually(lambda: "ALARM_URLS, entry 1: not taken" in log.read_text(), timeout=30)
    # Tried again there, and not repeated here.
    eventually(lambda: sum("/hang" in path for path in gateway.asked) > 3, timeout=60)
    assert len(gateway.said()) == len(set(gateway.said())) == 2
    assert not Alarm.objects.exclude(sent_at=None).exists()


def test_several_watches_tell_it_once(alice, gateway, watch):
    for table in range(1, 6):
        overdue(alice, table=table)
    for _ in range(3):
        watch(gateway.address("ok"))
    eventually(lambda: gateway.said(), timeout=30)
    eventually(lambda: Heartbeat.objects.filter(kind="watch").count() == 3, timeout=30)
    before = beats()
    eventually(lambda: beats() > before)
    assert sorted(line for each in gateway.said() for line in each.splitlines()) == sorted(
        f"Table {each.order.table.number}, order {each.order.number}: it has not reached the register yet"
        for each in Addition.objects.all()
    )


def test_killed_while_it_tells_another_one_tells_it(alice, gateway, watch):
    overdue(alice)
    killed = watch(gateway.address("hang", rto=600))
    eventually(lambda: gateway.asked, timeout=30)
    killed.kill()
    killed.wait()
    watch(gateway.address("ok"))
    eventually(lambda: gateway.said(), timeout=30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_stops_and_is_not_missed(watch, gateway, number):
    process = watch()
    eventually(beats, timeout=30)
    process.send_signal(number)
    assert process.wait(10) == 0
    assert beats() is None


def test_told_to_stop_it_finishes_what_it_tells(alice, gateway, watch):
    overdue(alice)
    process = watch(gateway.address("hang", rto=600))
    eventually(lambda: gateway.asked, timeout=30)
    process.terminate()
    gateway.answer()
    assert process.wait(10) == 0
    assert Alarm.objects.exclude(restaurant=None).get().sent_at is not None


def test_without_an_address_it_watches_all_the_same(alice, watch):
    overdue(alice)
    watch()
    eventually(lambda: Alarm.objects.exclude(restaurant=None).exists(), timeout=30)
    assert Alarm.objects.filter(tries__gt=0).count() == 0


def test_an_entry_that_is_no_address_is_said_and_keeps_nobody_waiting(alice, gateway, watch, log):
    overdue(alice)
    watch(f"nonsense-{PASSWORD}", gateway.address("ok"))
    eventually(lambda: gateway.said(), timeout=30)
    assert "Apprise does not understand entry 1." in log.read_text()


def test_without_tables_it_says_so_in_words(tmp_path, watch, log):
    process = watch(DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    assert process.wait(30) == 1
    assert "run manage.py migrate" in log.read_text()


def test_a_database_that_fails_does_not_end_it(alice, caplog):
    overdue(alice)
    watch = Watch()
    table = Heartbeat._meta.db_table
    rename = "ALTER TABLE {} RENAME TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format(table, "gone"))
    watch.look(timezone.now())
    assert "The database fails (the heartbeat)" in caplog.text
    with connection.cursor() as cursor:
        cursor.execute(rename.format("gone", table))
    watch.look(timezone.now())
    assert Heartbeat.objects.get().kind == "watch"
    assert Alarm.objects.exclude(restaurant=None).count() == 1


def seen_of(pid):
    """What others on the machine may see of a process: its command line, and what of its environment they may."""
    if Path("/proc").exists():
        return "".join(Path(f"/proc/{pid}/{name}").read_text() for name in ("cmdline", "environ"))
    return subprocess.run(
        ["ps", "eww", str(pid)], capture_output=True, text=True, check=True
    ).stdout


def test_no_list_of_processes_shows_a_password(alice, gateway, settings, monkeypatch):
    """T24: neither the addresses nor our keys are handed to the process that tells."""
    settings.ALARM_URLS = [gateway.address("hang", rto=600)]
    for name in ("ALARM_URLS", "SECRET_KEY", "FIELD_KEYS", "DATABASE_URL", "HEALTH_TOKEN"):
        monkeypatch.setenv(name, PASSWORD)
    overdue(alice)
    watch = Watch()
    try:
        watch.look(timezone.now())
        (message,) = watch._rounds._open()
        eventually(lambda: gateway.asked)
        assert "ordering.notify" in seen_of(message.child.pid)
        assert PASSWORD not in seen_of(message.child.pid)
    finally:
        watch._rounds.stop()
    assert message.child.poll() is not None
