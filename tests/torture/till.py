"""What is asked of a simulated register from outside, by whoever looks at the till."""

import json
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen


class Away(Exception):
    """It does not answer now: killed, or its door is shut."""


def get(port: int, path: str, *, timeout: float = 3.0) -> Any:
    """Raises Away."""
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as answer:
            return json.loads(answer.read())
    except (URLError, OSError, ValueError) as error:
        raise Away(type(error).__name__) from error


def tell(port: int, path: str, wish: dict[str, Any]) -> None:
    """Raises Away."""
    request = Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(wish).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urlopen(request, timeout=3.0) as answer:
            answer.read()
    except (URLError, OSError) as error:
        raise Away(type(error).__name__) from error


class Ledger:
    """What one till holds, read on from where it was read before."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._seen = 0
        self.numbers: set[int] = set()

    def look(self) -> set[int]:
        """Raises Away."""
        entries = get(self._port, f"/_ledger?after={self._seen}")
        self._seen += len(entries)
        self.numbers |= {entry["number"] for entry in entries if not entry.get("foreign")}
        return self.numbers
