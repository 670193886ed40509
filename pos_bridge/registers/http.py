"""One exchange over HTTP, for all adapters. `requests` is used here and in line.py, and nowhere else.

What `requests` cannot do by itself, each measured: `timeout=` is no deadline (a server that drips a byte now
and then is waited for without end), so the exchange runs in a thread and its connection is cut from outside;
a name is resolved again for each connection, so we resolve once, judge the result, and connect to that very
address (T25); a followed redirect turns a POST into a GET and carries the key to another host, so none is
followed (F54).

Each exchange has a connection of its own. A kept one would be allowed where doubles are dropped and would
save a handshake, but a connection that the server has closed meanwhile is an unknown outcome each time, and
the handshake costs less.

No address and no key is in any exception or log line: what goes wrong inside is judged inside, and the error
that leaves is made anew, without a context.
"""

import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
)

from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Uncertain
from pos_bridge.registers import quiet
from pos_bridge.registers.line import AddressRefused, Direct, Line
from pos_bridge.registers.network import Network
from pos_bridge.registers.secret import Secret

# Seconds, each divided by Network.divisor.
POST_DEADLINE = 15.0
READ_DEADLINE = (
    5.0  # a list is read again soon; while it is waited for, its register's orders wait too
)

# Bytes. A list holds all that a restaurant sent lately, and is read in one piece or not at all.
LARGEST_ANSWER = 65_536
LARGEST_LIST = 1_048_576
HEADERS = {"Accept-Encoding": "identity", "Connection": "close", "User-Agent": "Tablee"}
LOGGERS = quiet.LOGGERS
INVALID = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
)


@dataclass(frozen=True)
class Answer:
    """An answer as it came. `whole`: it ended before the limit; `retry_after` in seconds."""

    status: int
    body: bytes = field(default=b"", repr=False)  # it may repeat our key
    content_type: str = ""
    encoded: bool = False
    whole: bool = True
    retry_after: float | None = None


class AddressInvalid(Exception):
    """The request could not be made: nothing was sent. The same error of `requests` may also come from an answer."""


class OutOfTime(Exception):
    """The deadline is over. `connected`: bytes may have gone out."""

    def __init__(self, *, connected: bool) -> None:
        super().__init__()
        self.connected = connected


def exchange(
    method: str,
    url: Secret,
    network: Network,
    *,
    deadline: float,
    body: bytes | Secret | None = None,
    content_type: str = "",
    largest: int = LARGEST_ANSWER,
) -> Answer:
    """One request, one answer within `deadline` seconds, of `largest` bytes at most; its meaning beyond the HTTP status
    is the adapter's to read.

    Raises NotSent, Uncertain or Misconfigured.
    """
    limit = deadline / network.divisor
    line = Line(network, limit)
    request = partial(_speak, method, url, line, limit, body, content_type)
    outcome = _outcome(line, limit, partial(request, largest))
    if isinstance(outcome, Answer):
        return outcome
    raise outcome  # from here, where no local variable knows what happened inside


def _outcome(line: Line, limit: float, speak: Callable[[], Answer]) -> Answer | DeliveryError:
    quiet.silence()
    result: list[Answer | Exception] = []
    ready = threading.Event()

    def run() -> None:
        try:
            result.append(speak())
        except Exception as error:  # noqa: BLE001  (handed to `judge`, which names every one)
            result.append(error)
        finally:
            line.forget()
            ready.set()

    threading.Thread(target=run, daemon=True, name="exchange").start()
    happened = result[0] if ready.wait(limit) else OutOfTime(connected=line.cut())
    problem = judge(happened)
    if problem is None and isinstance(happened, Answer):
        return happened
    return problem or Uncertain("cut_short")


def judge(happened: Exception | Answer) -> DeliveryError | None:
    """What the register may have after this: the one place that tells "surely not there" from "may be there".

    None: an answer whose body decides. Only what surely sent no byte is NotSent; a server that answers with
    an error may have booked before. Measured for each kind of failure (tests/pos_bridge/test_http.py).
    """
    if isinstance(happened, Answer):
        return _judge_answer(happened)
    cause = _cause(happened)
    if isinstance(cause, AddressRefused):
        return Misconfigured("address_refused", "the name leads to an address that is not allowed")
    if isinstance(cause, NameResolutionError):
        return NotSent("unknown_host")
    if isinstance(cause, NewConnectionError):
        return NotSent("no_connection")
    if isinstance(cause, ConnectTimeoutError):
        return NotSent("connect_timeout")
    if isinstance(cause, OutOfTime):
        return Uncertain("no_answer") if cause.connected else NotSent("connect_timeout")
    if isinstance(happened, AddressInvalid):
        return Misconfigured("address_invalid")
    if isinstance(happened, requests.exceptions.SSLError):
        # The certificate is judged before the request goes out; any other TLS error may come after it (F44).
        if _is_certificate(cause):
            return Misconfigured("certificate")
        return Uncertain("tls")
    if isinstance(happened, requests.exceptions.Timeout):
        return Uncertain("no_answer")
    if isinstance(happened, INVALID):
        return Uncertain("unreadable")  # two lengths in the answer's head, say
    if isinstance(happened, requests.exceptions.RequestException):
        return Uncertain("hung_up")
    return Uncertain("cut_short", type(happened).__name__)


def _judge_answer(answer: Answer) -> DeliveryError | None:
    text = answer.body.decode("utf-8", "replace")
    told: dict[str, Any] = {"http_status": answer.status, "answer": text}
    if 300 <= answer.status < 400:
        return Misconfigured("redirect", **told)
    if answer.status in {401, 403}:
        return Misconfigured("keys_refused", **told)
    if answer.status not in {200, 201, 400, 422}:
        # 429 and 503 too: what stands in front of the register may say so after the register has booked.
        return Uncertain(f"http_{answer.status}", retry_after=answer.retry_after, **told)
    if not answer.whole:
        return Uncertain("too_large", **told)
    if answer.encoded:
        return Uncertain("encoded", **told)
    return None


def _is_malformed(response: requests.Response) -> bool:
    """Whether the head of the answer is one that the parser has guessed at: then its body may be anybody's."""
    length = response.headers.get("Content-Length")
    is_guess = length is not None and not (length.isascii() and length.isdigit())
    head = getattr(response.raw, "_original_response", None)
    return is_guess or bool(head is not None and head.msg.defects)


def _cause(error: Exception) -> Any:
    """What `requests` and urllib3 have wrapped: the reason of a MaxRetryError, else the error itself."""
    inner = error.args[0] if error.args else None
    return inner.reason if isinstance(inner, MaxRetryError) and inner.reason else error


def _is_certificate(cause: Any) -> bool:
    return any(
        isinstance(each, ssl.SSLCertVerificationError)
        for each in (cause, *getattr(cause, "args", ()), getattr(cause, "__cause__", None))
    )


def _speak(
    method: str,
    url: Secret,
    line: Line,
    limit: float,
    body: bytes | Secret | None,
    content_type: str,
    largest: int,
) -> Answer:
    """The adapter of `requests` without its session: nothing from the environment, no cookie, no redirect, no
    netrc.
    """
    headers = {**HEADERS, **({"Content-Type": content_type} if content_type else {})}
    try:
        data = body.reveal().encode() if isinstance(body, Secret) else body
        request = requests.Request(method, url.reveal(), headers=headers, data=data).prepare()
    except (*INVALID, ValueError):
        raise AddressInvalid from None
    with Direct(line) as adapter:
        try:
            response = adapter.send(
                request,
                stream=True,
                timeout=(line.connect_timeout, limit),
                verify=True,
                proxies={},
            )
        except INVALID:
            if line.was_open:
                raise
            raise AddressInvalid from None
        if _is_malformed(response):
            raise requests.exceptions.InvalidHeader
        read, whole = _read(response.raw, largest)
        return Answer(
            status=response.status_code,
            body=read,
            content_type=response.headers.get("Content-Type", ""),
            encoded=response.headers.get("Content-Encoding", "identity").lower() != "identity",
            whole=whole,
            retry_after=_retry_after(response.headers.get("Retry-After", "")),
        )


def _read(raw: Any, largest: int) -> tuple[bytes, bool]:
    """At most `largest` bytes as they came over the wire, and whether that is all."""
    data = bytearray()
    while len(data) <= largest:
        piece = raw.read(largest + 1 - len(data), decode_content=False)
        if not piece:
            return bytes(data), True
        data += piece
    return bytes(data[:largest]), False


def _retry_after(text: str) -> float | None:
    """Seconds of a Retry-After header, a number or a date; None where it is neither. Not capped."""
    if re.fullmatch(r"[0-9]{1,12}", text.strip(), re.ASCII):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
