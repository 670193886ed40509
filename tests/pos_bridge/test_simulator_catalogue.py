"""The simulator speaks every mode of docs/promises.md, section 2, before and after the booking."""

from __future__ import annotations

import contextlib
import re
from http.client import HTTPException
from pathlib import Path

import pytest

from pos_bridge.simulator.faults import BOTH_SIDES
from pos_bridge.simulator.leo2 import DELIVERY, POST_MODES, READING
from pos_bridge.simulator.leo2_lists import MODES as LIST_MODES
from pos_bridge.simulator.modes import MODES
from tests.pos_bridge.test_simulator_modes import deliver, numbers, register

PROMISES = Path(__file__).parents[2] / "docs" / "promises.md"
KNOWN = MODES | POST_MODES | LIST_MODES
# What has no two sides: nothing goes wrong, nothing arrives, or it is about the booking itself.
ONE_SIDED = {"ok", "ok_slow", "refuse_conn", "blackhole", *POST_MODES}


def catalogue() -> list[str]:
    """The names in the paragraph "Fake register", without arguments and explanations."""
    text = PROMISES.read_text(encoding="utf-8")
    found = re.search(r"\*\*Fake register\*\*.*?: `(.+?)`", text, re.DOTALL)
    assert found
    return [re.sub(r"\s*\(.*?\)|\s+", "", each) for each in found[1].split("·")]


def sides(name: str) -> set[str]:
    family = name if name in BOTH_SIDES else re.sub(r"_(before|after)$", "", name)
    return {f"{family}_before", f"{family}_after"}


@pytest.mark.pure
def test_it_has_every_mode_of_the_catalogue_before_and_after() -> None:
    names = catalogue()
    assert len(names) > 30
    assert names[:3] == ["ok", "ok_slow", "refuse_conn"]
    assert names[-1] == "list_foreign"
    assert set(names) <= KNOWN.keys()
    for name in set(names) - ONE_SIDED - LIST_MODES.keys():
        assert sides(name) <= MODES.keys(), name


@pytest.mark.pure
def test_it_names_in_the_catalogue_s_fault_column_what_it_knows() -> None:
    rows = re.findall(r"^\| F(4[2-9]|5\d|6\d) \|.*\| (.+?) \|$", PROMISES.read_text(), re.MULTILINE)
    named = {word for _, cell in rows for word in re.findall(r"[a-z0-9_]+", cell)}
    assert len(named & KNOWN.keys()) > 20


@pytest.mark.pure
def test_it_draws_every_mode_of_the_catalogue_but_the_one_that_nobody_could_see() -> None:
    drawn = {text.partition("(")[0] for text in (*DELIVERY, *READING)}
    missing = {
        name for name in catalogue() if not drawn & {name, f"{name}_before", f"{name}_after"}
    }
    assert missing == {"ok", "dup_unknown"}


@pytest.mark.wire
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("name", BOTH_SIDES)
def test_it_books_after_and_not_before(name: str, side: str) -> None:
    with register() as till:
        till.script(f"{name}_{side}{BOTH_SIDES[name]}")
        with contextlib.suppress(OSError, HTTPException):
            deliver(till, timeout=0.5)
        assert numbers(till) == ([1] if side == "after" else [])
        assert MODES[f"{name}_{side}"].loses is (side == "after")


@pytest.mark.wire
@pytest.mark.parametrize(("mode", "status"), [("401(403)", 403), ("http500_after(502)", 502)])
def test_it_answers_with_another_status_of_the_same_kind(mode: str, status: int) -> None:
    with register() as till:
        till.script(mode)
        assert deliver(till)[0].status == status
