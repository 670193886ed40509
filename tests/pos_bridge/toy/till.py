"""Step 1: the simulated register, from the vendor's page alone. It judges, and shares no code with the adapter."""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Unpack

from pos_bridge.simulator import Catalogue, faults, json_text
from pos_bridge.simulator.exchange import Reply, Request, as_json
from pos_bridge.simulator.json_text import whole
from pos_bridge.simulator.ledger import Common, Kind, RegisterWithLedger
from pos_bridge.simulator.verdict import Basis, Verdict

ORDER = {"ref", "table", "covers", "lines", "total"}
LINE = {"article", "name", "count", "cents", "note", "extras"}
EXTRA = {"article", "name", "cents"}
STATES = {1: "open", 9: "paid"}


class ToyRegister(RegisterWithLedger):
    def __init__(self, *, place: str, key: str, **common: Unpack[Common]) -> None:
        self._keys = {"place": [place], "key": [key]}
        kind = Kind("jouet", {}, faults.DELIVERY, faults.READING, json.loads)
        super().__init__(Catalogue.of_everything(), kind, {}, **common)

    def use_of(self, request: Request) -> str | None:
        if request.path == "/ping" or request.path.startswith("/orders"):
            return "post" if request.method == "POST" else "list"
        return None

    def told(self, request: Request) -> tuple[int | None, bytes]:
        try:
            return whole(json.loads(request.body)["ref"]), request.body
        except (KeyError, TypeError, ValueError):
            return None, request.body

    def pretend(self, request: Request) -> Reply:
        return as_json({"ok": True, "ref": self.told(request)[0], "state": "open"})

    def produce(self, request: Request, post: int | None, twist: str, argument: str) -> Reply:
        if request.query != self._keys:
            return as_json({"ok": False, "why": "clef inconnue"}, 403)
        if request.method == "POST":
            return self._take(request, post)
        if request.path == "/ping":
            return as_json({"ok": True})
        ref = int(request.path.removeprefix("/orders/"))
        state = self._relay.list_of_all(1000).get(ref)
        return as_json({"ok": True, "ref": ref, "state": STATES.get(state) if state else None})

    def _take(self, request: Request, post: int | None) -> Reply:
        ref, raw = self.told(request)
        verdict = judge(raw)
        if ref is None or verdict.breaches:
            self._relay.settle(post, outcome="refused", **verdict.told())
            return as_json({"ok": False, "ref": ref, "why": " ; ".join(map(str, verdict.breaches))})
        self._relay.take(ref, raw, post)
        self._relay.settle(post, outcome="booked")
        return as_json({"ok": True, "ref": ref, "state": "open"})

    def ticket(self, entry: dict[str, Any]) -> str:
        return f"<p>{entry['number']}</p>"

    def prepare(self, modes: object) -> None:
        """It has no modes of its own."""


def judge(raw: bytes) -> Verdict:
    verdict = Verdict()
    try:
        body = json_text.read(raw)
    except json_text.Unreadable as error:
        verdict.wrong("$", str(error))
        return verdict
    _members(verdict, "$", body, ORDER)
    total = 0
    for place, line in enumerate(body["lines"]):
        _members(verdict, f"lines[{place}]", line, LINE)
        _text(verdict, f"lines[{place}].note", line["note"], empty=True)
        for extra in line["extras"]:
            _members(verdict, f"lines[{place}].extras", extra, EXTRA)
        for each in (line, *line["extras"]):
            _text(verdict, f"lines[{place}].name", each["name"])
            if whole(each["article"]) is None:
                verdict.wrong(f"lines[{place}].article", "doit être un entier")
        total += line["count"] * (line["cents"] + sum(extra["cents"] for extra in line["extras"]))
        if line["count"] < 1:
            verdict.wrong(f"lines[{place}].count", "doit être au moins 1")
    if not body["lines"] or body["total"] != total:
        verdict.wrong("total", f"doit être {total}, c'est {body['total']}")
    return verdict


def _members(verdict: Verdict, path: str, value: Any, names: set[str]) -> None:
    if set(value) != names:
        verdict.wrong(path, f"doit avoir {sorted(names)}, et a {sorted(value)}")


def _text(verdict: Verdict, path: str, text: str, *, empty: bool = False) -> None:
    if not (text or empty) or any(unicodedata.category(each) in {"Cc", "Cs"} for each in text):
        verdict.wrong(path, "n'est pas un texte", Basis.PROMISED)
