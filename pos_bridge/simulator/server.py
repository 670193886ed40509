"""A register that speaks HTTP and can be told to fail: what every simulated register has in common.

Beside the register's own protocol it answers to what control.py lists.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from pos_bridge.simulator import control
from pos_bridge.simulator.door import Door
from pos_bridge.simulator.exchange import Exchange, InFlight, Reply, Request
from pos_bridge.simulator.faults import Dealer
from pos_bridge.simulator.modes import MODES, Mode, Scripted
from pos_bridge.simulator.script import Script

LARGEST_BODY = 10_000_000


class Handler(BaseHTTPRequestHandler):
    """Reads one request and hands it over; writes no log, for a URL holds the register's key."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True  # a dripped byte leaves at once

    def setup(self) -> None:
        super().setup()
        self._register.connected(self.connection)

    def finish(self) -> None:
        self._register.disconnected(self.connection)
        super().finish()

    @property
    def _register(self) -> SimulatedRegister:
        register: SimulatedRegister = self.server.register  # type: ignore[attr-defined]
        return register

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.send_error(411)
        elif int(length) > LARGEST_BODY:
            self.close_connection = True
            self.send_error(413)
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):
                self._serve(body)

    def _serve(self, body: bytes) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, url.path, query, headers, body)
        if not self._register.serve(request, self.connection):
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """No log."""


class SimulatedRegister(ABC):
    """A context manager around a real HTTP server; a subclass speaks one vendor's protocol.

    `scale` shortens all waits: with 0.01, `late_after(20)` waits 0.2 s. `dealers`: what is drawn at random, by use.
    `settings`: what of the register can be switched while it runs, name to whether it is on.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        scale: float,
        own_modes: dict[str, Mode],
        dealers: Mapping[str, Dealer],
        settings: dict[str, bool],
    ) -> None:
        self.settings = settings
        self.redirects_followed = 0
        self._scale = scale
        self._in_flight = InFlight()
        self._busy: dict[socket.socket, bool] = {}
        self._stopping = threading.Event()
        self._door = Door(host, port, Handler, self)
        self._script = Script(self._door, MODES | own_modes, scale, dealers, self._door_is_shut)

    @property
    def url(self) -> str:
        """Its base address, as a client on this machine reaches it."""
        everywhere = self._door.host == "0.0.0.0"  # noqa: S104  (compared, not bound)
        return f"http://{'127.0.0.1' if everywhere else self._door.host}:{self._door.port}"

    @property
    def max_posts_in_flight(self) -> int:
        """The most deliveries that ever waited for an answer at the same time."""
        return self._in_flight.highest

    def start(self) -> Self:
        """Take requests from now on."""
        self._door.open()
        return self

    def stop(self) -> None:
        """Take no more requests, and end those that wait."""
        self._stopping.set()
        self._script.end()
        self._end_idle_connections()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def script(self, *modes: str, list: str | Sequence[str] = ()) -> None:
        """One mode for each of the next deliveries, and with `list` for each of the next readings of a list.

        They come after what is scripted already; when the script is at its end, all is well again. `refuse_conn(n)` and
        `blackhole(n)` have no delivery of their own: they last n seconds from the moment when their turn comes.
        """
        lists = (list,) if isinstance(list, str) else list
        posts = [self._script.parse(text, "post") for text in modes]
        readings = [self._script.parse(text, "list") for text in lists]
        self.prepare([*posts, *readings])
        self._script.add(posts, readings)

    def fail_always(self, mode: str = "ok", list: str = "ok") -> None:
        """This mode for every delivery, and with `list` for every reading of a list, until `heal()`."""
        post, reading = self._script.parse(mode, "post"), self._script.parse(list, "list")
        self.prepare([post, reading])
        self._script.hold(post, reading)

    def heal(self) -> None:
        """Forget the script, and draw no more; all is well from now on."""
        self._script.clear()

    def draw(self, *, faults: float | None = None, list_faults: float | None = None) -> None:
        """Draw from now on with these probabilities, 0 to 1, for each delivery and for each reading of a list."""
        wished = {"post": faults, "list": list_faults}
        self._script.draw({use: rate for use, rate in wished.items() if rate is not None})

    def shuts_the_door(self, mode: str) -> bool:
        """Whether this mode for deliveries keeps every client out."""
        return self._script.parse(mode, "post").mode.place == "door"

    def status(self) -> dict[str, Any]:
        """What it has been told, what came of it, and how often, as plain values."""
        return {
            "max_posts_in_flight": self.max_posts_in_flight,
            "redirects_followed": self.redirects_followed,
            "fired": self.fired(),
            "settings": dict(self.settings),
            **self._script.as_words(),
        }

    # What a kind of register does

    @abstractmethod
    def use_of(self, request: Request) -> str | None:
        """ "post" for a delivery, "list" for any other request of the protocol, None for what is not of it."""

    @abstractmethod
    def arrived(self, request: Request, scripted: Scripted) -> int:
        """Write a delivery down before anything is done with it; its place in `posts()`."""

    @abstractmethod
    def ended(self, post: int) -> None:
        """A delivery's answer is about to leave, or its connection is gone; called again, it changes nothing."""

    @abstractmethod
    def fires(self, event: str, scripted: Scripted) -> None:
        """Count a mode that a "list" has got, or that has shut the "door"."""

    @abstractmethod
    def fired(self) -> dict[str, dict[str, int]]:
        """Use ("post", "list") to mode to how often it came, "ok" too, since the ledger began."""

    @abstractmethod
    def produce(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        """Do what the request asks, as `twist` bends it, and answer; `post` where it is a delivery."""

    @abstractmethod
    def pretend(self, request: Request) -> Reply:
        """The answer of a success, with nothing done."""

    @abstractmethod
    def ledger(self, *, after: int = 0) -> list[dict[str, Any]]:
        """What the till really holds, without the first `after`."""

    @abstractmethod
    def posts(self, *, after: int = 0) -> list[dict[str, Any]]:
        """Every delivery that came, without the first `after`."""

    @abstractmethod
    def tables(self) -> list[dict[str, Any]]:
        """The tables that the till knows something about."""

    @abstractmethod
    def set_table(
        self, number: int, *, open: bool | None = None, locked: bool | None = None
    ) -> None:
        """What a waiter does with a table; KeyError in words for one that there is not."""

    @abstractmethod
    def tape(self) -> str:
        """The tape, as a page."""

    @abstractmethod
    def set_state(self, number: int, state: int) -> None:
        """What a waiter does on the till; KeyError in words for a number that it does not have."""

    @abstractmethod
    def close_till(self) -> None:
        """The relay goes on, the till is off."""

    @abstractmethod
    def open_till(self) -> None:
        """The till is on again and fetches what waits."""

    @abstractmethod
    def prepare(self, modes: Sequence[Scripted]) -> None:
        """Called before a script holds."""

    # Requests

    def connected(self, connection: socket.socket) -> None:
        self._busy[connection] = False

    def disconnected(self, connection: socket.socket) -> None:
        self._busy.pop(connection, None)

    def _door_is_shut(self, scripted: Scripted) -> None:
        self.fires("door", scripted)
        self._end_idle_connections()

    def _end_idle_connections(self) -> None:
        for connection, busy in tuple(self._busy.items()):
            if not busy:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def serve(self, request: Request, connection: socket.socket) -> bool:
        """Answer one request; whether its connection may be kept."""
        self._busy[connection] = True
        use = self.use_of(request)
        key, post = object(), None

        def ended() -> None:
            if post is not None:
                self.ended(post)

        def leave() -> None:
            self._in_flight.leave(key)
            ended()
            # Before the answer is out, so that the next connection finds the door shut.
            if use is not None:
                self._script.turn_the_door()

        def produce(twist: str, argument: str) -> Reply:
            if use is None:
                return control.answer(self, request)
            return self.produce(request, post, twist, argument)

        exchange = Exchange(
            connection,
            produce=produce,
            pretend=lambda: self.pretend(request),
            stopping=self._stopping,
            scale=self._scale,
            leave=leave,
        )
        try:
            if use is None:
                exchange.send(exchange.answer(books=True))
            else:
                if use == "post":
                    self._in_flight.enter(key, connection, ended)
                scripted = self._script.next(use)
                if use == "post":
                    post = self.arrived(request, scripted)
                else:
                    self.fires(use, scripted)
                scripted.mode.play(exchange, scripted.argument)
        finally:
            self._in_flight.leave(key)
            ended()
            if connection in self._busy:
                self._busy[connection] = False
        return exchange.keep_open and self._door.is_open
