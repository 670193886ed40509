"""`python -m tests.torture`: run an evening of harm and judge it, or judge the history of one again."""

import argparse
import contextlib
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.torture import history, report
from tests.torture.checker import check
from tests.torture.house import House
from tests.torture.nemesis import Nemesis
from tests.torture.plan import CLEARED_AFTER, Plan
from tests.torture.running import beside, in_a_folder, list_is_empty, say

PACE = 4.0  # orders in a second, where nothing else is said
KILLS_A_SECOND = 0.6


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    say = parser.add_argument
    say("--orders", type=int, default=0, help="how many; by default four in a second")
    say(
        "--kills",
        type=int,
        default=-1,
        help="kill -9, of all kinds of process; by default one in 2.5 seconds",
    )
    say("--seed", type=int, default=1)
    say(
        "--seconds", type=float, default=0, help="of service; by default what orders and kills need"
    )
    say("--database", choices=["sqlite", "postgresql"], default="sqlite")
    say("--divisor", type=float, default=10.0, help="of all promised seconds")
    say("--registers", type=int, default=4)
    say("--kinds", default="leo2", help="of the registers, in turn, comma between")
    say("--workers", type=int, default=3)
    say("--diners", type=int, default=16)
    say("--faults", type=float, default=0.25, help="of each delivery, 0 to 1")
    say("--list-faults", type=float, default=0.1)
    say("--keep-doubles", action="store_true", help="registers that book a number that they know")
    say("--mode", default="ok", help="of each delivery without a fault, such as ok_slow(5)")
    say(
        "--pauses",
        type=int,
        default=0,
        metavar="N",
        help="at each Nth order its worker stops before the first POST",
    )
    say("--nemesis", default="", help="only these harms, comma between; - for none but kills")
    say(
        "--sabotage",
        default="",
        choices=["", "number_renewed", "told_before_commit", "unguarded_claim", "unguarded_settle"],
    )
    say(
        "--whole-catalogue",
        action="store_true",
        help="a mode of the catalogue that fired no time is a failure",
    )
    say("--keep", metavar="DIR", help="the history goes there and stays")
    say("--check", metavar="DIR", help="judge this history again, and run nothing")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if given.check:
        return judge(Path(given.check), whole_catalogue=given.whole_catalogue)

    def play(directory: Path, url: str) -> int:
        run(plan_of(given, directory, url))
        return judge(directory, whole_catalogue=given.whole_catalogue)

    return in_a_folder("torture", given.keep, given.database, play)


def plan_of(given: argparse.Namespace, directory: Path, url: str) -> Plan:
    seconds = given.seconds or max(given.orders / PACE, max(given.kills, 0) / KILLS_A_SECOND, 60.0)
    kills = given.kills if given.kills >= 0 else int(seconds / 2.5)
    return Plan(
        directory=str(directory), database=given.database, database_url=url, seed=given.seed,
        orders=given.orders or int(seconds * PACE),
        kills=kills, seconds=seconds, divisor=given.divisor, registers=given.registers, workers=given.workers,
        diners=given.diners, faults=given.faults, list_faults=given.list_faults, keep_doubles=given.keep_doubles,
        kinds=given.kinds.split(","), mode=given.mode, whole_catalogue=given.whole_catalogue,
        pauses=given.pauses, sabotage=given.sabotage, nemesis=[each for each in given.nemesis.split(",") if each],
    )  # fmt: skip


def run(plan: Plan) -> None:
    """From the opening of the house to the end of all harm, and what is left then."""
    began = time.monotonic()
    # What is broken on purpose is found without it, and sooner.
    watched = not plan.sabotage
    prepare = "with_a_carte_to_come" if watched else "main"
    house = House(plan, f"tests.torture.prepare:{prepare}", watch=watched)
    try:
        house.open()
        say(began, f"the house is open at {plan.web}; {plan.seconds:.0f} s of service")
        nemesis = Nemesis(plan, house)
        with beside(plan, "tests.torture.diners", stdout=subprocess.PIPE) as process:
            service = Service(process, plan.orders)
            raging = threading.Thread(target=nemesis.rage, args=(service.sent,), name="nemesis")
            raging.start()
            service.wait_until_over(plan)
            raging.join()
            service.end()
            nemesis.stop()
            house.heal()
            say(began, f"all harm is over, {house.kills} kills")
            settle(plan)
        house.stop_recording()
        house.collect()
        for failed in nemesis.failed:
            say(began, f"could not be done: {failed}")
    finally:
        house.close()
    say(began, "closed")


class Service:
    """The diners' process."""

    def __init__(self, process: "subprocess.Popen[str]", orders: int) -> None:
        self._process = process
        self._orders = orders
        self._left = orders
        self._sent = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._left = json.loads(line)["left"]
            if not self._left:
                self._sent.set()

    def sent(self) -> float:
        """What part of the orders is sent or is being sent, 0 to 1."""
        return 1 - self._left / self._orders

    def wait_until_over(self, plan: Plan) -> None:
        """Until all orders are sent, or several times the planned seconds are over."""
        if not self._sent.wait(4 * plan.seconds + 120):
            print("not all orders could be sent", file=sys.stderr)

    def end(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.write("over\n")
            self._process.stdin.flush()


def settle(plan: Plan) -> None:
    """Wait until nothing is on the list any more, as long as promised and as staff needs."""
    begin = time.monotonic()
    at_least = begin + plan.divided(CLEARED_AFTER) + 1.0
    end = at_least + 4 * plan.divided(CLEARED_AFTER) + 10.0
    while time.monotonic() < end:
        threading.Event().wait(0.5)
        if time.monotonic() > at_least and list_is_empty(plan):
            return


def judge(directory: Path, *, whole_catalogue: bool) -> int:
    found = history.load(directory)
    lines, well = report.report(found, check(found), whole_catalogue=whole_catalogue)
    if not well:
        lines[-1:-1] = [f"The history stays: python -m tests.torture --check {directory}", ""]
    print("\n".join(lines))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
