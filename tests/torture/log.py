"""The history of a run: JSON lines with `t`, the monotonic clock in seconds, which is one for all processes."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STOP = "stop-recording"  # a file in the folder of the run: its presence ends the recording


class Log:
    """One process's part of the history. A line is written whole, so a kill -9 tears none but the last."""

    def __init__(self, directory: Path, name: str) -> None:
        self._file = (directory / f"{name}.jsonl").open("ab", buffering=0)
        self._lock = threading.Lock()

    def write(self, what: str, **facts: Any) -> None:
        event = {"what": what, "t": facts.pop("t", None) or time.monotonic(), **facts}
        line = json.dumps(event).encode() + b"\n"
        with self._lock:
            self._file.write(line)


def events(path: Path) -> Iterator[dict[str, Any]]:
    """All whole lines of a log; none where there is no file."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        if line:
            try:
                yield json.loads(line)
            except ValueError:
                continue  # torn by a kill
