"""The simulator's memory on disk: JSON lines, appended and never changed, on the disk before the answer goes out."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class JournalUnusable(OSError):
    """The file is held by another simulator, or is no journal; the message says which."""


class Journal:
    """Without a path nothing outlives the process. A last line torn by a kill -9 is dropped when it is read."""

    def __init__(self, path: str | Path | None) -> None:
        self._file: int | None = None
        self._end = 0
        self._path = path
        if path is None:
            return
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise JournalUnusable(f"{path} is in use by another simulated register") from error
        directory = os.open(Path(path).parent, os.O_RDONLY)
        os.fsync(directory)  # a new file is only there for good when its directory says so
        os.close(directory)

    def events(self) -> Iterator[Event]:
        """All that was written, oldest first; called once, before anything is appended."""
        if self._file is None:
            return
        content = b""
        while chunk := os.read(self._file, 1 << 20):
            content += chunk
        whole, _, torn = content.rpartition(b"\n")
        self._end = len(content) - len(torn)
        os.ftruncate(self._file, self._end)
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                yield json.loads(line)
            except ValueError as error:
                os.close(self._file)
                self._file = None
                raise JournalUnusable(f"{self._path}, line {number}: not a ledger") from error

    def append(self, events: list[Event], *, durable: bool) -> None:
        """Write all of them or, with an OSError, none; `durable` comes back only when they stand on the disk."""
        if self._file is None:
            return
        data = b"".join(json.dumps(event).encode("ascii") + b"\n" for event in events)
        try:
            written = os.pwrite(self._file, data, self._end)
            if written != len(data):
                raise OSError(f"{self._path}: only {written} of {len(data)} bytes written")
            if durable:
                os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(data)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
