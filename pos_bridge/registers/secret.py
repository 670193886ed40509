"""What no log, no traceback and no error mail may show."""

import html
import json
import re
from functools import lru_cache

DOTS = "••••"
# A shorter key may stand in any text by chance: it is hidden only where its name stands before it.
SHORTEST = 6


class Secret:
    """A text that must not be printed: an address with a key in its query. Shown anywhere, it is dots."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return DOTS

    __str__ = __repr__

    def reveal(self) -> str:
        """For the wire, and for nothing else."""
        return self._text


def hide(text: str, name: str, secret: str) -> str:
    """The text with dots for the secret, also where it is escaped as in an address, in JSON or in HTML."""
    if not secret:
        return text
    pattern = _written(secret)
    if len(secret) >= SHORTEST:
        return re.sub(pattern, DOTS, text)
    named = rf"(?i:(\b{re.escape(name)}\b\W{{1,8}}?))(?:{pattern})(?!\w)"
    return re.sub(named, rf"\1{DOTS}", text)


@lru_cache(maxsize=256)
def _written(secret: str) -> str:
    """A pattern of all its forms, mixed ones too, as it is or character by character. The groups are atomic: no text
    makes the search slow.
    """
    return f"{re.escape(secret)}|{''.join(map(_written_character, secret))}"


def _written_character(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex(" ", 2).split()
    percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    escaped = {
        percent,
        "".join(f"\\u{unit}" for unit in units),
        html.escape(character),
        f"&#{ord(character)};",
        f"&#x{ord(character):x};",
    }
    escaped.add(json.dumps(character)[1:-1])
    escaped.discard(character)
    exact = {character, *({"+"} if character == " " else set())}
    exact.update({"\\/"} if character == "/" else set())
    longest_first = sorted(escaped, key=len, reverse=True)
    any_case = "|".join(re.escape(form) for form in longest_first)
    as_it_is = "|".join(re.escape(form) for form in sorted(exact, key=len, reverse=True))
    return f"(?>(?i:{any_case})|{as_it_is})"
