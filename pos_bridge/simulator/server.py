"""A register that speaks HTTP and can be told to fail: what every simulated register has in common.

Beside the register's own protocol it answers, for other processes and for people:

    GET  /          the tape, a web page
    GET  /_ledger   what the till holds, oldest first
    GET  /_posts    every delivery that came
    GET  /_status   {"max_posts_in_flight", "redirects_followed", "script", "always"}
    POST /_script   {"modes": […], "list": […]} | {"always": "…", "always_list": "…"} | {"heal": true}
                    | {"till": "open" or "closed"}
    POST /_state    {"number": n, "state": 9}

A POST there must say `Content-Type: application/json`, so that no page of another site can send it from a browser.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from pos_bridge.simulator.door import Door
from pos_bridge.simulator.exchange import Exchange, InFlight, Reply, Request
from pos_bridge.simulator.modes import MODES, Mode, Scripted, UnknownMode
from pos_bridge.simulator.script import Script

LARGEST_BODY = 10_000_000
STYLESHEET = Path(__file__).with_name("tape.css")
PAGE_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)


def as_json(value: object, status: int = 200) -> Reply:
    """A JSON answer, accents as they are."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Reply(status, body, headers=PAGE_HEADERS)


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

    `scale` shortens all waits: with 0.01, `late_after(20)` waits 0.2 s.
    """

    def __init__(self, *, host: str, port: int, scale: float, own_modes: dict[str, Mode]) -> None:
        self.redirects_followed = 0
        self._scale = scale
        self._in_flight = InFlight()
        self._busy: dict[socket.socket, bool] = {}
        self._stopping = threading.Event()
        self._door = Door(host, port, Handler, self)
        self._script = Script(self._door, MODES | own_modes, scale, self._end_idle_connections)

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
        """Forget the script; all is well from now on."""
        self._script.clear()

    # What a kind of register does

    @abstractmethod
    def use_of(self, request: Request) -> str | None:
        """ "post" for a delivery, "list" for any other request of the protocol, None for what is not of it."""

    @abstractmethod
    def arrived(self, request: Request, mode: str) -> int:
        """Write a delivery down before anything is done with it; its place in `posts()`."""

    @abstractmethod
    def produce(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        """Do what the request asks, as `twist` bends it, and answer; `post` where it is a delivery."""

    @abstractmethod
    def pretend(self, request: Request) -> Reply:
        """The answer of a success, with nothing done."""

    @abstractmethod
    def ledger(self) -> list[dict[str, Any]]:
        """What the till really holds."""

    @abstractmethod
    def posts(self) -> list[dict[str, Any]]:
        """Every delivery that came."""

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

    def _end_idle_connections(self) -> None:
        for connection, busy in tuple(self._busy.items()):
            if not busy:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def serve(self, request: Request, connection: socket.socket) -> bool:
        """Answer one request; whether its connection may be kept."""
        self._busy[connection] = True
        use = self.use_of(request)
        key, post, scripted = object(), None, None
        if use == "post":
            self._in_flight.enter(key, connection)
        if use is not None:
            scripted = self._script.next(use)
        if use == "post" and scripted:
            post = self.arrived(request, scripted.text)

        def produce(twist: str, argument: str) -> Reply:
            if use is None:
                return self._page(request)
            return self.produce(request, post, twist, argument)

        def leave() -> None:
            self._in_flight.leave(key)
            if (
                use is not None
            ):  # before the answer is out, so that the next connection finds the door shut
                self._script.turn_the_door()

        exchange = Exchange(
            connection,
            produce=produce,
            pretend=lambda: self.pretend(request),
            stopping=self._stopping,
            scale=self._scale,
            leave=leave,
        )
        try:
            if scripted is None:
                exchange.send(exchange.answer(books=True))
            else:
                scripted.mode.play(exchange, scripted.argument)
        finally:
            self._in_flight.leave(key)
            if connection in self._busy:
                self._busy[connection] = False
        return exchange.keep_open and self._door.is_open

    def _page(self, request: Request) -> Reply:
        if request.path == "/_elsewhere":
            self.redirects_followed += 1
            return as_json({"id": 1, "state": 1})
        if request.method == "POST":
            return self._told(request)
        if request.path == "/":
            page = self.tape().encode("utf-8", "replace")
            return Reply(200, page, "text/html; charset=utf-8", PAGE_HEADERS)
        if request.path == "/tape.css":
            return Reply(200, STYLESHEET.read_bytes(), "text/css; charset=utf-8", PAGE_HEADERS)
        if request.path == "/_ledger":
            # For other processes the bodies are plain JSON again.
            return as_json([{**each, "body": _plain(each["raw"])} for each in self.ledger()])
        if request.path == "/_posts":
            return as_json(self.posts())
        if request.path == "/_status":
            counts = {
                "max_posts_in_flight": self.max_posts_in_flight,
                "redirects_followed": self.redirects_followed,
            }
            return as_json(counts | self._script.as_words())
        return as_json({"error": f"Rien à l'adresse {request.path}"}, 404)

    def _told(self, request: Request) -> Reply:
        if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return as_json({"error": "say Content-Type: application/json"}, 415)
        try:
            wish = json.loads(request.body)
            if request.path == "/_script":
                self._obey(wish)
            elif request.path == "/_state":
                self.set_state(wish["number"], wish["state"])
            else:
                return as_json({"error": f"Rien à l'adresse {request.path}"}, 404)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return as_json({"error": f"{type(error).__name__}: {error}"}, 400)
        return as_json({"done": True})

    def _obey(self, wish: dict[str, Any]) -> None:
        if unknown := wish.keys() - {"modes", "list", "always", "always_list", "heal", "till"}:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        if wish.get("heal"):
            self.heal()
        if "always" in wish or "always_list" in wish:
            always = wish.get("always", "ok")
            if self._script.parse(always, "post").mode.place == "door":
                raise UnknownMode(
                    f"nobody could heal it over HTTP: script {always!r} for some seconds"
                )
            self.fail_always(always, list=wish.get("always_list", "ok"))
        self.script(*wish.get("modes", ()), list=wish.get("list", ()))
        if "till" in wish:
            {"open": self.open_till, "closed": self.close_till}[wish["till"]]()


def _plain(raw: str) -> Any:
    try:
        return json.loads(raw)
    except (RecursionError, ValueError):
        return None
