"""What is the same for many phones and costs much to make: kept in this process, and in a file for the others of this
machine. A key says all that the thing depends on, so that nothing kept is ever out of date.
"""

import logging
import math
import pickle
import struct
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import gettempprefix
from typing import Any, TypeVar, cast

from django.core.cache import caches
from django.core.cache.backends.filebased import FileBasedCache

logger = logging.getLogger(__name__)

T = TypeVar("T")

# A file that a disk or a power failure has changed, or that was made by other code.
UNREADABLE = (
    OSError, EOFError, zlib.error, pickle.UnpicklingError, ValueError, AttributeError, ImportError,
    IndexError, KeyError, TypeError,
)  # fmt: skip

# How a file begins: with when it is old (seconds since 1970), and the sum of that. What follows has zlib's own.
OLD_AT, SUM = struct.Struct("!d"), struct.Struct("!I")
# Seconds after which nobody is writing a temporary file any more: whoever was has been killed.
ABANDONED = 3600


class Damaged(ValueError):
    """Not what was written to this file."""


class Files(FileBasedCache):
    """Django's, but nothing is unpickled before its sum was found right: theirs begin with a pickle that has none, in
    which one wrong byte may ask for more memory than there is.
    """

    # What the types of Django do not know.
    _dir: str
    _delete: Callable[[str], bool]

    def _write_content(self, file: Any, timeout: Any, value: Any) -> None:
        old_at = self.get_backend_timeout(timeout)
        head = OLD_AT.pack(math.inf if old_at is None else old_at)
        file.write(head + SUM.pack(zlib.crc32(head)))
        file.write(zlib.compress(pickle.dumps(value, self.pickle_protocol)))

    def _is_expired(self, f: Any) -> bool:
        """Leaves the file at its value. Raises Damaged."""
        head, its_sum = f.read(OLD_AT.size), f.read(SUM.size)
        if its_sum != SUM.pack(zlib.crc32(head)):
            raise Damaged
        if OLD_AT.unpack(head)[0] < time.time():
            self._delete(f.name)
            return True
        return False

    def _cull(self) -> None:
        super()._cull()  # type: ignore[misc]
        # What was being written by a process that was killed, and Django never looks at again.
        long_ago = time.time() - ABANDONED
        for temporary in Path(self._dir).glob(f"{gettempprefix()}*"):
            with suppress(FileNotFoundError):  # it is finished, or another process sweeps
                if temporary.stat().st_mtime < long_ago:
                    temporary.unlink()


class Memory:
    """Of one process: the `most` things that were asked for last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[str, Any] = OrderedDict()
        self._lock = threading.Lock()

    def kept(self, key: str, make: Callable[[], T]) -> T:
        """The thing of this key, or it is made. Whoever asks gets the same one, and does not change it."""
        with self._lock:
            if key in self._things:
                self._things.move_to_end(key)
                return cast(T, self._things[key])
        thing = make()
        with self._lock:
            self._things[key] = thing
            while len(self._things) > self._most:
                self._things.popitem(last=False)
        return thing

    def forget(self) -> None:
        with self._lock:
            self._things.clear()


# A carte's page is about 90 kB: 20 MB at the most. What a table has in its cart is a few numbers.
pages, carts = Memory(240), Memory(5_000)


def on_machine(key: str, make: Callable[[], T]) -> T:
    """The same, made once for all processes of this machine."""
    return pages.kept(key, lambda: _in_file(key, make))


def forget() -> None:
    """All of it, on this machine."""
    pages.forget()
    carts.forget()
    caches["carte"].clear()


def _in_file(key: str, make: Callable[[], T]) -> T:
    try:
        found: T | None = caches["carte"].get(key)
    except UNREADABLE as error:
        logger.warning("What was kept of a carte cannot be read: %s", type(error).__name__)
        found = None
    if found is not None:
        return found
    thing = make()
    try:
        caches["carte"].set(key, thing)
    except OSError as error:  # the disk is full, or may not be written to: the page is as good
        logger.warning("A carte cannot be kept for other processes: %s", error.strerror)
    return thing
