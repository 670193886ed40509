"""One request and what is done with its answer, down to the socket."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

WIRE_TEXT = "latin-1"
PAGE_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)


@dataclass(frozen=True)
class Request:
    """A request as it came, the body in bytes; a query parameter that came twice has two values."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """An answer before it is put on the wire."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = field(default=())

    def head(self, length: int | None = None) -> bytes:
        """Status line and headers; `length` where another length than the body's is announced."""
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [
            f"HTTP/1.1 {self.status} {phrase}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body) if length is None else length}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return "\r\n".join([*lines, "", ""]).encode(WIRE_TEXT)


def as_json(value: object, status: int = 200) -> Reply:
    """A JSON answer, accents as they are."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Reply(status, body, headers=PAGE_HEADERS)


class InFlight:
    """Counts requests that wait for the end of their answer; one whose client has hung up no longer counts.

    `ended` is called when a request counts no longer, perhaps more than once.
    """

    def __init__(self) -> None:
        self.highest = 0
        self._waiting: dict[object, tuple[socket.socket, Callable[[], None]]] = {}
        self._lock = threading.Lock()

    def enter(self, key: object, connection: socket.socket, ended: Callable[[], None]) -> None:
        with self._lock:
            # A client that gave up may come again before our thread has noticed: that is one, not two.
            gone = [each for each, (waits, _) in self._waiting.items() if has_left(waits)]
            calls = [self._waiting.pop(each)[1] for each in gone]
            self._waiting[key] = connection, ended
            self.highest = max(self.highest, len(self._waiting))
        for call in calls:
            call()

    def leave(self, key: object) -> None:
        with self._lock:
            _, ended = self._waiting.pop(key, (None, None))
        if ended:
            ended()


def has_left(connection: socket.socket) -> bool:
    """Whether the other end has hung up."""
    try:
        if not select.select([connection], [], [], 0)[0]:
            return False
        return connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


class Exchange:
    """What a fault mode can do with one request.

    `produce(twist, argument)` has the register do its work and gives the true answer; `pretend()` gives an answer that
    looks like it, with nothing done.
    """

    def __init__(
        self,
        connection: socket.socket,
        *,
        produce: Callable[[str, str], Reply],
        pretend: Callable[[], Reply],
        stopping: threading.Event,
        scale: float,
        leave: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.produce = produce
        self.pretend = pretend
        self.keep_open = True
        self._stopping = stopping
        self._scale = scale
        self._leave = leave

    def answer(self, *, books: bool) -> Reply:
        """The register's answer, with its work done or not."""
        return self.produce("", "") if books else self.pretend()

    def send(self, reply: Reply, *, cut: int | None = None) -> None:
        """Answer in one go; with `cut` only that many bytes of the body, and hang up."""
        self._leave()
        self.keep_open = self.keep_open and cut is None
        try:
            self.connection.sendall(reply.head() + reply.body[:cut])
        except OSError:
            self.keep_open = False

    def drip(self, reply: Reply, seconds: float, *, start: int) -> None:
        """Answer byte by byte from `start` on, `seconds` apart, until the end or until the client leaves."""
        data = reply.head() + reply.body
        self.keep_open = False
        with contextlib.suppress(OSError):
            self.connection.sendall(data[:start])
            for position in range(start, len(data)):
                if not self.wait(seconds):
                    break
                if position == len(data) - 1:
                    self._leave()
                self.connection.sendall(data[position : position + 1])
        self._leave()

    def wait(self, seconds: float) -> bool:
        """Let scaled time pass; False once the client has left or the register is being stopped."""
        end = time.monotonic() + seconds * self._scale
        while (left := end - time.monotonic()) > 0:
            if self._stopping.wait(min(left, 0.02)) or has_left(self.connection):
                return False
        return not self._stopping.is_set()

    def hang_up(self) -> None:
        """Close in the ordinary way, without a byte of an answer."""
        self._leave()
        self.keep_open = False

    def reset(self) -> None:
        """Close with a TCP reset."""
        self._leave()
        self.keep_open = False
        linger_for_nothing = struct.pack("ii", 1, 0)
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_nothing)
            # `close` would wait for the handler's files on this socket, and `shutdown` would say goodbye first.
            os.close(self.connection.detach())
