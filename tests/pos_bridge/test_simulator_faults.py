"""Faults drawn from a seed: the same again for the same requests, every mode soon, half of them losing an answer."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections import Counter
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from pos_bridge.simulator.faults import dealer
from pos_bridge.simulator.leo2 import DELIVERY, POST_MODES, READING, Leo2Register
from pos_bridge.simulator.leo2_lists import MODES as LIST_MODES
from pos_bridge.simulator.modes import MODES
from tests.pos_bridge.test_simulator_leo2 import CATALOGUE, ask, told
from tests.pos_bridge.test_simulator_modes import LIST, deliver, listed

KNOWN = MODES | POST_MODES | LIST_MODES
QUICK = ["http500_after", "401", "html200", "bom", "half_json_before"]


def dealt(seed: int, requests: int, rate: float = 0.25) -> list[str]:
    draws = dealer(seed, "post", rate, DELIVERY, KNOWN)
    return [draws.deal().text if draws.falls() else "ok" for _ in range(requests)]


@pytest.mark.pure
def test_it_draws_the_same_from_the_same_seed() -> None:
    assert dealt(7, 500) == dealt(7, 500)
    assert dealt(7, 500) != dealt(8, 500)


@pytest.mark.pure
def test_it_draws_as_often_as_the_rate_says() -> None:
    assert 900 < sum(mode != "ok" for mode in dealt(1, 4000)) < 1100
    assert set(dealt(1, 100, rate=0)) == {"ok"}
    assert "ok" not in dealt(1, 100, rate=1)


@pytest.mark.pure
def test_it_loses_the_answer_to_something_booked_with_half_of_the_faults() -> None:
    faults = dealt(3, 4000, rate=1)
    losing = sum(KNOWN[text.partition("(")[0]].loses for text in faults)
    assert 0.46 < losing / len(faults) < 0.54


@pytest.mark.pure
def test_it_draws_every_mode_before_one_comes_for_the_third_time() -> None:
    for seed in range(20):
        times = Counter(dealt(seed, 3 * len(DELIVERY), rate=1))
        assert times.keys() == set(DELIVERY)


@pytest.mark.pure
@pytest.mark.parametrize("rate", [-0.1, 1.5])
def test_it_knows_what_a_rate_is(rate: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        dealer(1, "post", rate, DELIVERY, KNOWN)


@pytest.mark.pure
@pytest.mark.parametrize("text", ["explode", "list_stale", "late_after(soon)"])
def test_it_draws_nothing_that_a_delivery_cannot_have(text: str) -> None:
    with pytest.raises(ValueError, match=text.partition("(")[0]):
        dealer(1, "post", 0.5, [text], KNOWN)


def drawing(**options: Any) -> Leo2Register:
    return Leo2Register(CATALOGUE, **{"scale": 0.01, "fault_modes": QUICK, **options})


def modes_of(till: Leo2Register, first: int = 0, count: int = 12) -> list[str]:
    for number in range(first + 1, first + count + 1):
        deliver(till, number)
    return [post["mode"] for post in till.posts(after=first)]


@pytest.mark.wire
def test_the_same_deliveries_meet_the_same_faults() -> None:
    with drawing(seed=5, faults=0.5) as one, drawing(seed=5, faults=0.5) as two:
        modes = modes_of(one)
        with contextlib.suppress(ValueError):
            listed(two)  # reading a list draws from a generator of its own
        assert modes_of(two) == modes
        assert "ok" in modes
        assert set(modes) - {"ok"} <= set(QUICK)
        drawn = [post.get("drawn", False) for post in one.posts()]
        assert drawn == [mode != "ok" for mode in modes]


@pytest.mark.wire
def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    with drawing(seed=5, faults=0.5) as till:
        expected = modes_of(till, count=20)
    modes = []
    for first in (0, 7, 13):
        with drawing(seed=5, faults=0.5, ledger=tmp_path / "ledger.jsonl") as till:
            modes += modes_of(till, first, {0: 7, 7: 6, 13: 7}[first])
    assert modes == expected


@pytest.mark.wire
def test_a_script_goes_before_what_is_drawn_and_healing_ends_it() -> None:
    with drawing(
        faults=1, fault_modes=["401"], list_faults=1, list_fault_modes=["http500"]
    ) as till:
        assert told(till, "/_script", {"modes": ["429", "ok"], "list": ["html200"]})[0] == 200
        assert modes_of(till, count=3) == ["429", "ok", "401"]
        assert told(till, "/_script", {"always": "bom"})[0] == 200
        assert modes_of(till, 3, 1) == ["bom"]
        assert b"<html>" in str(ask(till, LIST)[1]).encode()
        assert ask(till, LIST)[0] == 500
        assert told(till, "/_script", {"heal": True})[0] == 200
        assert modes_of(till, 4, 3) == ["ok", "ok", "ok"]
        assert ask(till, LIST)[0] == 200
        status = ask(till, "/_status")[1]
        assert status["draw"] == {"faults": 0, "list_faults": 0}
        assert told(till, "/_script", {"draw": {"faults": 1.0}})[0] == 200
        assert modes_of(till, 7, 1) == ["401"]
        assert ask(till, LIST)[0] == 200
        assert told(till, "/_script", {"draw": {"list_faults": 1}})[0] == 200
        assert ask(till, LIST)[0] == 500
        assert ask(till, "/_status")[1]["draw"] == {"faults": 1.0, "list_faults": 1}


@pytest.mark.wire
@pytest.mark.parametrize(
    "wish", [{"faults": 2}, {"faults": "often"}, {"rate": 0.5}, [0.5], {"faults": 0.5, "list_faults": -1}]
)  # fmt: skip
def test_it_says_what_cannot_be_drawn(wish: object) -> None:
    with drawing() as till:
        status, answer = told(till, "/_script", {"draw": wish})
        assert status == 400
        assert answer["error"]
        assert ask(till, "/_status")[1]["draw"] == {"faults": 0, "list_faults": 0}


@pytest.mark.wire
def test_a_door_that_is_drawn_shuts_behind_the_delivery() -> None:
    with drawing(faults=1, fault_modes=["refuse_conn(1000)"]) as till:
        assert deliver(till)[0].status == 200
        with pytest.raises(ConnectionRefusedError):
            deliver(till, 2)
        till.heal()
        assert deliver(till, 2)[0].status == 200
        assert till.fired()["post"] == {"ok": 2, "refuse_conn": 1}


@pytest.mark.wire
def test_a_list_that_is_drawn_stale_is_the_one_of_the_last_reading() -> None:
    with drawing(list_fault_modes=["list_stale"]) as till:
        deliver(till, 1)
        assert [row["id"] for row in listed(till)] == [1]
        deliver(till, 2)
        till.draw(list_faults=1)
        assert [row["id"] for row in listed(till)] == [1]
        till.heal()
        assert [row["id"] for row in listed(till)] == [1, 2]


@pytest.mark.wire
def test_it_plays_every_mode_that_it_draws_and_loses_nothing_of_its_own() -> None:
    with Leo2Register(CATALOGUE, seed=1, faults=1, list_faults=1, scale=0.001) as till:
        for number in range(1, 4 * len(DELIVERY)):
            with contextlib.suppress(OSError, HTTPException):
                deliver(till, number, timeout=0.1)
            if number <= 100:
                with contextlib.suppress(OSError, HTTPException, ValueError):
                    listed(till)
        till.heal()
        fired = till.fired()
        assert fired["post"].keys() >= {text.partition("(")[0] for text in DELIVERY}
        assert fired["list"].keys() >= {text.partition("(")[0] for text in READING}
        booked = {post["number"]: post["booked"] for post in till.posts()}
        after = {post["number"]: post["mode"].partition("(")[0] for post in till.posts()}
        assert all(booked[number] for number, name in after.items() if name.endswith("_after"))
        assert not any(booked[number] for number, name in after.items() if name.endswith("_before"))


@pytest.mark.wire
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--faults", "2"), "from 0 to 1"),
        (("--faults", "0.5", "--fault-modes", "bom,explode"), "no mode 'explode'"),
        (("--list-faults", "0.5", "--list-fault-modes", "dup_known"), "is a mode for a post"),
    ],
)
def test_the_command_says_in_words_what_it_cannot_draw(
    options: tuple[str, ...], words: str
) -> None:
    line = [sys.executable, "manage.py", "simulate_register", "leo2", "--port", "0", *options]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
