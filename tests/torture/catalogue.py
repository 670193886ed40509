"""The modes of the fault catalogue (docs/promises.md, 2), and which of them a run must have had."""

from pos_bridge.simulator import leo2

# What the catalogue writes without a side is drawn on both sides of the booking.
BOTH_SIDES = (
    "rst", "hangup", "late", "http500", "503_retry_after", "429", "401", "302", "html200", "json_error",
    "warn_then_json", "truncated", "half_json", "bom", "wrong_type", "empty", "huge", "gzip_bomb", "drip_body",
    "drip_headers",
)  # fmt: skip
DELIVERY = (
    *(f"{name}_{side}" for name in BOTH_SIDES for side in ("before", "after")),
    "ok", "ok_slow", "refuse_conn", "blackhole", "dup_known", "forget_ids", "store_only",
)  # fmt: skip
LISTS = (
    "ok", "ok_slow", "rst_before", "hangup_before", "late_before", "http500", "503_retry_after", "429", "html200",
    "warn_then_json", "half_json", "truncated", "bom", "wrong_type", "empty", "huge", "gzip_bomb", "drip_body",
    "drip_headers", "list_missing", "list_stale", "list_regress", "list_unknown", "list_foreign", "list_object",
    "list_keyed", "list_strings",
)  # fmt: skip
MUST_FIRE = {"post": DELIVERY, "list": LISTS}

CANNOT_FIRE_HERE = {
    "dup_unknown": "LEO2 answers a double like the first: nobody on this side of the till could tell that the order "
    "is a stranger's, so an order would be lost that no software can save (tests/pos_bridge/test_worker_findings.py)",
    "clamp31": "no number reaches 2^31 before 2088, so it changes nothing here (tests/pos_bridge/test_numbers.py)",
}


def missing(fired: dict[str, dict[str, int]]) -> list[tuple[str, str]]:
    """Use ("post", "list") and name of the modes that fired no time."""
    return [
        (use, mode)
        for use, modes in MUST_FIRE.items()
        for mode in modes
        if not fired.get(use, {}).get(mode)
    ]


def as_drawn(use: str, mode: str) -> str:
    """With the argument that it has when it is drawn: "late_after(20)"."""
    texts = {"post": leo2.DELIVERY, "list": leo2.READING}[use]
    return next((text for text in texts if text.partition("(")[0] == mode), mode)
