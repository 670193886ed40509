"""How often each mode came, told by the journal's events alone."""

from __future__ import annotations

from collections import Counter

from pos_bridge.simulator.journal import Event

# event -> what the mode was for; a shut door has no delivery of its own, but stands in their script
USES = {"post": "post", "door": "post", "list": "list"}


class Counts:
    """By use ("post", "list"): how many requests came, to how many a mode was dealt, and each mode's name to times."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.dealt: Counter[str] = Counter()
        self.fired: dict[str, Counter[str]] = {"post": Counter(), "list": Counter()}

    def apply(self, event: Event) -> None:
        use = USES.get(event["event"])
        if use is None:
            return
        self.requests[use] += event["event"] != "door"
        self.dealt[use] += event.get("drawn", False)
        self.fired[use][event["mode"].partition("(")[0]] += 1
