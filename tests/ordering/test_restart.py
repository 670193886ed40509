"""Real web processes, killed: what a diner was told survives, and the same form is the same order afterwards."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
import requests

from tests.helpers import eventually
from tests.ordering import made

pytestmark = [pytest.mark.wire, pytest.mark.pure]

ROOT = Path(__file__).parents[2]


class House:
    """A restaurant with a web server of its own, on a database of its own."""

    def __init__(self, data):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.database = data / "tablee.sqlite3"
        self.environment = {
            "PATH": os.environ["PATH"],
            "DATA_DIR": str(data),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "BASE_URL": self.address,
            "PLAIN_STATIC": "1",
            "REGISTER_HOSTS_ALLOWED": "127.0.0.1",
        }
        made.imported(data)
        self.web = None

    def manage(self, *arguments):
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, application="ordering.wsgi", *, workers=2, under=(), **environment):
        """`under`: a command that runs the server, strace for one."""
        command = [*under, sys.executable, "-m", "gunicorn", application, "--log-level", "error"]
        self.web = subprocess.Popen(
            [*command, "--workers", str(workers), "--bind", f"127.0.0.1:{self.port}"],
            cwd=ROOT,
            env={**self.environment, **environment},
            start_new_session=True,
        )
        eventually(self.answers, timeout=30)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        """Every process at once, with no chance to tidy up."""
        if self.web is not None:
            os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait(10)
            eventually(lambda: not self.answers())

    def rows(self, database=None):
        """Each order with its addition."""
        with contextlib.closing(sqlite3.connect(database or self.database)) as found:
            return found.execute(
                "SELECT o.code, o.number, o.total, a.number, a.body FROM ordering_order o "
                "JOIN pos_bridge_addition a ON a.order_id = o.id"
            ).fetchall()


@pytest.fixture
def running(tmp_path):
    running = House(tmp_path)
    running.start()
    yield running
    running.kill()


def post(phone, address, **fields):
    token = phone.cookies["csrftoken"]
    data = {"csrfmiddlewaretoken": token, **fields}
    return phone.post(address, data=data, headers={"Referer": address}, allow_redirects=False)


def filled_cart(running):
    """A phone with a soup in its cart: the phone, the address of its visit, and its send form."""
    phone = requests.Session()
    welcome = phone.get(running.address + made.card())
    visit = running.address + post(phone, welcome.url + "join/", covers="2").headers["Location"]
    assert post(phone, visit + "add/", product="poireaux", quantity="1").status_code == 303
    page = phone.get(visit + "cart/").text
    form = {
        name: re.findall(rf'name="{name}" value="([^"]+)"', page)[0]
        for name in ("submission_key", "seen")
    }
    return phone, visit, form


def test_what_was_confirmed_survives_kill_9(running):
    """P3, P4, F02: after the answer everything is killed; after a restart the order is there, whole and once."""
    phone, visit, form = filled_cart(running)
    told = post(phone, visit + "send/", **form).headers["Location"]
    before = running.rows()
    running.kill()
    running.start()
    assert running.rows() == before
    assert len(before) == 1
    assert before[0][2] == 9_50
    again = post(phone, visit + "send/", **form)
    assert (again.status_code, again.headers["Location"]) == (303, told)
    assert running.rows() == before
    assert f"n°&nbsp;{before[0][1]}" in phone.get(running.address + told).text.replace(
        "\xa0", "&nbsp;"
    )


def sent_without_waiting(running, phone, visit, form):
    """The line on which the form went out; its answer can be read from it."""
    body = urlencode({"csrfmiddlewaretoken": phone.cookies["csrftoken"], **form})
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in phone.cookies)
    line = socket.create_connection(("127.0.0.1", running.port))
    head = (
        f"POST {visit.removeprefix(running.address)}send/ HTTP/1.1\r\nHost: 127.0.0.1:{running.port}\r\n"
        f"Cookie: {cookies}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    line.sendall((head + body).encode())
    return line


def test_an_order_that_nobody_was_told_of_is_there_or_not_at_all(running):
    """Killed while it is sent. Whatever had happened, the same form gives one order."""
    phone, visit, form = filled_cart(running)
    with sent_without_waiting(running, phone, visit, form):
        running.kill()
    assert len(running.rows()) in (0, 1)
    running.start()
    assert post(phone, visit + "send/", **form).status_code == 303
    assert len(running.rows()) == 1


@pytest.mark.parametrize(
    ("moment", "orders"),
    [("before the commit", 0), ("before the answer", 1)],
    ids=["f24", "f25"],
)
def test_killed_at_the_worst_moment_the_same_form_is_one_order(running, tmp_path, moment, orders):
    """F24: between INSERT and COMMIT there is no order and no answer. F25, F02: between COMMIT and answer there is one,
    and the form that is sent again is told its number.
    """
    phone, visit, form = filled_cart(running)
    running.kill()
    paused = tmp_path / "paused"
    running.start("tests.ordering.harmed_wsgi", PAUSE=moment, PAUSED=str(paused))
    with sent_without_waiting(running, phone, visit, form) as line:
        eventually(paused.exists)
        running.kill()
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(1) == b""
    before = running.rows()
    assert len(before) == orders
    running.start()
    answer = post(phone, visit + "send/", **form)
    assert answer.status_code == 303
    after = running.rows()
    assert len(after) == 1
    assert after[:orders] == before
    assert f"/orders/{after[0][0]}/" in answer.headers["Location"]
