"""The lanes in which `make test` runs: everything runs, everything is shown, and one failure is a failure."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pure, pytest.mark.wire]

ROOT = Path(__file__).parent.parent


def lanes(*words):
    command = [sys.executable, "tests/lanes.py", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_runs_all_and_fails_for_one():
    done = lanes("echo one; exit 3", "echo two", "--", "echo three >&2")
    assert done.returncode == 1
    for said in ("one", "two", "three", "ended with 3"):
        assert said in done.stdout


def test_it_is_content_where_all_are():
    assert lanes("true", "--", "true").returncode == 0


def test_it_runs_them_side_by_side(tmp_path):
    """Each lane waits for the other's file."""
    one, other = tmp_path / "one", tmp_path / "other"
    wait = "touch {0}; for i in $(seq 500); do [ -e {1} ] && exit 0; sleep 0.02; done; exit 1"
    assert lanes(wait.format(one, other), "--", wait.format(other, one)).returncode == 0


def test_nothing_to_run_is_no_success():
    assert lanes().returncode == 1
