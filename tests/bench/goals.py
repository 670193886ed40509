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

    @property
    def goal(self) -> float:
        wanted = self.at_most if self.at_most is not None else self.at_least
        assert wanted is not None
        return wanted

    def met(self, value: float) -> bool:
        return value <= self.goal if self.at_most is not None else value >= self.goal


GOALS = (
    Goal("carte of 120 products, part of the constant answer", "sqlite carte", "ratio", at_least=0.60),
    Goal("cart change, 8 clients, PostgreSQL, p99 ms", "postgresql change", "p99_ms", at_most=150),
    Goal("cart change, 8 clients, SQLite FULL, p99 ms", "sqlite change", "p99_ms", at_most=250),
    Goal("send, 4 clients, PostgreSQL, p99 ms", "postgresql send", "p99_ms", at_most=100),
    Goal("first visit, bytes", "sqlite first_visit", "bytes", at_most=60_000),
    Goal("first visit, requests", "sqlite first_visit", "requests", at_most=6),
    Goal("first visit, largest contentful paint, s", "sqlite first_visit", "lcp_s", at_most=2.0),
    Goal("first visit, blocking, ms", "sqlite first_visit", "blocking_ms", at_most=50),
    Goal("first visit, layout shift", "sqlite first_visit", "shift", at_most=0.02),
    Goal("deliveries, 8 registers, part of bare sessions", "postgresql deliveries 8, 2 workers", "ratio", at_least=0.7),
    Goal("sent to accepted, p50 ms", "sqlite added", "p50_ms", at_most=50),
    Goal("sent to accepted, p99 ms", "sqlite added", "p99_ms", at_most=200),
    Goal("web server with 2 workers, MB", "sqlite memory", "megabytes", at_most=200),
)  # fmt: skip


def judged(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """{name: {"value", "goal", "met"}} of all that was measured."""
    return {
        each.name: {
            "value": round(value, 4),
            "goal": each.goal,
            "met": each.met(value),
        }
        for each in GOALS
        if (value := results.get(each.measure, {}).get(each.figure)) is not None
    }
