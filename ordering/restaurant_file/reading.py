"""From bytes to data. What JSON leaves open is decided here: no name twice, no NaN, no NUL, 32 levels, 5 MB."""

import json
import math
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

from .mistakes import Mistake, Path, RestaurantFileError, show

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
        raise _refused(f"the file cannot be read: {reason}") from error
    return parse(content)


def parse(content: bytes) -> Any:
    """The data of a restaurant file's bytes. Raises RestaurantFileError with the one reason why it has none.

    A byte order mark at the start is let pass: editors on Windows write it.
    """
    check_size(len(content))
    text = _decoded(content)
    if not text.strip(" \t\r\n"):
        raise _refused("the file is empty")
    _check_levels(text)
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except json.JSONDecodeError as error:
        end = len(text.rstrip())
        if error.pos >= end or error.msg.startswith("Unterminated string"):
            raise _refused(
                f"the file ends too early or a quote is not closed (line {error.lineno}, "
                f"column {error.colno}); it may be cut off"
            ) from error
        raise _refused(
            f"this is not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    if not isinstance(data, dict):
        raise _refused(f"the file must hold one object, {{…}}, and holds {show(data)}")
    return data


def unreadable(data: Any) -> Iterator[Mistake]:
    """What no schema sees: names given twice, numbers and letters that cannot be stored."""
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            for name in getattr(value, "names", ()):
                yield Mistake(path, f"{show(name)} is given twice")
            for name in value:
                yield from _letters((*path, name), name)
            waiting.extend(((*path, name), item) for name, item in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), item) for index, item in enumerate(value))
        elif isinstance(value, str):
            yield from _letters(path, value)
        elif isinstance(value, float) and not math.isfinite(value):
            yield Mistake(path, "this is not a number that can be stored")
        elif isinstance(value, int | float) and abs(value) > LARGEST:
            yield Mistake(path, "this number is too large to be stored")


def _letters(path: Path, text: str) -> Iterator[Mistake]:
    for letter in text:
        if letter == "\0":
            yield Mistake(path, "it holds a NUL character, which a database refuses")
        elif "\ud800" <= letter <= "\udfff":
            yield Mistake(path, f"it holds half a character, \\u{ord(letter):04x}")
        elif (letter < " " and letter not in "\n\r\t") or "\x7f" <= letter <= "\x9f":
            yield Mistake(path, f"it holds a control character, \\u{ord(letter):04x}")
        else:
            continue
        return


def _refused(text: str) -> RestaurantFileError:
    return RestaurantFileError([Mistake((), text)])


def check_size(size: int) -> None:
    """Raises RestaurantFileError where a file of so many bytes is not even read."""
    if size > LIMIT:
        raise _refused(
            f"the file has {size / 1e6:.1f} MB; a restaurant file has at most {LIMIT // 1_000_000} MB"
        )


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused("the file is written in UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - before.rfind(b"\n")
        if error.reason == "unexpected end of data":
            raise _refused(
                f"the file ends in the middle of a letter (line {line}, byte {column}); "
                "it may be cut off"
            ) from error
        raise _refused(
            f"the file is not UTF-8 at line {line}, byte {column}; save it as UTF-8"
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
                f"brackets are more than {LEVELS} levels deep at line {line}, column {column}"
            )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = Repeated(pairs)
    repeated.names = [
        name for name, times in Counter(name for name, _ in pairs).items() if times > 1
    ]
    return repeated


def _integer(digits: str) -> int:
    # Python refuses to read thousands of digits, without a place; the last of these is named by `unreadable`.
    return int(digits) if len(digits) <= 20 else LARGEST + 1
