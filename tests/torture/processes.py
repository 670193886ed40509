"""The two ways in which a run has processes: children of the nursery, and a web server of its own kind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def wait_for(condition: Callable[[], Any], seconds: float, what: str) -> None:
    """Raises TimeoutError naming what did not come."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        threading.Event().wait(0.02)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def signalled(pid: int, number: int) -> bool:
    """Whether there was such a process."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


class Nursery:
    """Starts children (nursery.py) and knows which have ended."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.gone: dict[int, int] = {}
        self._answers: dict[int, int] = {}
        self._asked = 0
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.nursery"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(self, **wish: Any) -> int:
        """The pid of a new child: `command=[…]` or `call="module:function"`."""
        assert self._process.stdin is not None
        with self._changed:
            self._asked += 1
            asked = self._asked
            self._process.stdin.write(json.dumps({"id": asked, **wish}) + "\n")
            self._process.stdin.flush()
            if not self._changed.wait_for(lambda: asked in self._answers, 60):
                raise TimeoutError("the nursery does not answer")
            pid = self._answers.pop(asked)
            self.gone.pop(pid, None)  # a pid may come again
            return pid

    def has_ended(self, pid: int) -> bool:
        return pid in self.gone

    def run(self, seconds: float, **wish: Any) -> None:
        """A child from beginning to end. Raises RuntimeError where it fails."""
        pid = self.start(**wish)
        wait_for(lambda: self.has_ended(pid), seconds, str(wish))
        if status := self.gone[pid]:
            raise RuntimeError(f"{wish} ended with {status}: see processes.log")

    def end(self) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.wait(20)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            with self._changed:
                if "gone" in told:
                    self.gone[told["gone"]] = told["status"]
                else:
                    self._answers[told["id"]] = told["pid"]
                self._changed.notify_all()


class Web:
    """One gunicorn: a master and its children."""

    def __init__(self, environment: dict[str, str], directory: Path, port: int) -> None:
        self._pids = directory / "web"
        self._pids.mkdir(exist_ok=True)
        with (directory / "web.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "python:tests.torture.web"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._port = port
        self.pid = self._process.pid

    def children(self) -> list[int]:
        """Those that live, the youngest last."""
        paths = sorted(self._pids.glob(f"{self.pid}-*"), key=lambda path: path.stat().st_mtime)
        pids = [int(path.name.partition("-")[2]) for path in paths]
        return [pid for pid in pids if is_child(pid, self.pid)]

    def serves(self) -> bool:
        if not self.children():
            return False
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self, seconds: float = 20) -> int:
        """Let it finish what it serves; its exit status."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill_all()
            return -signal.SIGKILL

    def kill_all(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(20)


def is_child(pid: int, parent: int) -> bool:
    found = subprocess.run(
        ["ps", "-o", "ppid=,stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    return len(found) == 2 and found[0] == str(parent) and not found[1].startswith("Z")
