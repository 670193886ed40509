"""From bytes to data. What JSON leaves open is decided here: no name twice, no NaN, no NUL, 32 levels, 5 MB."""

import json
import math
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

from django.utils.translation import gettext_noop as _

from .mistakes import Mistake, Path, RestaurantFileError, show, wrong
from .sentences import Sentence

# What Python says of a text that is not JSON begins with these.
NOT_JSON = {
    "Expecting ',' delimiter": _("a comma, or the closing bracket, is missing"),
    "Expecting ':' delimiter": _("the colon after a name is missing"),
    "Expecting property name": _(
        "a name in double quotes is missing; perhaps the comma before it is one too many"
    ),
    "Expecting value": _("a value is missing; perhaps a comma is one too many"),
    "Illegal trailing comma": _("the last comma is one too many"),
    "Extra data": _("the file goes on after its end; perhaps a bracket is one too many"),
    "Invalid control character": _("a line end or a tab stands inside of quotes"),
    "Invalid \\": _("a backslash stands before a letter; where one is meant, write two"),
}

LIMIT = 5_000_000
LEVELS = 32
# What the database can hold; anything larger is named instead of stored.
LARGEST = 2**63 - 1

TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


class Repeated(dict[str, Any]):
    """An object of the file that names something twice. JSON lets the last one win; a person did not mean that."""

    names: list[str]


def load(file: FilePath) -> Any:
    """The data of a restaurant file. Raises RestaurantFileError with the one reason why it cannot be read."""
    try:
        # Only a command reads a file from its place, and it speaks English.
        status = file.stat()
        if stat.S_ISDIR(status.st_mode):
            raise _refused("this is a directory, not a file")
        if not stat.S_ISREG(status.st_mode):
            raise _refused("this is not a plain file")
        check_size(status.st_size)
        with file.open("rb") as opened:
            content = opened.read(LIMIT + 1)
    except FileNotFoundError as error:
        raise _refused("there is no such file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be one"
        raise _refused("the file cannot be read: %(reason)s", reason=reason) from error
    return parse(content)


def parse(content: bytes) -> Any:
    """The data of a restaurant file's bytes. Raises RestaurantFileError with the one reason why it has none.

    A byte order mark at the start is let pass: editors on Windows write it.
    """
    check_size(len(content))
    text = _decoded(content)
    if not text.strip(" \t\r\n"):
        raise _refused(_("the file is empty"))
    _check_levels(text)
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except json.JSONDecodeError as error:
        end = len(text.rstrip())
        if error.pos >= end or error.msg.startswith("Unterminated string"):
            raise _refused(
                _(
                    "the file ends too early or a quote is not closed (line %(line)s, column %(column)s); it may be "
                    "cut off"
                ),
                line=error.lineno,
                column=error.colno,
            ) from error
        known = [said for begins, said in NOT_JSON.items() if error.msg.startswith(begins)]
        raise _refused(
            _("this is not JSON at line %(line)s, column %(column)s: %(why)s"),
            line=error.lineno,
            column=error.colno,
            why=Sentence(known[0] if known else error.msg),
        ) from error
    if not isinstance(data, dict):
        text = _("the file must hold one object, {…}, and holds %(value)s")
        raise _refused(text, value=show(data))
    return data


def unreadable(data: Any) -> Iterator[Mistake]:
    """What no schema sees: names given twice, numbers and letters that cannot be stored."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            for name in getattr(value, "names", ()):
                yield wrong(path, _("%(value)s is given twice"), value=show(name))
            for name in value:
                yield from _letters((*path, name), name)
            waiting.extend(((*path, name), item) for name, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(value))
        elif isinstance(value, str):
            yield from _letters(path, value)
        elif isinstance(value, float) and not math.isfinite(value):
            yield wrong(path, _("this is not a number that can be stored"))
        elif isinstance(value, int | float) and abs(value) > LARGEST:
            yield wrong(path, _("this number is too large to be stored"))


def _letters(path: Path, text: str) -> Iterator[Mistake]:
    for letter in text:
        if letter == "\0":
            yield wrong(path, _("it holds a NUL character, which a database refuses"))
        elif "\ud800" <= letter <= "\udfff":
            text = _("it holds half a character, %(character)s")
            yield wrong(path, text, character=f"\\u{ord(letter):04x}")
        elif (letter < " " and letter not in "\n\r\t") or "\x7f" <= letter <= "\x9f":
            text = _("it holds a control character, %(character)s")
            yield wrong(path, text, character=f"\\u{ord(letter):04x}")
        else:
            continue
        return


def _refused(text: str, **values: Any) -> RestaurantFileError:
    return RestaurantFileError([wrong((), text, **values)])


def check_size(size: int) -> None:
    """Raises RestaurantFileError where a file of so many bytes is not even read."""
    if size > LIMIT:
        raise _refused(
            _("the file has %(size)s MB; a restaurant file has at most %(most)s MB"),
            size=f"{size / 1e6:.1f}",
            most=LIMIT // 1_000_000,
        )


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused(_("the file is written in UTF-16; save it as UTF-8"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - before.rfind(b"\n")
        if error.reason == "unexpected end of data":
            raise _refused(
                _(
                    "the file ends in the middle of a letter (line %(line)s, byte %(byte)s); it may be cut off"
                ),
                line=line,
                byte=column,
            ) from error
        raise _refused(
            _("the file is not UTF-8 at line %(line)s, byte %(byte)s; save it as UTF-8"),
            line=line,
            byte=column,
        ) from error


def _check_levels(text: str) -> None:
    # Before parsing: Python's own parser answers deep nesting with an error of its stack, without a place.
    level = 0
    for token in TOKENS.finditer(text):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if level > LEVELS:
            line = text.count("\n", 0, token.start()) + 1
            column = token.start() - text.rfind("\n", 0, token.start())
            raise _refused(
                _(
                    "brackets are more than %(most)s levels deep at line %(line)s, column %(column)s"
                ),
                most=LEVELS,
                line=line,
                column=column,
            )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = Repeated(pairs)
    repeated.names = [
        name for name, times in Counter(name for name, _value in pairs).items() if times > 1
    ]
    return repeated


def _integer(digits: str) -> int:
    # Python refuses to read thousands of digits, without a place; the last of these is named by `unreadable`.
    return int(digits) if len(digits) <= 20 else LARGEST + 1
