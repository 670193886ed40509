"""The fault modes, in one table: name -> what is done with the answer, before or after the register has booked.

Names are those of docs/promises.md, 2. Every answer that is garbled comes as `name`, `name_before` and `name_after`
(not booked, booked); alone it is the likelier of the two. What stands in brackets is the mode's argument:
`late_after(20)`. Seconds are scaled by the register's `scale`.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from pos_bridge.simulator.exchange import Exchange, Reply

Play = Callable[[Exchange, str], None]
Garble = Callable[[Reply, str], Reply]
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Mode:
    """`place`: door (no connection), wire (any request), post or list; `default` is the argument when none is given.

    `loses`: the register books, and the answer is lost or cannot be understood.
    """

    play: Play
    place: str = "wire"
    default: str = ""
    number: bool = False
    loses: bool = False


class UnknownMode(ValueError):
    """No such mode, or an argument that it cannot have; the message names the modes that there are."""


# Answers garbled


def _http500(reply: Reply, argument: str) -> Reply:
    return Reply(
        int(float(argument)), b"<html><body><h1>Internal Server Error</h1></body></html>", HTML
    )


def _retry_after(status: int, reply: Reply, argument: str) -> Reply:
    body = b'{"error": "Service momentanement indisponible"}'
    return Reply(status, body, headers=(("Retry-After", argument),))


def _401(reply: Reply, argument: str) -> Reply:
    return Reply(int(float(argument)), '{"error": "Clef API refusée"}'.encode())


def _302(reply: Reply, argument: str) -> Reply:
    return Reply(int(float(argument)), b"", HTML, headers=(("Location", "/_elsewhere"),))


def _html200(reply: Reply, _: str) -> Reply:
    page = "<!DOCTYPE html><html><body><h1>Connexion au Wi-Fi</h1><form></form></body></html>"
    return Reply(200, page.encode(), HTML)


def _json_error(reply: Reply, argument: str) -> Reply:
    answer = {"id": _id_of(reply), "state": 4, "error": argument}
    return Reply(200, json.dumps(answer, ensure_ascii=False).encode())


def _warn_then_json(reply: Reply, _: str) -> Reply:
    warning = (
        b"<br />\n<b>Warning</b>: Undefined array key 3 in <b>/www/api.php</b> on line <b>214</b>"
    )
    return Reply(200, warning + b"<br />\n" + reply.body, HTML)


def _half_json(reply: Reply, _: str) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def _bom(reply: Reply, _: str) -> Reply:
    return replace(reply, body=b"\xef\xbb\xbf" + reply.body)


def _empty(reply: Reply, argument: str) -> Reply:
    return Reply(int(float(argument)), b"")


def _huge(reply: Reply, argument: str) -> Reply:
    return replace(reply, body=reply.body + b" " * int(float(argument) * 1_000_000))


@lru_cache(8)  # the same answer is packed again and again, thousands of others are not kept
def _bomb(body: bytes, megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(body)]
    parts += [packer.compress(b" " * 1_000_000) for _ in range(megabytes)]
    return b"".join([*parts, packer.flush()])


def _gzip_bomb(reply: Reply, argument: str) -> Reply:
    packed = _bomb(reply.body, int(float(argument)))
    return replace(reply, body=packed, headers=(*reply.headers, ("Content-Encoding", "gzip")))


def _wrong_type(reply: Reply, argument: str) -> Reply:
    number = _id_of(reply)
    return replace(reply, body=WRONG_TYPES[argument].replace(b"%d", str(number).encode()))


WRONG_TYPES = {
    "string": b'{"id": %d, "state": "1"}',
    "array": b'[{"id": %d, "state": 1}]',
    "list": b"[]",
    "null": b'{"id": %d, "state": null}',
    "bool": b'{"id": %d, "state": true}',
    "nan": b'{"id": %d, "state": NaN}',
    "float": b'{"id": %d, "state": 1.0}',
    "no_state": b'{"id": %d}',
    "no_id": b'{"state": 1}',
    "other_id": b'{"id": 1%d, "state": 1}',
    "duplicate": b'{"id": %d, "state": 4, "state": 1}',
    "latin1": b'{"id": %d, "state": 1, "message": "re\xe7ue"}',
    "number": b"%d",
    "text": b'"OK"',
}


def _id_of(reply: Reply) -> object:
    try:
        answer = json.loads(reply.body)
    except ValueError:
        return 0
    return answer.get("id") if isinstance(answer, dict) else 0


# name -> how the answer looks, whether the register books when the name has no suffix, default argument, numeric
ANSWERS: dict[str, tuple[Garble, bool, str, bool]] = {
    "http500": (_http500, False, "500", True),
    "503_retry_after": (partial(_retry_after, 503), False, "2", False),
    "429": (partial(_retry_after, 429), False, "2", False),
    "401": (_401, False, "401", True),
    "302": (_302, False, "302", True),
    "html200": (_html200, False, "", False),
    "json_error": (_json_error, False, "Produit inconnu", False),
    "warn_then_json": (_warn_then_json, True, "", False),
    "half_json": (_half_json, True, "", False),
    "bom": (_bom, True, "", False),
    "wrong_type": (_wrong_type, True, "string", False),
    "empty": (_empty, True, "200", True),
    "huge": (_huge, True, "2", True),
    "gzip_bomb": (_gzip_bomb, True, "50", True),
}


def _garbled(garble: Garble, books: bool, exchange: Exchange, argument: str) -> None:
    exchange.send(garble(exchange.answer(books=books), argument))


# What happens on the wire


def _ok(exchange: Exchange, _: str) -> None:
    exchange.send(exchange.answer(books=True))


def _ok_slow(exchange: Exchange, argument: str) -> None:
    exchange.wait(float(argument))
    exchange.send(exchange.answer(books=True))


def _late_after(exchange: Exchange, argument: str) -> None:
    reply = exchange.answer(books=True)
    exchange.wait(float(argument))
    exchange.send(reply)


def _silent(exchange: Exchange, argument: str) -> None:
    exchange.wait(float(argument))
    exchange.hang_up()


def _reset(books: bool, exchange: Exchange, _: str) -> None:
    exchange.answer(books=books)
    exchange.reset()


def _hang_up(books: bool, exchange: Exchange, _: str) -> None:
    exchange.answer(books=books)
    exchange.hang_up()


def _truncated(books: bool, exchange: Exchange, _: str) -> None:
    reply = exchange.answer(books=books)
    exchange.send(reply, cut=len(reply.body) // 2)


def _drip_body(books: bool, exchange: Exchange, argument: str) -> None:
    reply = exchange.answer(books=books)
    exchange.drip(reply, float(argument), start=len(reply.head()))


def _drip_headers(books: bool, exchange: Exchange, argument: str) -> None:
    exchange.drip(exchange.answer(books=books), float(argument), start=0)


def _twisted(twist: str, exchange: Exchange, argument: str) -> None:
    exchange.send(exchange.produce(twist, argument))


def _nothing(exchange: Exchange, _: str) -> None:
    """A door mode is done by the door; it never has a request."""


def _both_sides(play: Callable[[bool, Exchange, str], None]) -> tuple[Play, Play]:
    return partial(play, False), partial(play, True)


def _table() -> dict[str, Mode]:
    modes = {
        "ok": Mode(_ok),
        "ok_slow": Mode(_ok_slow, default="2", number=True),
        "late_after": Mode(_late_after, default="20", number=True, loses=True),
        "late_before": Mode(_silent, default="20", number=True),
        "refuse_conn": Mode(_nothing, "door", "1", number=True),
        "blackhole": Mode(_nothing, "door", "4", number=True),
    }
    for name, (garble, books, default, number) in ANSWERS.items():
        for suffix, does in (("", books), ("_before", False), ("_after", True)):
            garbled = partial(_garbled, garble, does)
            modes[name + suffix] = Mode(garbled, default=default, number=number, loses=does)
    for name, play_either in (("rst", _reset), ("hangup", _hang_up), ("truncated", _truncated)):
        before, after = _both_sides(play_either)
        modes |= {f"{name}_before": Mode(before), f"{name}_after": Mode(after, loses=True)}
    modes["truncated"] = modes["truncated_after"]
    for name, drip in (("drip_body", _drip_body), ("drip_headers", _drip_headers)):
        before, after = _both_sides(drip)
        for suffix, play in (("", after), ("_before", before), ("_after", after)):
            modes[name + suffix] = Mode(play, default="0.4", number=True, loses=play is after)
    return modes


MODES = _table()


def twists(place: str, **defaults: str) -> dict[str, Mode]:
    """Modes that only the register itself can do, with their default arguments, numeric where the default is."""
    return {
        name: Mode(
            partial(_twisted, name), place, default, number=default != "" and default.isdigit()
        )
        for name, default in defaults.items()
    }


@dataclass(frozen=True)
class Scripted:
    """One mode as it was asked for: `text` is "late_after(20)"; `drawn` at random."""

    text: str
    mode: Mode
    argument: str
    drawn: bool = False

    @property
    def name(self) -> str:
        return self.text.partition("(")[0]


def parse(text: str, known: dict[str, Mode]) -> Scripted:
    """Read "name" or "name(argument)"; raise UnknownMode in words."""
    match = re.fullmatch(r"(\w+)(?:\((.*)\))?", text.strip(), re.ASCII)
    mode = known.get(match[1]) if match else None
    if match is None or mode is None:
        raise UnknownMode(f"no mode {text!r}; there are: {', '.join(sorted(known))}")
    argument = mode.default if match[2] is None else match[2]
    if mode.number and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", argument):
        raise UnknownMode(f"{match[1]} needs a number, not {argument!r}")
    if match[1].startswith("wrong_type") and argument not in WRONG_TYPES:
        raise UnknownMode(f"wrong_type knows: {', '.join(WRONG_TYPES)}")
    return Scripted(text.strip(), mode, argument)


def parse_for(text: str, use: str, known: dict[str, Mode]) -> Scripted:
    """Read a mode for a delivery ("post") or a reading of a list; raise UnknownMode where it has no sense there."""
    scripted = parse(text, known)
    if scripted.mode.place not in {"wire", use, "door" if use == "post" else use}:
        raise UnknownMode(f"{text!r} is a mode for a {scripted.mode.place}, not for a {use}")
    return scripted
