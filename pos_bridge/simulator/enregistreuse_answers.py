"""What a simulated enregistreuse register answers to a sale: each shape that was observed, all with HTTP 200, and the
ways in which it may be garbled.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pos_bridge.simulator.exchange import Reply, as_json
from pos_bridge.simulator.modes import Garbled, Mode, garbled, twists

TEXT = "text/html; charset=utf-8"  # what PHP says where nobody has said anything else
SUCCESSES = ("success", "result", "digits")
FAILURES = ("success", "message", "text")


def success(shape: str, order: int) -> Reply:
    if shape == "digits":
        return Reply(200, str(order).encode(), TEXT)
    body: dict[str, Any] = {"success": True} if shape == "success" else {"result": "OK"}
    return as_json({**body, "orderID": order})


def failure(shape: str, words: str) -> Reply:
    if shape == "text":
        return Reply(200, words.encode("utf-8", "backslashreplace"), TEXT)
    if shape == "message":
        return as_json({"errorMessage": words})
    return as_json({"success": False, "result": words})


def _order_of(reply: Reply) -> str:
    found = re.search(rb"[1-9][0-9]*", reply.body)
    return found[0].decode() if found else "1"


def _json_error(_: Reply, argument: str) -> Reply:
    return failure("success", argument)


def _message(_: Reply, argument: str) -> Reply:
    return failure("message", argument)


def _wrong_type(reply: Reply, argument: str) -> Reply:
    order = _order_of(reply).encode()
    return replace(reply, body=WRONG_TYPES[argument].replace(b"%d", order))


# None of these says what became of the sale.
WRONG_TYPES = {
    "string": b'{"success": "true", "orderID": %d}',
    "one": b'{"success": 1, "orderID": %d}',
    "quoted": b'{"success": true, "orderID": "%d"}',
    "null": b'{"success": true, "orderID": null}',
    "bool": b'{"success": true, "orderID": true}',
    "float": b'{"success": true, "orderID": %d.0}',
    "nan": b'{"success": true, "orderID": NaN}',
    "zero": b'{"success": true, "orderID": 0}',
    "negative": b'{"success": true, "orderID": -%d}',
    "no_id": b'{"success": true}',
    "only_id": b'{"orderID": %d}',
    "lower": b'{"result": "ok", "orderID": %d}',
    "failed_id": b'{"success": false, "result": "Erreur", "orderID": %d}',
    "both": b'{"success": true, "orderID": %d, "errorMessage": "Erreur"}',
    "silent": b'{"success": false}',
    "words": b'{"success": false, "result": " "}',
    "duplicate": b'{"success": false, "success": true, "orderID": %d}',
    "latin1": b'{"success": true, "orderID": %d, "message": "enregistr\xe9e"}',
    "array": b'[{"success": true, "orderID": %d}]',
    "list": b"[]",
    "no_digits": b"0",
    "many_digits": b"%d %d",
    "text": b'"%d"',
    "said": b"Vente %d enregistr\xc3\xa9e",
}

MODES: dict[str, Mode] = {
    **garbled(
        {
            "json_error": Garbled(_json_error, False, "Article inconnu"),
            "json_message": Garbled(_message, False, "Article inconnu"),
            "wrong_type": Garbled(_wrong_type, True, "string", among=tuple(WRONG_TYPES)),
        }
    ),
    # The ordinary answer in another shape, and a refusal of what is well said.
    "answer": replace(twists("post", answer="digits")["answer"], among=SUCCESSES),
    "refuse": replace(twists("post", refuse="text")["refuse"], among=FAILURES),
}
