"""The address of a simulated register: open, refusing connections, or a black hole.

While it refuses, the port stays bound and nobody listens, so the kernel itself answers "connection refused" and no
other process can take the port. A black hole listens with a full queue, so that on Linux a new connection gets no
answer at all.
"""

from __future__ import annotations

import select
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class PortInUse(OSError):
    """The address cannot be had: another program listens there, or it is none; the message says which."""


class Server(ThreadingHTTPServer):
    """One thread for each connection; `register` is what the handler asks."""

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, listening: socket.socket, handler: type[BaseHTTPRequestHandler], register: Any
    ):
        super().__init__(listening.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.register = register
        self.server_activate()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a client that hangs up is what this server is for, and a URL holds a key."""


class Door:
    """One address that can be shut and opened again, without another process slipping in."""

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler], register: Any):
        self._handler = handler
        self._register = register
        self._server: Server | None = None
        self._filling: list[socket.socket] = []
        self._lock = threading.RLock()
        try:
            self._socket = self._bound(host, port)
            self.host, self.port = self._socket.getsockname()[:2]
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise PortInUse(f"{host}:{port}: {reason}") from error
        self.is_open = False

    @staticmethod
    def _bound(host: str, port: int) -> socket.socket:
        bound = socket.socket()
        # Without it a restart within a minute would find its own old connections in the way.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
        except OSError:
            bound.close()
            raise
        return bound

    def open(self) -> None:
        """Take connections."""
        with self._lock:
            if self.is_open:
                return
            if self._filling:
                self._rebind()
            try:
                self._server = Server(self._socket, self._handler, self._register)
            except OSError as error:
                raise PortInUse(f"{self.host}:{self.port}: {error.strerror}") from error
            self.is_open = True
            serve = self._server.serve_forever
            threading.Thread(target=serve, args=(0.02,), daemon=True, name="simulator").start()

    def refuse(self) -> None:
        """Refuse connections from now on; those that are open stay."""
        with self._lock:
            self._rebind()

    def swallow(self) -> None:
        """Leave new connections without any answer."""
        with self._lock:
            self._rebind()
            self._socket.listen(0)
            for _ in range(8):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex((self.host, self.port))
                self._filling.append(filler)
                if not select.select([], [filler], [], 0.05)[1]:
                    return

    def close(self) -> None:
        """Give the port back."""
        with self._lock:
            self._shut()
            self._socket.close()

    def _shut(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        self.is_open = False
        for filler in self._filling:
            filler.close()
        self._filling = []

    def _rebind(self) -> None:
        self._shut()
        self._socket.close()
        self._socket = self._bound(self.host, self.port)
