"""P19, F48 to F53, T26: whatever a register answers, over a real socket.

Never a receipt unless the answer is one to the letter, never an error that is not classified, never later than the
deadline, and the key nowhere.
"""

import gzip
import json
import time
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Rejected, Uncertain
from pos_bridge.registers import http
from pos_bridge.registers.base import Receipt
from pos_bridge.registers.leo2 import Leo2
from pos_bridge.registers.network import Network
from tests.pos_bridge.test_http import BODY, KEY, NUMBER, Server

pytestmark = pytest.mark.wire

DIVISOR = 30  # a POST has half a second
LOCAL = Network(allowed=frozenset({"127.0.0.1"}), divisor=DIVISOR)
SUCCESS = json.dumps({"id": NUMBER, "state": 1}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Far(Server):
    """A server whose next answer is these bytes; it hangs up after them."""

    def __init__(self):
        self.says = b""
        super().__init__(lambda connection, _: connection.sendall(self.says))

    def ask(self, says, method):
        """What comes of it, and how long that took."""
        self.says = says
        adapter = Leo2(f"http://127.0.0.1:{self.port}", {"shop": "S", "pub_key": KEY}, {}, LOCAL)
        started = time.monotonic()
        outcome: object
        try:
            outcome = adapter.send(NUMBER, BODY) if method == "send" else adapter.list_states()
        except DeliveryError as error:
            outcome = error
        return outcome, time.monotonic() - started


@pytest.fixture(scope="module")
def far():
    with Far() as server:
        yield server


def whole(body, *, head=HEAD, length=None):
    return head + b"Content-Length: %d\r\n\r\n" % (len(body) if length is None else length) + body


def judged(far, says, *, is_success=False):
    """Both ways of asking; the outcome of the POST."""
    for method in ("list", "send"):
        outcome, took = far.ask(says, method)
        deadline = http.POST_DEADLINE if method == "send" else 2 * http.READ_DEADLINE
        assert took < deadline / DIVISOR + 2, f"{took:.1f} s"
        assert KEY not in repr(outcome)
        if isinstance(outcome, DeliveryError):
            assert KEY not in f"{outcome} {outcome.detail} {outcome.answer}"
            assert outcome.__context__ is None
    assert isinstance(outcome, Receipt | Uncertain | Rejected | Misconfigured), outcome
    assert not isinstance(outcome, NotSent), "it was connected, and may have booked"
    assert isinstance(outcome, Receipt) == is_success, (says[:300], outcome)
    return outcome


def test_the_strict_success_is_one(far):
    judged(far, whole(SUCCESS), is_success=True)


# --- Bytes --------------------------------------------------------------------------------------


@quick
@given(st.binary(max_size=400))
@example(b"")
@example(b"\0" * 200)
@example(b"HTTP/1.1 200 OK\r\n")
@example(b"HTTP/0.9 200\r\n\r\n" + SUCCESS)
@example(SUCCESS)
def test_bytes_that_are_no_answer_p19_f50(far, noise):
    judged(far, noise)


@quick
@given(st.binary(max_size=400), st.sampled_from([200, 201, 400, 422, 500]))
@example(b"\xff\xfe" + SUCCESS.decode().encode("utf-16-le"), 200)
@example(b"\xef\xbb\xbf" + SUCCESS, 200)
@example(SUCCESS + SUCCESS, 200)
@example(b"<br />\n<b>Warning</b>" + SUCCESS, 200)
@example(SUCCESS[:-1], 200)
@example(SUCCESS, 500)
def test_bodies_that_are_no_receipt_p19_f48_f50_f51(far, body, status):
    head = HEAD.replace(b"200 OK", b"%d X" % status)
    judged(far, whole(body, head=head))


# --- Nearly right ---------------------------------------------------------------------------------

near_number = st.sampled_from(
    [str(NUMBER), float(NUMBER), NUMBER + 1, -NUMBER, True, None, [NUMBER], NUMBER * 1.0000001]
)
near_state = st.sampled_from(["1", 1.0, True, None, [1], 0, 3, 4, 5, 7, -1, 10**30, "received"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5)


@quick
@given(
    st.fixed_dictionaries({"id": near_number, "state": st.just(1)})
    | st.fixed_dictionaries({"id": st.just(NUMBER), "state": near_state})
    | st.fixed_dictionaries({"id": near_number, "state": near_state})
    | st.dictionaries(st.sampled_from(["id", "state", "error", "x"]), values)
    | values
)
def test_json_that_is_nearly_a_receipt_p9_p19_f49_f50(far, said):
    body = json.dumps(said).encode("utf-8", "surrogatepass")
    strict = (
        isinstance(said, dict)
        and type(said.get("id")) is int
        and said["id"] == NUMBER
        and type(said.get("state")) is int
        and said["state"] in {1, 2, 9}
        and not said.get("error")
    )
    judged(far, whole(body), is_success=strict)


@pytest.mark.parametrize(
    "text",
    [
        '{"id": %d, "state": 1, "state": 4}',
        '{"id": %d, "id": 1, "state": 1}',
        '{"id": %d, "state": NaN}',
        '{"id": %d, "state": 1}garbage',
        '[{"id": %d, "state": 1}]',
        '{"id": %d, "state": 1,}',
        "{'id': %d, 'state': 1}",
        '{"ID": %d, "STATE": 1}',
        '{"id": %d, "state": 1, "error": "Table fermée"}',
        '{"data": {"id": %d, "state": 1}}',
        '"{\\"id\\": %d, \\"state\\": 1}"',
    ],
)
def test_json_of_the_wrong_form_f50(far, text):
    judged(far, whole((text % NUMBER).encode()))


def test_json_without_a_bottom_is_read_to_no_end_f50(far):
    judged(far, whole(b"[" * 60_000))


# --- Heads ----------------------------------------------------------------------------------------

LENGTHS = ("Content-Length", "Transfer-Encoding", "Content-Encoding")
name = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)


@quick
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "Content-Length",
                    "Transfer-Encoding",
                    "Content-Encoding",
                    "Retry-After",
                    "Location",
                    "Set-Cookie",
                    "Connection",
                    "Content-Type",
                ]
            )
            | name,
            st.sampled_from(["0", "-1", "99999999999999999999", "2", "chunked", "gzip", "br"])
            | st.binary(max_size=30).map(lambda raw: raw.decode("latin-1")),
        ),
        max_size=5,
    ),
    st.sampled_from(
        [100, 199, 204, 206, 299, 300, 304, 400, 401, 404, 418, 422, 429, 500, 503, 999]
    ),
)
def test_heads_of_every_kind_p19(far, headers, status):
    """None of these status codes is a success."""
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n" % status
    lines = b"".join(f"{key}: {value}\r\n".encode("latin-1") for key, value in headers)
    judged(far, head + lines + b"\r\n" + b'{"id": 1, "state": 1}')


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 50\r\n\r\n",
        b"Content-Length: 999999\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 1e3\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"Content-Encoding: gzip\r\n\r\n",
        b"Content-Encoding: identity, br\r\n\r\n",
        b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"X: y\r\n" * 200 + b"\r\n",
        b"X\0Y: \0\r\nContent-Length: 3\r\n\r\n",
    ],
)
def test_heads_that_lie_are_no_receipt_p19(far, head):
    judged(far, HEAD + head + SUCCESS)


def test_a_folded_head_hides_nothing_p19(far):
    """Whatever the parser makes of it, only the strict answer may be a receipt, and nothing is raised."""
    outcome, _ = far.ask(
        HEAD + b"X: one\r\n two\r\n" + b"Content-Length: %d\r\n\r\n" % len(SUCCESS) + SUCCESS,
        "send",
    )
    assert isinstance(outcome, Receipt | Uncertain)


# --- Size, and our own key --------------------------------------------------------------------------


def test_a_huge_answer_and_a_bomb_are_cut_f52(far):
    """64 kB of an answer, 1 MB of a list; nothing is unpacked."""
    padded = SUCCESS[:-1] + b" " * 200_000 + b"}"
    assert judged(far, whole(padded)).reason == "too_large"
    bomb = gzip.compress(SUCCESS[:-1] + b" " * 50_000_000 + b"}")
    started = time.monotonic()
    head = HEAD + b"Content-Encoding: gzip\r\n"
    assert judged(far, whole(bomb[:60_000], head=head)).reason == "encoded"
    assert time.monotonic() - started < 3


@quick
@given(st.binary(max_size=60), st.sampled_from([b"%b", b"pub_key=%b", b"<a href='?k=%b'>"]))
def test_an_answer_that_repeats_our_key_p18_t24(far, noise, form):
    body = noise + form.replace(b"%b", KEY.encode()) + noise
    for status in (b"200 OK", b"404 X", b"302 X"):
        judged(far, whole(body, head=HEAD.replace(b"200 OK", status)))


def test_an_answer_that_never_ends_is_cut_at_the_deadline_f53():
    def drips(connection, server):
        with suppress(OSError):
            while not server.over.wait(0.02):
                connection.sendall(b"x")

    with Server(drips) as server:
        adapter = Leo2(f"http://127.0.0.1:{server.port}", {"shop": "S", "pub_key": KEY}, {}, LOCAL)
        started = time.monotonic()
        with pytest.raises(Uncertain):
            adapter.send(NUMBER, BODY)
        assert time.monotonic() - started < http.POST_DEADLINE / DIVISOR + 2
