"""What is the same for many phones and costs much to make: kept in this process, and in a file for the others of this
machine. A key says all that the thing depends on, so that nothing kept is ever out of date.
"""

import logging
import pickle
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.core.cache import caches

logger = logging.getLogger(__name__)

T = TypeVar("T")

# A file that was cut off by a power failure, or made by other code. Its first bytes, when it is old, have no checksum:
# one wrong bit there asks for more memory than there is.
UNREADABLE = (
    OSError, EOFError, zlib.error, pickle.UnpicklingError, ValueError, AttributeError, ImportError,
    IndexError, KeyError, TypeError, OverflowError, MemoryError,
)  # fmt: skip


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
