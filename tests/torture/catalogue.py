"""The modes of the fault catalogue (docs/promises.md, 2), and which of them a run must have had, for each kind."""

from collections.abc import Mapping, Sequence

from pos_bridge.simulator import enregistreuse, faults, leo2, tiller

# What the catalogue writes without a side is drawn on both sides of the booking.
BOTH_SIDES = (
    "rst", "hangup", "late", "http500", "503_retry_after", "429", "401", "302", "html200", "json_error",
    "warn_then_json", "truncated", "half_json", "bom", "wrong_type", "empty", "huge", "gzip_bomb", "drip_body",
    "drip_headers",
)  # fmt: skip
DELIVERY = (
    *(f"{name}_{side}" for name in BOTH_SIDES for side in ("before", "after")),
    "ok", "ok_slow", "refuse_conn", "blackhole",
)  # fmt: skip
READING = (
    "ok", "ok_slow", "rst_before", "hangup_before", "late_before", "http500", "503_retry_after", "429", "html200",
    "warn_then_json", "half_json", "truncated", "bom", "wrong_type", "empty", "huge", "gzip_bomb", "drip_body",
    "drip_headers",
)  # fmt: skip
# A refusal in words that was booked is not drawn there: nobody on this side of the till could see it.
OF_ENREGISTREUSE = tuple(mode for mode in DELIVERY if mode != "json_error_after")
MUST_FIRE: Mapping[str, Mapping[str, Sequence[str]]] = {
    "leo2": {
        "post": (*DELIVERY, "dup_known", "forget_ids", "store_only"),
        "list": (*READING, "list_missing", "list_stale", "list_regress", "list_unknown", "list_foreign", "list_object",
                 "list_keyed", "list_strings"),
    },
    "enregistreuse": {
        "post": (*OF_ENREGISTREUSE, "json_message_before", "answer", "refuse"),
        "list": (*READING, "list_missing", "list_keyed", "list_strings", "list_bare", "list_error"),
    },
    # It has no list that moves an order on; what is read there is a probe, of a register that does not answer.
    "tiller": {"post": (*DELIVERY, "dup_known", "forget_ids")},
}  # fmt: skip
DRAWN: Mapping[str, Mapping[str, Sequence[str]]] = {
    "leo2": {"post": leo2.DELIVERY, "list": leo2.READING},
    "enregistreuse": {"post": enregistreuse.DELIVERY, "list": enregistreuse.READING},
    "tiller": {"post": tiller.DELIVERY, "list": faults.READING},
}

CANNOT_FIRE_HERE = {
    "dup_unknown": "a double is answered like the first, or refused: nobody on this side of the till could tell that "
    "the order is a stranger's, so an order would be lost that no software can save "
    "(tests/pos_bridge/test_worker_findings.py)",
    "clamp31": "no number reaches 2^31 before 2088, so it changes nothing here (tests/pos_bridge/test_numbers.py)",
}


def missing(kind: str, fired: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str]]:
    """Use ("post", "list") and name of the modes that fired no time at the registers of a kind."""
    return [
        (use, mode)
        for use, modes in MUST_FIRE[kind].items()
        for mode in modes
        if not fired.get(use, {}).get(mode)
    ]


def as_drawn(kind: str, use: str, mode: str) -> str:
    """With the argument that it has when it is drawn: "late_after(20)"."""
    texts = DRAWN[kind][use]
    return next((text for text in texts if text.partition("(")[0] == mode), mode)
