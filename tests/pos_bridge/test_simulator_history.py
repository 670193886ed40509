"""What the simulator tells a judge: times of each delivery, how often each mode fired, and all of it after kill -9."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pos_bridge.simulator.leo2 import Leo2Register
from pos_bridge.simulator.leo2_relay import Relay
from tests.helpers import eventually
from tests.pos_bridge.test_simulator_leo2 import CATALOGUE, DELIVER, ask, body, told
from tests.pos_bridge.test_simulator_modes import deliver, listed, register


def overlaps(posts: list[dict[str, Any]]) -> int:
    """Pairs of deliveries that were in flight at the same moment."""
    spans = sorted((post["time"], post["ended"]) for post in posts)
    return sum(
        later[0] < earlier[1] for place, earlier in enumerate(spans) for later in spans[place + 1 :]
    )


@pytest.mark.wire
def test_it_tells_when_each_delivery_came_and_ended() -> None:
    with register() as till:
        before = time.time()
        till.script(
            "ok", "late_after(5)", "drip_body(0.1)", "rst_after", "hangup_before", "huge(2)"
        )
        for number in range(1, 8):
            with contextlib.suppress(OSError, HTTPException):
                deliver(till, number)
        posts = ask(till, "/_posts")[1]
        assert [post["place"] for post in posts] == list(range(7))
        assert all(len(post["sha256"]) == 64 for post in posts)
        times = [moment for post in posts for moment in (post["time"], post["ended"])]
        assert times == sorted(times)
        assert before <= times[0]
        assert times[-1] <= time.time()
        assert posts[1]["ended"] - posts[1]["time"] >= 0.05  # 5 s, scaled
        assert overlaps(posts) == 0


@pytest.mark.wire
def test_it_ends_a_delivery_whose_client_is_gone_before_the_next_comes() -> None:
    with register() as till:
        till.fail_always("late_after(1000)")
        for number in range(1, 6):
            with pytest.raises(TimeoutError):
                deliver(till, number, timeout=0.03)
        eventually(lambda: all("ended" in post for post in till.posts()))
        assert overlaps(till.posts()) == 0


@pytest.mark.wire
def test_it_shows_deliveries_that_are_in_flight_together() -> None:
    with register() as till:
        till.fail_always("late_after(100)")
        threads = [threading.Thread(target=deliver, args=(till, each)) for each in (1, 2, 3)]
        for thread in threads:
            thread.start()
        eventually(lambda: len(till.posts()) == 3)
        assert not any("ended" in post for post in till.posts())
        for thread in threads:
            thread.join()
        assert overlaps(till.posts()) == 3


@pytest.mark.wire
def test_it_gives_only_what_is_new_from_a_place_on() -> None:
    with register() as till:
        for number in (1, 2, 3):
            deliver(till, number)
        assert [post["place"] for post in ask(till, "/_posts?after=1")[1]] == [1, 2]
        assert [entry["number"] for entry in ask(till, "/_ledger?after=2")[1]] == [3]
        assert ask(till, "/_posts?after=3")[1] == ask(till, "/_ledger?after=9")[1] == []
        for wrong in ("soon", "-1"):
            assert ask(till, f"/_posts?after={wrong}")[0] == 400


@pytest.mark.wire
def test_it_counts_how_often_each_mode_fired_over_restarts(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    with register(ledger=file) as till:
        assert till.fired() == {"post": {}, "list": {}}
        till.script(
            "rst_after", "json_error(Non)", "rst_after", list=["list_object", "list_missing(1)"]
        )
        for number in (1, 2, 3, 4):
            with contextlib.suppress(OSError):
                deliver(till, number)
        for _ in range(3):
            listed(till)
        till.script("refuse_conn(1)", "blackhole(1)")
        eventually(lambda: till.fired()["post"].get("blackhole") == 1)
        till.heal()
        deliver(till, 5)
        expected = {
            "post": {"rst_after": 2, "json_error": 1, "ok": 2, "refuse_conn": 1, "blackhole": 1},
            "list": {"list_object": 1, "list_missing": 1, "ok": 1},
        }
        assert ask(till, "/_status")[1]["fired"] == expected
    with register(ledger=file) as till:
        assert till.fired() == expected


@pytest.mark.wire
def test_a_door_that_is_held_shut_counts_once() -> None:
    with register() as till:
        till.fail_always("refuse_conn")
        till.fail_always("refuse_conn")
        assert till.fired()["post"] == {"refuse_conn": 1}


# Many deliveries


def seconds(call: Callable[[], object]) -> float:
    """The least of many: what else the machine does can only add to it."""
    least = float("inf")
    for _ in range(30):
        start = time.perf_counter()
        call()
        least = min(least, time.perf_counter() - start)
    return least


def relay_of(count: int, *, closed: bool = False) -> Relay:
    relay = Relay(None, till_delay=0, simulated_late=0, clock=time.time)
    if closed:
        relay.close_till(1)
    for number in range(count):
        place = relay.arrive(number=number, sha256="", mode="ok")
        relay.take(number, b"{}", place, table=4, covers=2)
        relay.settle(place, outcome="booked")
        relay.end(place)
    return relay


@pytest.mark.pure
@pytest.mark.parametrize(
    "call",
    [
        lambda relay: relay.list_of_till(200),
        lambda relay: relay.list_of_all(200),
        lambda relay: relay.told_posts(len(relay.posts) - 20),
        lambda relay: relay.booked(len(relay.posts) - 20),
        lambda relay: relay.set_state(10, 2),
        lambda relay: relay.take(10**9, b"{}", None),
        lambda relay: relay.fired(),
    ],
)
@pytest.mark.parametrize("closed", [False, True])
def test_it_gets_no_slower_with_each_delivery(
    call: Callable[[Relay], object], closed: bool
) -> None:
    few, many = relay_of(300, closed=closed), relay_of(9000, closed=closed)
    if closed:
        few.open_till()
        many.open_till()
    ratio = seconds(lambda: call(many)) / seconds(lambda: call(few))
    assert ratio < 10, "thirty times as many deliveries"


# The command as a process


@pytest.fixture
def command() -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    running: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        line = [sys.executable, "manage.py", "simulate_register", "leo2", *options]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout
        return process, urlsplit(process.stdout.readline().split()[-1]).netloc

    yield start
    for process in running:
        process.kill()
        process.wait()


def call(place: str, path: str, raw: bytes | None = None) -> Any:
    connection = HTTPConnection(place, timeout=10)
    kind = {"Content-Type": "application/json"}
    connection.request("GET" if raw is None else "POST", path, raw, kind)
    answer = json.load(connection.getresponse())
    connection.close()
    return answer


@pytest.mark.wire
def test_kill_9_and_a_restart_at_the_same_address_change_no_truth(
    command: Callable[..., tuple[subprocess.Popen[str], str]], tmp_path: Path
) -> None:
    """F34 and F63 as the torture run has them: killed while a delivery waits for its answer and the till is off."""
    ledger = ("--ledger", str(tmp_path / "ledger.jsonl"))
    settings = ("--covers-add-up", "--running-orders-only", "--scale", "0.001", "--seed", "3")
    drawn = ("--faults", "1", "--fault-modes", "html200_after")
    process, place = command("--port", "0", *ledger, *settings, *drawn)
    for number, table in ((1, 4), (2, 4)):
        call(place, "/_table", json.dumps({"number": table, "open": True}).encode())
        with pytest.raises(ValueError, match="Expecting value"):
            call(place, DELIVER, body(number, table=table))
    call(place, "/_script", b'{"till": "closed", "modes": ["late_after(900000)"]}')
    waiting = socket.create_connection(tuple(place.split(":")))  # type: ignore[arg-type]
    raw = body(3, table=4)
    head = f"POST {DELIVER} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    waiting.sendall(f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
    posts = eventually(lambda: (told := call(place, "/_posts"))[2:] and told)
    assert ["ended" in post for post in posts] == [True, True, False]
    before = [call(place, path) for path in ("/_ledger", "/_tables")]
    fired = call(place, "/_status")["fired"]
    eventually(lambda: call(place, "/_posts")[2].get("outcome") == "stored")
    process.kill()
    process.wait()
    killed_at = time.time()
    assert waiting.recv(1) == b""
    waiting.close()

    _, again = command("--port", place.partition(":")[2], *ledger, *settings, *drawn)
    assert again == place
    assert [call(place, path) for path in ("/_ledger", "/_tables")] == before
    assert before[1] == [{"number": 4, "open": True, "locked": False, "covers": 4}]
    assert (
        call(place, "/_status")["fired"]
        == fired
        == {"post": {"html200_after": 2, "late_after": 1}, "list": {}}
    )
    assert [post["booked"] for post in call(place, "/_posts")] == [True, True, False]
    assert call(place, "/_posts")[2]["ended"] >= killed_at
    with pytest.raises(ValueError, match="Expecting value"):
        call(place, DELIVER, raw)  # the relay has it: a double
    call(place, "/_script", b'{"till": "open", "heal": true}')
    assert [entry["number"] for entry in call(place, "/_ledger")] == [1, 2, 3]
    assert call(place, DELIVER, body(4, table=4)) == {"id": 4, "state": 1}


@pytest.mark.wire
def test_a_full_disk_stops_no_counting(tmp_path: Path) -> None:
    """What no booking hangs on is not worth a failing request."""
    with Leo2Register(CATALOGUE, ledger=tmp_path / "ledger.jsonl") as till:
        till._relay._journal.close()
        till._relay._journal._file = -1  # each write fails, as on a full disk
        assert ask(till, "/_status")[0] == 200
        till.script(list="list_object")
        assert listed(till) == {}
        assert till.fired()["list"] == {"list_object": 1}
        assert told(till, "/_script", {"heal": True})[0] == 200
        till._relay._journal._file = None
