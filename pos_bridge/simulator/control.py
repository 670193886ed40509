"""What a simulated register is told and asked over HTTP beside its own protocol, by other processes and by people.

    GET  /          the tape, a web page
    GET  /_ledger   what the till holds, oldest first; ?after=K leaves out the first K
    GET  /_posts    every delivery that came, oldest first; ?after=K likewise. A delivery that has no `ended` yet may
                    still change, so the next question goes from the first of those
    GET  /_tables   the tables that the till knows something about
    GET  /_status   {"max_posts_in_flight", "redirects_followed", "fired", "script", "always", "draw", "settings"}
    POST /_script   {"modes": […], "list": […]} | {"always": "…", "always_list": "…"} | {"heal": true}
                    | {"draw": {"faults": 0.25, "list_faults": 0.1}} | {"till": "open" or "closed"}
                    | {a setting of the register: true or false}
    POST /_state    {"number": n, "state": 9}
    POST /_table    {"number": 12, "open": true, "locked": false}, with one of the two or both

A POST must say `Content-Type: application/json`, so that no page of another site can send it from a browser. While the
door is shut by a mode, nobody answers here either.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pos_bridge.simulator.exchange import PAGE_HEADERS, Reply, Request, as_json
from pos_bridge.simulator.modes import UnknownMode

if TYPE_CHECKING:
    from pos_bridge.simulator.server import SimulatedRegister

STYLESHEET = Path(__file__).with_name("tape.css")
SCRIPT = {"modes", "list", "always", "always_list", "heal", "draw", "till"}


def answer(register: SimulatedRegister, request: Request) -> Reply:
    """Do what is asked, and say so; what cannot be done is said in words with a status of 400 and above."""
    try:
        return _told(register, request) if request.method == "POST" else _page(register, request)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return as_json({"error": f"{type(error).__name__}: {error}"}, 400)


def _page(register: SimulatedRegister, request: Request) -> Reply:
    match request.path:
        case "/_elsewhere":
            register.redirects_followed += 1
            return as_json({"id": 1, "state": 1})
        case "/":
            page = register.tape().encode("utf-8", "replace")
            return Reply(200, page, "text/html; charset=utf-8", PAGE_HEADERS)
        case "/tape.css":
            return Reply(200, STYLESHEET.read_bytes(), "text/css; charset=utf-8", PAGE_HEADERS)
        case "/_ledger":
            # For other processes the bodies are plain JSON again.
            entries = register.ledger(after=_after(request))
            return as_json([{**each, "body": _plain(each["raw"])} for each in entries])
        case "/_posts":
            return as_json(register.posts(after=_after(request)))
        case "/_tables":
            return as_json(register.tables())
        case "/_status":
            return as_json(register.status())
    return _nothing_there(request)


def _told(register: SimulatedRegister, request: Request) -> Reply:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return as_json({"error": "say Content-Type: application/json"}, 415)
    wish = json.loads(request.body)
    match request.path:
        case "/_script":
            _obey(register, wish)
        case "/_state":
            register.set_state(wish["number"], wish["state"])
        case "/_table":
            _lay(register, **wish)
        case _:
            return _nothing_there(request)
    return as_json({"done": True})


def _nothing_there(request: Request) -> Reply:
    return as_json({"error": f"Rien à l'adresse {request.path}"}, 404)


def _obey(register: SimulatedRegister, wish: dict[str, Any]) -> None:
    if unknown := wish.keys() - SCRIPT - register.settings.keys():
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if wish.get("heal"):
        register.heal()
    if "draw" in wish:
        register.draw(**wish["draw"])
    for name in wish.keys() & register.settings.keys():
        register.settings[name] = _flag(name, wish[name])
    if "always" in wish or "always_list" in wish:
        always = wish.get("always", "ok")
        if register.shuts_the_door(always):
            raise UnknownMode(f"nobody could heal it over HTTP: script {always!r} for some seconds")
        register.fail_always(always, list=wish.get("always_list", "ok"))
    register.script(*wish.get("modes", ()), list=wish.get("list", ()))
    if "till" in wish:
        {"open": register.open_till, "closed": register.close_till}[wish["till"]]()


def _lay(register: SimulatedRegister, number: object, **facts: object) -> None:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"a table's number is an integer, not {number!r}")
    if not facts or facts.keys() - {"open", "locked"}:
        raise ValueError('a table can be told {"open"} and {"locked"}')
    register.set_table(number, **{name: _flag(name, value) for name, value in facts.items()})


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} is true or false, not {value!r}")
    return value


def _after(request: Request) -> int:
    place = int(request.query.get("after", ["0"])[-1])
    if place < 0:
        raise ValueError(f"after={place}: places count from 0")
    return place


def _plain(raw: str) -> Any:
    try:
        return json.loads(raw)
    except (RecursionError, ValueError):
        return None
