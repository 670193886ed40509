"""The webhook of a simulated enregistreuse register: it calls an address for each sale validated or terminated.

Documented are the names `type`, `orderID`, `orderInternalID` and `price`. Assumed: a POST, form-encoded, once, with
the price in euros and a type of `validated` or `terminated`.
"""

from __future__ import annotations

import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlencode, urlsplit

PATIENCE = 5.0  # seconds


class Hook:
    """Calls from a thread of its own, in order; `calls` has each with the status that came back, or None."""

    def __init__(self, url: str | None) -> None:
        self.calls: list[dict[str, Any]] = []
        self._waiting: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._url = url
        if url is not None:
            if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
                raise ValueError(f"{url!r} is not an address that can be called")
            threading.Thread(target=self._run, daemon=True, name="hook").start()

    def call(self, **facts: Any) -> None:
        if self._url is not None:
            self._waiting.put(facts)

    def close(self) -> None:
        self._waiting.put(None)

    def _run(self) -> None:
        while (facts := self._waiting.get()) is not None:
            self.calls.append({**facts, "status": self._post(facts)})

    def _post(self, facts: dict[str, Any]) -> int | None:
        url = urlsplit(self._url or "")
        kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        connection = kind(url.netloc, timeout=PATIENCE)
        try:
            target = url.path or "/"
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            address = f"{target}?{url.query}" if url.query else target
            connection.request("POST", address, urlencode(facts), headers)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()
