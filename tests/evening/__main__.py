"""`python -m tests.evening`: play an evening and judge it, or judge the history of one again."""

import argparse
import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.evening import judge
from tests.torture.house import House
from tests.torture.plan import Plan
from tests.torture.running import beside, in_a_folder, list_is_empty, say

# Seconds after closing time until everything that was ordered must be on the till, or be said not to be.
AFTER_CLOSING = 100.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.evening", description=__doc__)
    take = parser.add_argument
    take("--seconds", type=float, default=600.0, help="until nobody sits down any more")
    take("--tables", type=int, default=60)
    take("--phones", type=int, default=200, help="of all tables together")
    take("--waiters", type=int, default=5)
    take("--seed", type=int, default=1)
    take("--database", choices=["sqlite", "postgresql"], default="sqlite")
    take("--keep", metavar="DIR", help="the history goes there and stays")
    take("--check", metavar="DIR", help="judge this history again, and run nothing")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if given.check:
        return judged(Path(given.check))

    def play(directory: Path, url: str) -> int:
        run(plan_of(given, directory, url))
        return judged(directory)

    return in_a_folder("evening", given.keep, given.database, play)


def plan_of(given: argparse.Namespace, directory: Path, url: str) -> Plan:
    """One house with one till, and no harm. That a table has paid is read from its lists in 30 s, divided."""
    return Plan(
        directory=str(directory), database=given.database, database_url=url, seed=given.seed,
        seconds=given.seconds, divisor=4.0, registers=1, workers=1, web_children=2, faults=0.0, list_faults=0.0,
        tables=given.tables, phones=given.phones, waiters=given.waiters,
    )  # fmt: skip


def run(plan: Plan) -> None:
    began = time.monotonic()
    house = House(plan, "tests.evening.prepare:main", watch=True)
    try:
        house.open()
        say(began, f"the house is open at {plan.web}; {plan.seconds:.0f} s until it closes")
        with beside(plan, "tests.evening.waiters"), beside(plan, "tests.evening.guests") as guests:
            threading.Event().wait(plan.seconds)
            assert guests.stdin is not None
            guests.stdin.write("closing\n")
            guests.stdin.flush()
            with contextlib.suppress(subprocess.TimeoutExpired):
                guests.wait(AFTER_CLOSING)
        say(began, "everybody has left")
        if not list_is_empty(plan):
            say(began, "something is still on the staff's list")
        house.stop_recording()
        house.collect()
    finally:
        house.close()
    say(began, "closed")


def judged(directory: Path) -> int:
    evening = judge.load(directory)
    broken = judge.judge(evening)
    lines = judge.told(evening, broken)
    if broken:
        lines[-1:-1] = [f"The history stays: python -m tests.evening --check {directory}", ""]
    print("\n".join(lines))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
