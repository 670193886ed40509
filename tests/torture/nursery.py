"""Forks the processes of a run: Django is imported once, and each child runs the real command from there.

A start costs a fork instead of a second of computing, which is what makes a thousand kills possible on two cores. Each
child is a process of its own, with its own connections, threads and pid, and is killed by its pid like any other. This
process itself has no thread and opens no connection, so nothing is shared but memory that nobody writes.

Lines of JSON on standard input ask for a child, {"id", "command": […]} or {"id", "call": "module:function"}; lines
on standard output say {"id", "pid"} and, of one that has ended, {"gone", "status"}. At the end of the input all
children are killed.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import django


def main() -> None:
    django.setup()
    # What a child needs, loaded before the first fork.
    for name in ("deliver", "simulate_register"):
        importlib.import_module(f"pos_bridge.management.commands.{name}")
    for name in ("recorder", "staff", "prepare"):
        importlib.import_module(f"tests.torture.{name}")
    importlib.import_module("pos_bridge.registers.leo2")
    children: set[int] = set()
    rest = b""
    while True:
        if select.select([0], [], [], 0.02)[0]:
            read = os.read(0, 65536)
            if not read:
                break
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                wish = json.loads(line)
                pid = start(wish)
                children.add(pid)
                say({"id": wish["id"], "pid": pid})
        while children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                break
            children.discard(pid)
            say({"gone": pid, "status": os.waitstatus_to_exitcode(status)})
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def start(wish: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        log = os.open(
            Path(os.environ["TORTURE_DIR"]) / "processes.log",
            os.O_WRONLY | os.O_APPEND | os.O_CREAT,
        )
        nothing = os.open(os.devnull, os.O_RDONLY)
        for ours, standard in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(ours, standard)
        run(wish)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001  (said, and the process ends)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(wish: dict[str, Any]) -> None:
    if "command" in wish:
        from django.core.management import call_command

        call_command(*wish["command"])
        return
    module, _, function = wish["call"].partition(":")
    getattr(importlib.import_module(module), function)()


if __name__ == "__main__":
    main()
