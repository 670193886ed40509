"""A confirmed order survives a power cut: the log is synced before the answer goes out, as the kernel saw it (F26)."""

import contextlib
import re
import shutil
import sqlite3
import sys

import pytest

from tests import system_tools
from tests.helpers import eventually
from tests.ordering.test_restart import House, filled_cart, post
from tests.test_system_tools import Made

if sys.platform != "linux":
    pytest.skip("no other system has strace", allow_module_level=True)

pytestmark = [pytest.mark.wire, pytest.mark.pure]

CALLS = "recvfrom,read,sendto,sendmsg,write,writev,pwrite64,fdatasync,fsync"
LOG = r"\(\d+<[^>]*\.sqlite3-wal>"
WRITES = re.compile(rf"p?write(64|v)?{LOG}")
SYNCS = re.compile(rf"f(data)?sync{LOG}(\)\s+= 0| <unfinished)")
ASKS = re.compile(r'(recvfrom|read)\(.*"POST /v/[^"]*')
ANSWERS = re.compile(r'(sendto|sendmsg|writev?)\(.*"HTTP/1\.1 303')


def of_the_order(trace):
    """The system calls of the process that took the order, from its request to its answer."""
    lines = [line.split(maxsplit=1) for line in trace.read_text().splitlines()]
    answers = [at for at, (_, call) in enumerate(lines) if ANSWERS.match(call)]
    if not answers:
        return None
    pid = lines[answers[-1]][0]
    own = [call for at, (who, call) in enumerate(lines) if who == pid and at <= answers[-1]]
    return own[max(at for at, call in enumerate(own) if ASKS.match(call)) :]


def is_on_disk(calls):
    """Whether nothing was written to the log after its last sync, and something before."""
    kinds = [
        "write" if WRITES.match(call) else "sync" if SYNCS.match(call) else "" for call in calls
    ]
    assert "write" in kinds, calls
    return "sync" in kinds and "write" not in kinds[len(kinds) - kinds[::-1].index("sync") :]


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.kill()


def ordered_under_strace(house, trace, **environment):
    strace = [system_tools.find("strace"), "-f", "-y", "-s", "40", "-e", f"trace={CALLS}"]
    house.start(
        "tests.ordering.harmed_wsgi", workers=1, under=[*strace, "-o", str(trace)], **environment
    )
    phone, visit, form = filled_cart(house)
    assert post(phone, visit + "send/", **form).status_code == 303


@pytest.mark.parametrize(
    ("environment", "on_disk"),
    [({}, True), ({"SYNCHRONOUS": "NORMAL"}, False)],
    ids=["as it is", "as it must not be"],
)
def test_the_log_is_synced_before_the_answer_f26(house, tmp_path, environment, on_disk):
    """F26, P3; and the same look finds the fault where SQLite is told to be quicker."""
    trace = tmp_path / "trace"
    # Somebody else has the file open, as the worker has: else the log would be gone at each request's end.
    with contextlib.closing(sqlite3.connect(house.database)) as reader:
        reader.execute("SELECT count(*) FROM ordering_order").fetchone()
        ordered_under_strace(house, trace, **environment)
        calls = eventually(lambda: of_the_order(trace))
    assert is_on_disk(calls) == on_disk, "\n".join(calls)


def test_what_lies_on_the_disk_at_the_answer_is_the_order_f26(house, tmp_path):
    """F26: the file and its log, without what SQLite keeps in memory."""
    copy = tmp_path / "copy"
    copy.mkdir()
    with contextlib.closing(sqlite3.connect(house.database)) as reader:
        reader.execute("SELECT count(*) FROM ordering_order").fetchone()
        house.start()
        phone, visit, form = filled_cart(house)
        told = post(phone, visit + "send/", **form).headers["Location"]
        for end in ("", "-wal"):
            shutil.copy(f"{house.database}{end}", copy)
        house.kill()
    (order,) = house.rows(copy / house.database.name)
    assert f"/orders/{order[0]}/" in told


def test_it_finds_a_strace_only_where_it_may_look():
    """Some containers have the program and forbid it its work."""
    path = "/made/bin/strace"
    works = Made(path, answers={f"{path} -o /dev/null true": ""})
    assert system_tools.find("strace", works.machine) == path
    assert system_tools.find("strace", Made(path).machine) is None
