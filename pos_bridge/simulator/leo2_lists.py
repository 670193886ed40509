"""The LEO2 state lists: the shapes in which they may come, and the ways in which they may be wrong.

The vendor's page names the two lists and shows neither. Assumed: a JSON list of {"id", "state"}, perhaps under a key,
perhaps with strings, or an object of id to state.
"""

from __future__ import annotations

from collections.abc import Callable

from pos_bridge.simulator.exchange import Reply, as_json
from pos_bridge.simulator.modes import twists

States = dict[int, int]

# A later status as the one before it.
BEFORE = {9: 2, 4: 1, 2: 1, 1: 0}


def _rows(states: States) -> list[dict[str, int]]:
    return [{"id": number, "state": state} for number, state in states.items()]


def _missing(states: States, _: States, argument: str) -> object:
    """Without the newest n; without any where n is 0."""
    count = int(float(argument))
    return _rows(dict(list(states.items())[:-count])) if count else []


def _stale(_: States, stale: States, __: str) -> object:
    return _rows(stale)


def _regress(states: States, _: States, __: str) -> object:
    return _rows({number: BEFORE.get(state, state) for number, state in states.items()})


def _unknown(states: States, _: States, argument: str) -> object:
    return _rows(dict.fromkeys(states, int(float(argument))))


def _foreign(states: States, _: States, argument: str) -> object:
    """One number of a stranger more: n, or with 0 one far above ours."""
    stranger = int(float(argument)) or max(states, default=0) + 1000
    return _rows({**states, stranger: 1})


def _object(states: States, _: States, __: str) -> object:
    return {str(number): state for number, state in states.items()}


def _keyed(states: States, _: States, argument: str) -> object:
    return {argument: _rows(states)}


def _strings(states: States, _: States, __: str) -> object:
    return [{"id": str(number), "state": str(state)} for number, state in states.items()]


SHAPES: dict[str, tuple[Callable[[States, States, str], object], str]] = {
    "list_missing": (_missing, "0"),
    "list_stale": (_stale, ""),
    "list_regress": (_regress, ""),
    "list_unknown": (_unknown, "7"),
    "list_foreign": (_foreign, "0"),
    "list_object": (_object, ""),
    "list_keyed": (_keyed, "orders"),
    "list_strings": (_strings, ""),
}

MODES = twists("list", **{name: default for name, (_, default) in SHAPES.items()})

# What is drawn of these. The stranger's number is below any of ours: one above would rightly stop a sender.
DRAWN = (
    *("list_missing", "list_missing(1)", "list_stale", "list_regress", "list_unknown", "list_foreign(1)"),
    *("list_object", "list_keyed", "list_strings"),
)  # fmt: skip


def reply(states: States, stale: States, twist: str, argument: str) -> Reply:
    """The list as the mode has it, or as it is."""
    if twist not in SHAPES:
        return as_json(_rows(states))
    return as_json(SHAPES[twist][0](states, stale, argument))
