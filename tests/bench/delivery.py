"""Deliveries: beside a loop that does nothing else, and what we add to a register that answers at once."""

import json
import threading
import time
from statistics import quantiles
from typing import Any

import requests

from tests.bench.house import House

PATIENCE = 120.0  # seconds until the last order must be there


def deliveries(house: House, *, orders: int, workers: int = 1) -> dict[str, float]:
    """Additions taken in a second with all registers at work, as a part of what bare sessions do, one each."""
    before = house.call("waiting", after=0)["taken"]
    house.call("queue", orders=orders, after=before)
    with _delivering(house, workers):
        found = _until_taken(house, before)
    bare = _bare(house, orders)
    ours = (len(found["seconds"]) - 1) / found["span"]
    return {"per_second": ours, "bare_per_second": bare, "ratio": ours / bare, "workers": workers}


def added(house: House, *, orders: int = 60) -> dict[str, float]:
    """Milliseconds from an order to `accepted`, one order at a time, each sent by a phone."""
    from tests.bench.pages import _phone, _send

    phone = _phone(house, 0)
    with _delivering(house, 1):
        # What was sent before is delivered before.
        before = _until_taken(house)["taken"]
        for _ in range(orders):
            _send(phone)
            time.sleep(0.15)
        found = _until_taken(house, before)
    parts = quantiles([1000 * each for each in found["seconds"]], n=100)
    return {"p50_ms": parts[49], "p99_ms": parts[98]}


def _delivering(house: House, workers: int) -> "_Several":
    return _Several(house, workers)


class _Several:
    """So many `deliver` beside us."""

    def __init__(self, house: House, workers: int) -> None:
        self._runs = [house.running("manage.py", "deliver") for _ in range(workers)]

    def __enter__(self) -> None:
        for each in self._runs:
            each.__enter__()

    def __exit__(self, *error: object) -> None:
        for each in self._runs:
            each.__exit__(None, None, None)


def _until_taken(house: House, before: int = 0) -> dict[str, Any]:
    """What became of all orders but the first so many. To look whether they are there must cost nothing that is felt:
    a process of Django that starts takes half of this machine for a second.
    """
    end = time.monotonic() + PATIENCE
    while still_open := house.count("pos_bridge_addition WHERE state IN ('queued', 'sending')"):
        if time.monotonic() > end:
            raise AssertionError(f"{still_open} are still open")
        time.sleep(0.2)
    found: dict[str, Any] = house.call("waiting", after=before)
    return found


def _bare(house: House, orders: int) -> float:
    """One `requests.Session` for each register, which posts what an addition looks like, as quickly as it can."""
    body = house.call("a_body")
    each = max(1, orders // len(house.register_ports))

    def post(port: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for number in range(each):
                address = f"http://127.0.0.1:{port}{body['path']}"
                text = json.dumps({**json.loads(body["body"]), "id": 1_000_000 + number})
                session.post(address, data=text, headers=body["headers"], timeout=30)

    threads = [threading.Thread(target=post, args=(port,)) for port in house.register_ports]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return each * len(threads) / (time.perf_counter() - began)
