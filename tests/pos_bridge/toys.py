"""Kinds of register that do not exist, one for each answer to “does it drop doubles, has it a list, can it look up”,
and the far end that the wired one speaks to.
"""

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from pos_bridge import registers
from pos_bridge.errors import Rejected, Uncertain
from pos_bridge.registers.base import Adapter, TillState
from pos_bridge.registers.secret import Secret


class Toy(Adapter):
    label = "Toy"
    shop_name = ""
    drops_doubles = False
    can_look_up = False
    can_list_states = False
    credential_names = ()
    secret_names = ()

    @classmethod
    def build(cls, ticket, number, options, uuid=None):
        return json.dumps({"number": number, "table": ticket.table, "total": ticket.total})

    def send(self, number, body):
        answer = self.post(Secret(self.base_url), body.encode(), "application/json")
        said = _json(answer.body)
        if said == {"number": number, "refused": True}:
            raise Rejected("refused", http_status=answer.status)
        if said != {"number": number, "ok": True}:
            raise Uncertain("unreadable", http_status=answer.status)
        return self.receipt("received", "ok", answer)

    def list_states(self):
        raise Uncertain("unreadable")

    def look_up(self, number):
        answer = self.get(Secret(f"{self.base_url}/{number}"))
        said = _json(answer.body)
        if answer.status != 200 or said is None:
            raise Uncertain("unreadable", http_status=answer.status)
        return TillState("received", "ok") if said.get("found") else None

    def check(self):
        if self.get(Secret(f"{self.base_url}/check")).status != 200:
            raise Uncertain("unreadable")


class Dropping(Toy):
    drops_doubles = True


class Listing(Toy):
    can_list_states = True


class Both(Toy):
    drops_doubles = can_list_states = True


class LookingUp(Toy):
    """Class C of promises.md."""

    can_look_up = True


KINDS = {
    "toy": Toy,
    "toy_drops": Dropping,
    "toy_lists": Listing,
    "toy_both": Both,
    "toy_looks_up": LookingUp,
}


def _json(body):
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


@pytest.fixture
def toys(monkeypatch):
    for kind, adapter in KINDS.items():
        monkeypatch.setitem(registers.ADAPTERS, kind, f"{__name__}.{adapter.__name__}")
    registers.adapter_class.cache_clear()
    yield
    registers.adapter_class.cache_clear()


class ToyRegister:
    """Books every POST, doubles too. `script`: what happens to the next ones; `is_blind`: it finds no number."""

    def __init__(self):
        self.ledger, self.looked_up, self.checks = [], [], 0
        self.script = deque()
        self.is_blind = False
        toy = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                """Nobody reads it."""

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                what = toy.script.popleft() if toy.script else "ok"
                if what.endswith("before") or what == "refuse":
                    pass
                else:
                    toy.ledger.append(body["number"])
                if what.startswith("hangup"):
                    self.close_connection = True
                elif what.startswith("302"):
                    self.send_response(302)
                    self.send_header("Location", "/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif what == "refuse":
                    self._say({"number": body["number"], "refused": True})
                else:
                    self._say({"number": body["number"], "ok": True})

            def do_GET(self):
                name = urlsplit(self.path).path.strip("/")
                if name == "check":
                    toy.checks += 1
                    self._say({})
                    return
                toy.looked_up.append(int(name))
                self._say({"found": not toy.is_blind and int(name) in toy.ledger})

            def _say(self, answer):
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
