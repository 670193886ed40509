"""`python -m tests.bench`: measure, print, keep. `--only carte,change` measures less; `--grown` also big houses."""

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import browser, delivery, pages
from tests.bench.goals import judged
from tests.bench.house import House, house
from tests.torture.processes import ROOT

FOLDER = ROOT / "bench"
DATABASES = ("sqlite", "postgresql")
# Restaurants and past orders of a house that has grown.
GROWN = ((1, 10_000), (100, 10_000), (1000, 10_000), (1, 1_000_000))
# Registers, and the workers that serve them.
DELIVERING = {1: (1,), 8: (1, 2, 4, 8), 10: (1,), 100: (1, 2, 4)}

Measures = dict[str, Callable[[House], dict[str, float]]]
OF_THE_WEB: Measures = {
    "carte": pages.carte,
    "change": pages.change,
    "send": pages.send,
    "memory": lambda made: {"megabytes": pages.memory(made)},
    "first_visit": browser.first_visit,
    "added": delivery.added,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default="", help="of the measures, comma between")
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument(
        "--grown", action="store_true", help="also with many restaurants and orders"
    )
    given = parser.parse_args()
    only = {each for each in given.only.split(",") if each}
    databases = [given.database] if given.database else list(DATABASES)
    results: dict[str, dict[str, Any]] = {}
    for database in databases:
        _web(database, only, results)
        if not only or "deliveries" in only:
            _deliveries(database, results)
        if given.grown:
            _grown(database, only, results)
    goals = judged(results)
    if not only and not given.database:
        keep(results, goals)
    for name, found in goals.items():
        say(
            f"{'met    ' if found['met'] else 'NOT MET'}  {name}: {found['value']} (goal {found['goal']})"
        )
        if "why" in found:
            say(f"         {found['why']}")
    return 0


def _web(database: str, only: set[str], results: dict[str, dict[str, Any]]) -> None:
    with house(database) as made:
        for name, measure in OF_THE_WEB.items():
            # A browser sees the same page whatever the database.
            if (only and name not in only) or (name == "first_visit" and database != "sqlite"):
                continue
            note(results, f"{database} {name}", measure(made))


def _deliveries(database: str, results: dict[str, dict[str, Any]]) -> None:
    for registers, workers in DELIVERING.items():
        with house(database, restaurants=registers, registers=registers, delay=0.02) as made:
            for several in workers:
                orders = min(60 * registers, 800)
                found = delivery.deliveries(made, orders=orders, workers=several)
                note(results, f"{database} deliveries {registers}, {several} workers", found)


def _grown(database: str, only: set[str], results: dict[str, dict[str, Any]]) -> None:
    for restaurants, orders in GROWN:
        with house(database, restaurants=restaurants) as made:
            made.call("queue", orders=1)
            made.call("grow", orders=orders)
            for name in ("carte", "change", "send"):
                if not only or name in only:
                    what = f"{database} {name}, {restaurants} restaurants, {orders} orders"
                    note(results, what, OF_THE_WEB[name](made))


def note(results: dict[str, dict[str, Any]], name: str, found: dict[str, float]) -> None:
    results[name] = {key: round(value, 4) for key, value in found.items()}
    say(f"{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in found.items()))


def keep(results: dict[str, dict[str, Any]], goals: dict[str, dict[str, Any]]) -> None:
    """bench/latest.json, and a line more in bench/history.jsonl."""
    FOLDER.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()  # fmt: skip
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "machine": f"{platform.machine()}, {_cores()} cores, Python {platform.python_version()}",
        "goals": goals,
        "raw": results,
    }
    (FOLDER / "latest.json").write_text(json.dumps(told, indent=1) + "\n")
    with (FOLDER / "history.jsonl").open("a") as history:
        history.write(
            json.dumps({key: told[key] for key in ("at", "commit", "machine", "goals")}) + "\n"
        )


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    assert Path(ROOT).is_dir()
    sys.exit(main())
