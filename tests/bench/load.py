"""Clients that ask again and again over connections that stay open, and how long each answer took."""

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

IDLE = 1.0  # seconds after which the server may have closed a connection


@dataclass
class Took:
    """Seconds of each answer, and of the whole round."""

    answers: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        return len(self.answers) / self.seconds if self.seconds else 0.0

    def part(self, hundredth: int) -> float:
        """The answer that so many of a hundred were quicker than, in milliseconds."""
        ordered = sorted(self.answers)
        return 1000 * ordered[min(len(ordered) - 1, len(ordered) * hundredth // 100)]

    def add(self, other: "Took") -> None:
        self.answers += other.answers
        self.seconds += other.seconds


class Unexpected(Exception):
    """An answer that is not the one that is measured."""


class Client:
    """One phone: a connection, its cookies, its visit. Raises Unexpected."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookies: dict[str, str] = {}
        self.visit = ""
        self._asked_at = 0.0

    def ask(
        self,
        method: str,
        path: str,
        fields: dict[str, str] | None = None,
        *,
        htmx: bool = False,
        expect: Sequence[int] = (200,),
    ) -> tuple[http.client.HTTPResponse, bytes]:
        headers = {
            "Accept-Encoding": "gzip",
            "Accept-Language": "fr",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        body = None
        if fields is not None:
            fields = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", ""), **fields}
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if htmx:
            headers["HX-Request"] = "true"
        if time.monotonic() - self._asked_at > IDLE:
            self.connection.close()
        self._asked_at = time.monotonic()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie, _, given = value.partition(";")[0].partition("=")
                self.cookies[cookie] = given
        if answer.status not in expect:
            raise Unexpected(f"{method} {path}: {answer.status} {content[:200]!r}")
        return answer, content

    def join(self, card: str, slug: str) -> None:
        self.ask("GET", card, expect=[302])
        self.ask("GET", f"/r/{slug}/")
        answer, _ = self.ask("POST", f"/r/{slug}/join/", {"covers": "2"}, expect=[303])
        self.visit = answer.headers["Location"]


def together(tasks: Sequence[Callable[[], float]], seconds: float) -> Took:
    """Each task again and again in a thread of its own; a task returns how long its answer took."""
    took, failed = Took(), list[BaseException]()
    ready = threading.Barrier(len(tasks) + 1)
    over = threading.Event()

    def work(task: Callable[[], float]) -> None:
        ready.wait()
        try:
            while not over.is_set():
                took.answers.append(task())
        except Exception as error:  # noqa: BLE001  (said below, in the thread that waits)
            failed.append(error)

    threads = [threading.Thread(target=work, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    ready.wait()
    began = time.perf_counter()
    over.wait(seconds)
    over.set()
    for thread in threads:
        thread.join()
    took.seconds = time.perf_counter() - began
    if failed:
        raise failed[0]
    return took


def timed(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began
