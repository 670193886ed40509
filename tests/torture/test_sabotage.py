"""The torture finds the damage where the product is broken on purpose, and none where it is not."""

import subprocess
import sys

import pytest

from tests.torture.processes import ROOT
from tests.torture.sabotage import SABOTAGES

pytestmark = [pytest.mark.wire, pytest.mark.pure]

# Registers as they are, a quarter of all answers lost, workers and web processes killed.
LOSSY = "--seconds 10 --orders 40 --kills 5 --nemesis - --registers 2 --workers 2 --diners 6"
# Registers that keep doubles, so nothing may be lost on the way; workers pause between claim and POST, for longer than
# their lease, and a register takes its time, so that what two of them do at once stands on the till.
KEEPING = (
    "--seconds 12 --orders 24 --kills 0 --nemesis - --registers 1 --workers 3 --diners 6 --keep-doubles --faults 0"
    " --list-faults 0 --pauses 4 --mode ok_slow(5)"
)
FOUND_BY = {
    "number_renewed": (LOSSY, ["P5"]),
    "told_before_commit": (LOSSY, ["P3"]),
    "unguarded_claim": (KEEPING, ["P2 doubled"]),
    # Who writes last decides: the order is sent once more, or is called what it cannot have become.
    "unguarded_settle": (KEEPING, ["P2 doubled", "arrow"]),
}


def torture(arguments, *more):
    command = [sys.executable, "-m", "tests.torture", *arguments.split(), *more]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )


@pytest.mark.parametrize("arguments", [LOSSY, KEEPING], ids=["lossy", "keeping"])
def test_it_finds_nothing_where_nothing_is_broken(arguments):
    """P1, P2, P3, P4, P5, P6, P9, P11, P12: and its last line says so."""
    done = torture(arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("torture: orders ")
    assert last.endswith("lost 0 doubled 0 false calms 0")


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_it_finds_the_damage_of_a_sabotage(sabotage, tmp_path):
    arguments, promises = FOUND_BY[sabotage]
    done = torture(arguments, "--sabotage", sabotage, "--keep", str(tmp_path / "run"))
    assert done.returncode == 1, done.stdout + done.stderr
    broken = next(line for line in done.stdout.splitlines() if line.startswith("Broken: "))
    assert any(promise in broken for promise in promises), broken
    again = torture(f"--check {tmp_path / 'run'}")
    assert again.returncode == 1
    assert broken in again.stdout
