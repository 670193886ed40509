"""What is wanted, as one table: name, where its figure stands in the results, which side is well."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    name: str
    measure: str
    figure: str
    at_most: float | None = None
    at_least: float | None = None
    why_not: str = ""  # the reason where it is not met, found by profiling

    @property
    def goal(self) -> float:
        wanted = self.at_most if self.at_most is not None else self.at_least
        assert wanted is not None
        return wanted

    def met(self, value: float) -> bool:
        return value <= self.goal if self.at_most is not None else value >= self.goal


# Why a goal is not met; profiled on 2026-11-26.
COMPUTING = (
    "computing, 8 ms for a change and 17 for a send: on two cores each answer waits for those of the other clients. "
    "A third of it is Django writing SQL, a quarter drawing (cProfile). What spares the carte and the workers the "
    "writing, pos_bridge/prepared.py, is the way"
)
WRITTEN_DOWN = (
    "a delivery takes 5 to 7 ms of computing in one process, in which one thread computes at a time: two commits that "
    "wait for the disk, before and after the POST, 18 statements, and a connection and a thread of its own for each "
    "POST (py-spy: claim 33 %, settle 20 %, HTTP 19 %); a bare session does only the last, on a connection that stays"
)
EIGHT = "postgresql deliveries 8, 1 workers"
GOALS = (
    Goal("carte of 120 products, part of the constant answer", "sqlite carte", "ratio", at_least=0.60),
    Goal("cart change, 8 clients, PostgreSQL, p99 ms", "postgresql change", "p99_ms", at_most=150, why_not=COMPUTING),
    Goal("cart change, 8 clients, SQLite FULL, p99 ms", "sqlite change", "p99_ms", at_most=250),
    Goal("send, 4 clients, PostgreSQL, p99 ms", "postgresql send", "p99_ms", at_most=100, why_not=COMPUTING),
    Goal("first visit, bytes", "sqlite first_visit", "bytes", at_most=60_000),
    Goal("first visit, requests", "sqlite first_visit", "requests", at_most=6),
    Goal("first visit, largest contentful paint, s", "sqlite first_visit", "lcp_s", at_most=2.0),
    Goal("first visit, blocking, ms", "sqlite first_visit", "blocking_ms", at_most=50),
    Goal("first visit, layout shift", "sqlite first_visit", "shift", at_most=0.02),
    Goal("deliveries, 8 registers, part of bare sessions", EIGHT, "ratio", at_least=0.7, why_not=WRITTEN_DOWN),
    Goal("sent to accepted, p50 ms", "sqlite added", "p50_ms", at_most=50),
    Goal("sent to accepted, p99 ms", "sqlite added", "p99_ms", at_most=200),
    Goal("web server with 2 workers, MB", "sqlite memory", "megabytes", at_most=200),
)  # fmt: skip


def judged(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """{name: {"value", "goal", "met"}} of all that was measured; with "why" where it is not met."""
    return {
        each.name: {
            "value": round(value, 4),
            "goal": each.goal,
            "met": each.met(value),
            **({"why": each.why_not} if each.why_not and not each.met(value) else {}),
        }
        for each in GOALS
        if (value := results.get(each.measure, {}).get(each.figure)) is not None
    }
