"""Ends this process where it gets stuck: what starts it again (systemd) is better off than who waits for it (F40).

It is a thread of the interpreter's own in C, so that it also ends what hangs in a library, and it writes where each
thread stood.
"""

import faulthandler
import os
import sys
from functools import cache
from typing import TextIO

# However short the durations of a test: SQLite may wait five seconds for its lock, and a full machine longer.
LEAST = 10.0


def alive(seconds: float) -> None:
    """All goes on, and will say so again within as many seconds; else the process ends, with status 1."""
    faulthandler.dump_traceback_later(max(seconds, LEAST), exit=True, file=_log())


def rest() -> None:
    """Nothing is watched any more."""
    faulthandler.cancel_dump_traceback_later()


@cache
def _log() -> TextIO:
    """A process may have been started without one."""
    return sys.__stderr__ or open(os.devnull, "w")
