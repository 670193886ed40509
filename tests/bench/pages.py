"""The web server: the carte beside the floor, a change of the cart, and sending."""

import itertools
import re
from functools import partial

from tests.bench.house import House
from tests.bench.load import Client, Took, timed, together

ROUNDS = 5
SECONDS = 3.0


def carte(house: House, *, clients: int = 4) -> dict[str, float]:
    """Requests per second of the carte of 120 products, as a part of those of the floor: round about, so that both meet
    the same machine.
    """
    phones = [_phone(house, place) for place in range(clients)]
    _fill(phones)
    answer, page = phones[0].ask("GET", phones[0].visit)
    if answer.headers.get("Content-Encoding") != "gzip":
        raise AssertionError("the carte is not compressed")
    (house.directory / "carte").write_bytes(page)
    ours, floor = Took(), Took()
    for _ in range(ROUNDS):
        floor.add(
            together([partial(_get, each, "/bench/floor/carte/") for each in phones], SECONDS)
        )
        ours.add(together([partial(_get, each, each.visit) for each in phones], SECONDS))
    return {
        "bytes": len(page),
        "per_second": ours.per_second,
        "p99_ms": ours.part(99),
        "floor_per_second": floor.per_second,
        "floor_p99_ms": floor.part(99),
        "ratio": ours.per_second / floor.per_second,
    }


def change(house: House, *, clients: int = 8) -> dict[str, float]:
    """A dish into the cart and out of it again, each phone at its own table."""
    phones = [_phone(house, place) for place in range(clients)]
    took = together([_changes(each) for each in phones], ROUNDS * SECONDS)
    return {"per_second": took.per_second, "p50_ms": took.part(50), "p99_ms": took.part(99)}


def send(house: House, *, clients: int = 4) -> dict[str, float]:
    """What the button “order” takes; filling the cart is not counted."""
    phones = [_phone(house, place) for place in range(clients)]
    took = together([partial(_send, each) for each in phones], ROUNDS * SECONDS)
    return {"per_second": took.per_second, "p50_ms": took.part(50), "p99_ms": took.part(99)}


def memory(house: House) -> float:
    """Megabytes of the web server with all its processes; what they share counts once."""
    assert house.web is not None
    pids = [house.web.pid, *_children(house.web.pid)]
    return sum(_pss(pid) for pid in pids) / 1024


def _phone(house: House, place: int) -> Client:
    phone = Client(house.port)
    phone.join(house.cards[0][place], "bench-0")
    return phone


def _fill(phones: list[Client]) -> None:
    """Two dishes each: a phone that only looks is the easier half of an evening."""
    for each in phones:
        for dish in ("plat-3", "plat-40"):
            _add(each, dish)


def _add(phone: Client, dish: str) -> None:
    phone.ask("POST", f"{phone.visit}add/", {"product": dish, "quantity": "1"}, htmx=True)


def _get(phone: Client, path: str) -> float:
    return timed(lambda: phone.ask("GET", path))


def _changes(phone: Client) -> "partial[float]":
    dishes = itertools.cycle([f"plat-{number}" for number in range(1, 120, 7)])
    return partial(_change, phone, dishes)


def _change(phone: Client, dishes: "itertools.cycle[str]") -> float:
    """One of the two, in turn."""
    _, cart = phone.ask("GET", f"{phone.visit}cart/", htmx=True)
    lines = re.findall(rb'name="(quantity\.[^"]+)"', cart)
    if lines:
        out = {lines[0].decode(): "0"}
        return timed(lambda: phone.ask("POST", f"{phone.visit}cart/line/", out, htmx=True))
    return timed(lambda: _add(phone, next(dishes)))


def _send(phone: Client) -> float:
    _add(phone, "plat-5")
    _, cart = phone.ask("GET", f"{phone.visit}cart/")
    form = {
        name: re.findall(rf'name="{name}" value="([^"]+)"'.encode(), cart)[0].decode()
        for name in ("submission_key", "seen")
    }
    return timed(lambda: phone.ask("POST", f"{phone.visit}send/", form, expect=[303]))


def _children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as found:
        return [int(each) for each in found.read().split()]


def _pss(pid: int) -> int:
    with open(f"/proc/{pid}/smaps_rollup") as found:
        return next(int(line.split()[1]) for line in found if line.startswith("Pss:"))
