"""Reading a register's answer as JSON, exactly or not at all."""

import json
from typing import Any

from pos_bridge.registers.http import Answer

JSON = "application/json"


def read_json(answer: Answer) -> Any:
    """The JSON of an answer that calls itself so, or None where it is not exactly that."""
    if answer.content_type.partition(";")[0].strip().lower() != JSON:
        return None
    return parse(answer.body)


def parse(body: bytes) -> Any:
    """None where it is not JSON in UTF-8 with each key once."""
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands there twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
