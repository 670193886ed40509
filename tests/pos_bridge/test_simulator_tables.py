"""Running orders, locked tables, covers, and a till that is off behind a relay that is on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from tests.pos_bridge.test_simulator_leo2 import (
    CATALOGUE,
    DELIVER,
    LIST,
    LIST_ALL,
    ask,
    body,
    told,
)

pytestmark = pytest.mark.wire


def order(till: Leo2Register, number: int, **changes: Any) -> Any:
    return ask(till, DELIVER, body(number, **changes))[1]


def tables(till: Leo2Register) -> Any:
    return ask(till, "/_tables")[1]


def test_it_refuses_a_table_without_a_running_order_where_it_is_set_so() -> None:
    with Leo2Register(CATALOGUE, running_orders_only=True) as till:
        answer = order(till, 1, table=12)
        assert answer == {
            "id": 1,
            "state": 4,
            "error": "Aucune commande en cours sur la table 12",
        }
        (post,) = till.posts()
        assert (post["outcome"], post["reason"]) == ("refused", answer["error"])
        assert "breaches" not in post
        assert answer["error"] in ask(till, "/")[1]
        assert told(till, "/_table", {"number": 12, "open": True})[0] == 200
        assert order(till, 1, table=12) == {"id": 1, "state": 1}
        assert told(till, "/_table", {"number": 12, "open": False})[0] == 200
        assert order(till, 1, table=12) == {"id": 1, "state": 1}  # a double, known already
        assert order(till, 2, table=12)["state"] == 4
        assert [entry["number"] for entry in till.ledger()] == [1]


def test_it_gives_a_table_a_running_order_where_it_is_not_set_otherwise() -> None:
    with Leo2Register(CATALOGUE) as till:
        order(till, 1, table=4, nbCouverts=3)
        assert tables(till) == [{"number": 4, "open": True, "locked": False, "covers": 3}]
        assert told(till, "/_script", {"running_orders_only": True})[0] == 200
        assert order(till, 2, table=4)["state"] == 1
        assert order(till, 3, table=12)["state"] == 4
        till.set_state(1, 9)  # the table has paid
        assert tables(till) == [{"number": 4, "open": False, "locked": False, "covers": 0}]
        assert order(till, 4, table=4)["state"] == 4
        assert told(till, "/_script", {"running_orders_only": False})[0] == 200
        assert order(till, 4, table=4)["state"] == 1


@pytest.mark.parametrize("strict", [True, False])
def test_it_refuses_a_table_that_a_waiter_has_locked(strict: bool) -> None:
    with Leo2Register(CATALOGUE, strict=strict) as till:
        assert told(till, "/_table", {"number": 12, "locked": True})[0] == 200
        assert tables(till) == [{"number": 12, "open": False, "locked": True, "covers": 0}]
        words = "Table 12 verrouillée par un serveur"
        assert order(till, 1, table=12) == {"id": 1, "state": 4, "error": words}
        assert order(till, 2, table=4)["state"] == 1
        assert told(till, "/_table", {"number": 12, "locked": False})[0] == 200
        assert order(till, 1, table=12)["state"] == 1
        assert [entry["number"] for entry in till.ledger()] == [2, 1]


@pytest.mark.parametrize(("adds_up", "covers"), [(False, 3), (True, 5)])
def test_it_sets_covers_or_adds_them_up(adds_up: bool, covers: int, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    expected = [{"number": 4, "open": True, "locked": False, "covers": covers}]
    with Leo2Register(CATALOGUE, covers_add_up=adds_up, ledger=file) as till:
        order(till, 1, table=4, nbCouverts=2)
        order(till, 2, table=4, nbCouverts=3)
        order(till, 2, table=4, nbCouverts=3)
        assert tables(till) == expected
    with Leo2Register(CATALOGUE, ledger=file) as till:
        assert tables(till) == expected
        assert told(till, "/_script", {"covers_add_up": True})[0] == 200
        order(till, 3, table=4, nbCouverts=1)
        assert tables(till)[0]["covers"] == covers + 1
        assert ask(till, "/_status")[1]["settings"]["covers_add_up"] is True


def test_it_says_what_a_table_cannot_be_told() -> None:
    with Leo2Register(CATALOGUE) as till:
        for wish, words in (
            ({"number": 7, "open": True}, "the till has no table 7"),
            ({"number": 12}, "can be told"),
            ({"number": 12, "covers": 3}, "can be told"),
            ({"number": "12", "open": True}, "an integer"),
            ({"number": 12, "open": 1}, "true or false"),
            ({"open": True}, "number"),
            (["open"], "argument"),
        ):
            status, answer = told(till, "/_table", wish)
            assert (status, words in answer["error"]) == (400, True), answer
        assert told(till, "/_script", {"covers_add_up": "yes"})[0] == 400
        assert tables(till) == []
    with Leo2Register(Catalogue.of_everything()) as till:
        assert told(till, "/_table", {"number": 7, "open": True})[0] == 200


def test_the_relay_has_it_while_the_till_is_off_f63(tmp_path: Path) -> None:
    """F63: told over HTTP; a restart in between forgets neither what waits nor that the till is off."""
    file = tmp_path / "ledger.jsonl"
    with Leo2Register(CATALOGUE, ledger=file) as till:
        assert told(till, "/_script", {"till": "closed"})[0] == 200
        assert told(till, "/_table", {"number": 12, "locked": True})[0] == 200
        assert order(till, 1, table=12)["state"] == 1  # nobody can ask the till about its table
    with Leo2Register(CATALOGUE, ledger=file) as till:
        assert order(till, 2, table=4)["state"] == 1
        assert [post["outcome"] for post in till.posts()] == ["stored", "stored"]
        assert ask(till, "/_ledger")[1] == ask(till, LIST)[1] == []
        assert [row["id"] for row in ask(till, LIST_ALL)[1]] == [1, 2]
        assert [table["locked"] for table in tables(till)] == [True]
        assert told(till, "/_script", {"till": "open"})[0] == 200
    with Leo2Register(CATALOGUE, ledger=file) as till:
        assert order(till, 3, table=4)["state"] == 1
        ledger = ask(till, "/_ledger")[1]
        assert [(each["number"], "late" in each) for each in ledger] == [
            (1, True),
            (2, True),
            (3, False),
        ]


def test_the_relay_keeps_one_to_itself_over_a_restart_f63(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    with Leo2Register(CATALOGUE, ledger=file) as till:
        assert told(till, "/_script", {"modes": ["store_only(0)"]})[0] == 200
        order(till, 1)
        order(till, 2)
    with Leo2Register(CATALOGUE, ledger=file) as till:
        assert [row["id"] for row in ask(till, LIST)[1]] == [2]
        assert ask(till, LIST_ALL)[1] == [{"id": 1, "state": 0}, {"id": 2, "state": 1}]
        assert told(till, "/_script", {"till": "open"})[0] == 200
        assert [entry["number"] for entry in till.ledger()] == [2, 1]


def test_a_till_that_is_off_fetches_nothing_that_was_on_its_way() -> None:
    now = [1000.0]
    with Leo2Register(CATALOGUE, till_delay=30, clock=lambda: now[0]) as till:
        order(till, 1)
        till.close_till()
        now[0] = 1100.0
        assert till.ledger() == []
        till.open_till()
        (entry,) = till.ledger()
        assert (entry["booked_at"], entry["late"]) == (1100.0, 100.0)
