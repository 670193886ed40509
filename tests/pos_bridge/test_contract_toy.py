"""docs/adding_a_register.md, followed: one file, one line of the table, and the contract holds."""

import re
from pathlib import Path

import pytest

from pos_bridge.errors import Uncertain
from pos_bridge.registers import ADAPTERS, adapter_class
from tests.pos_bridge.contract.hooks import SCALE, Outcome
from tests.pos_bridge.contract.tickets import TICKETS
from tests.pos_bridge.register_contract import RegisterContract
from tests.pos_bridge.test_simulator_imports import imported
from tests.pos_bridge.toy.till import ToyRegister

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding_a_register.md").read_text()
FILES = [*(ROOT / "tests/pos_bridge/toy").glob("*.py"), Path(__file__)]


@pytest.fixture(autouse=True)
def _one_line_of_the_table(monkeypatch):
    monkeypatch.setitem(ADAPTERS, "toy", "tests.pos_bridge.toy.adapter.Toy")
    adapter_class.cache_clear()
    yield
    adapter_class.cache_clear()


class TestToy(RegisterContract):
    kind = "toy"
    credentials = {"place": "PLACE1", "key": "key-of-the-toy"}
    success = "received"
    unsupported = {
        **{name: "is a set menu" for name, said in TICKETS.items() if any(each.choices for each in said.lines)},
        "an_option_without_id": "no id on the register",
        "a_long_option_without_id": "no id on the register",
        "a_paid_option_without_id": "no id on the register",
        "a_product_without_id": "no id on the register",
        "an_id_that_is_no_number": "no id on the register",
        "no_line": "no line",
        "no_covers": "covers",
        "none_of_one": "nothing is sold",
        "less_than_nothing": "less than nothing",
    }  # fmt: skip

    # The wire's own refusal is in another register's words.
    outcomes = {
        "json_error_before": Outcome(Uncertain, "unreadable", False),
        "json_error_after": Outcome(Uncertain, "unreadable", True),
    }

    def simulator(self, *, credentials):
        return ToyRegister(scale=SCALE, **credentials)

    def cents_on_till(self, entry):
        return sum(
            line["count"] * (line["cents"] + sum(extra["cents"] for extra in line["extras"]))
            for line in entry["body"]["lines"]
        )

    def place_on_till(self, entry):
        return entry["body"]["table"], entry["body"]["covers"]

    def says_no_payment(self, entry):
        return "pay" not in str(entry["body"].keys())

    def spoilt(self, body):
        return body.replace('"covers"', '"guests"')

    def refuses(self, said):
        items = [option for line in said.lines for option in line.options]
        return (
            super().refuses(said)
            or any(line.choices for line in said.lines)
            or not all(item.register_id for item in items)
        )


# --- The page ------------------------------------------------------------------------------------


@pytest.mark.pure
@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_the_page_shows_what_the_toy_is_made_of(code):
    assert any(code.rstrip("\n") in path.read_text() for path in FILES)


@pytest.mark.pure
def test_what_the_page_points_at_is_there():
    named = re.findall(r"`((?:pos_bridge|tests|docs|ordering)/[^`\s]*)`", PAGE)
    assert len(named) > 10
    for name in named:
        assert (ROOT / name.replace("<kind>", "leo2")).exists(), name


@pytest.mark.pure
def test_its_till_shares_no_code_with_its_adapter():
    names = imported(ROOT / "tests/pos_bridge/toy/till.py")
    ours = {name for name in names if name.startswith(("pos_bridge", "ordering", "tests"))}
    assert {name for name in ours if not name.startswith("pos_bridge.simulator")} == set()
