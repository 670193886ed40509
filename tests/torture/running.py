"""What starting a torture and an evening have in common: a folder, a database, a process beside, words on the way."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.torture.log import events
from tests.torture.plan import Plan
from tests.torture.processes import ROOT


def in_a_folder(
    kind: str, keep: str | None, database: str, play: Callable[[Path, str], int]
) -> int:
    """The exit status of `play`, which writes its history into an empty folder, with the URL of a database (empty:
    SQLite, in the folder). The folder goes where all was well, unless it is to be kept.
    """
    directory = Path(keep or tempfile.mkdtemp(prefix=f"tablee-{kind}-")).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        print(f"{directory} is not empty: a history is written once.", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stack:
        url = ""
        if database == "postgresql":
            from tests.postgres import start

            url = os.environ.get("DATABASE_URL", "") or stack.enter_context(start())
        status = play(directory, url)
    if not status and not keep:
        shutil.rmtree(directory)
    return status


@contextlib.contextmanager
def beside(plan: Plan, module: str, **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A process of this module; at the end of its standard input it ends, or is killed after 30 s."""
    process = subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, text=True, stdin=subprocess.PIPE,
        env={**os.environ, "TORTURE_DIR": plan.directory, "DJANGO_SETTINGS_MODULE": "tests.torture.settings"},
        **options,
    )  # fmt: skip
    try:
        yield process
    finally:
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def list_is_empty(plan: Plan) -> bool:
    """Whether the staff's list was, when it was last looked at."""
    listed = True
    for event in events(plan.path / "list.jsonl"):
        if "list" in event:
            listed = bool(event["list"])
    return not listed


def say(began: float, text: str) -> None:
    """A line for whoever waits, with the seconds since it `began`."""
    print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)
