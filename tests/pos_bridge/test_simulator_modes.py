"""The fault modes of the simulated register, seen from the other end of the wire."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse, IncompleteRead, RemoteDisconnected
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from pos_bridge.simulator.modes import ANSWERS, MODES, WRONG_TYPES

pytestmark = pytest.mark.wire

GOLDEN = Path(__file__).parent / "golden" / "leo2"
CATALOGUE = Catalogue.from_restaurant_file(GOLDEN / "restaurant.json")
QUERY = "/api.php?module=atoo_shop&type=table&shop=SHOP1&pub_key=KEY1&method="
DELIVER, LIST, LIST_ALL = (
    QUERY + method
    for method in ("atoo_post_table", "atoo_statelist_table", "atoo_statelist_table_all")
)


def register(**options: Any) -> Leo2Register:
    return Leo2Register(CATALOGUE, scale=0.01, **options)


def body(number: int = 1, **changes: Any) -> bytes:
    sample = json.loads((GOLDEN / "options.json").read_text(encoding="utf-8"))
    return json.dumps(sample | {"id": number} | changes).encode()


def connect(till: Leo2Register, timeout: float = 5) -> HTTPConnection:
    return HTTPConnection(urlsplit(till.url).netloc, timeout=timeout)


def deliver(
    till: Leo2Register, number: int = 1, timeout: float = 5, **changes: Any
) -> tuple[HTTPResponse, bytes]:
    connection = connect(till, timeout)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request("POST", DELIVER, body(number, **changes), headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def listed(till: Leo2Register, path: str = LIST) -> Any:
    connection = connect(till)
    connection.request("GET", path)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def numbers(till: Leo2Register) -> list[int]:
    return [entry["number"] for entry in till.ledger()]


@pytest.mark.parametrize(("name", "booked"), [(name, each.books) for name, each in ANSWERS.items()])
@pytest.mark.parametrize("suffix", ["", "_before", "_after"])
def test_it_garbles_an_answer_before_and_after_booking(
    name: str, booked: bool, suffix: str
) -> None:
    with register() as till:
        till.script(name + suffix)
        response, content = deliver(till)
        good = response.status == 200 and content == b'{"id": 1, "state": 1}'
        assert not good or response.headers["Content-Encoding"]
        expected = booked if not suffix else suffix == "_after"
        assert numbers(till) == ([1] if expected else [])
        assert [post["booked"] for post in till.posts()] == [expected]
        assert deliver(till)[1] == b'{"id": 1, "state": 1}'  # then all is well
        assert numbers(till) == [1]


def said(mode: str) -> tuple[HTTPResponse, bytes]:
    with register() as till:
        till.script(mode)
        return deliver(till)


def test_its_answers_are_what_their_names_say() -> None:
    assert said("http500")[0].status == 500
    response, _ = said("503_retry_after(120)")
    assert (response.status, response.headers["Retry-After"]) == (503, "120")
    response, _ = said("429(Wed, 21 Oct 2099 07:28:00 GMT)")
    assert (response.status, response.headers["Retry-After"][:3]) == (429, "Wed")
    assert said("401")[0].status == 401
    response, _ = said("302(307)")
    assert (response.status, response.headers["Location"]) == (307, "/_elsewhere")
    response, content = said("html200")
    assert response.headers["Content-Type"].startswith("text/html")
    assert b"<!DOCTYPE html>" in content
    answer = json.loads(said("json_error(Table verrouillée)")[1])
    assert answer == {"id": 1, "state": 4, "error": "Table verrouillée"}
    content = said("warn_then_json")[1]
    assert content.startswith(b"<br />")
    assert content.endswith(b'{"id": 1, "state": 1}')
    assert said("bom")[1].startswith(b"\xef\xbb\xbf{")
    assert said("empty")[1] == b""
    assert said("empty(204)")[0].status == 204
    assert len(said("huge(1)")[1]) > 1_000_000
    response, content = said("gzip_bomb(3)")
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(content) < 64_000
    assert len(gzip.decompress(content)) > 3_000_000


@pytest.mark.parametrize("kind", WRONG_TYPES)
def test_it_answers_with_a_wrong_type(kind: str) -> None:
    content = said(f"wrong_type({kind})")[1]
    assert content != b'{"id": 1, "state": 1}'
    assert b"%d" not in content


@pytest.mark.parametrize(
    ("mode", "error", "booked"),
    [
        ("rst_before", ConnectionResetError, False),
        ("rst_after", ConnectionResetError, True),
        ("hangup_before", RemoteDisconnected, False),
        ("hangup_after", RemoteDisconnected, True),
        ("truncated", IncompleteRead, True),
        ("truncated_before", IncompleteRead, False),
        ("truncated_after", IncompleteRead, True),
        ("late_before(1000)", TimeoutError, False),
        ("late_after(1000)", TimeoutError, True),
        ("drip_headers(100)", TimeoutError, True),
        ("drip_headers_before(100)", TimeoutError, False),
        ("drip_body(100)", TimeoutError, True),
        ("drip_body_before(100)", TimeoutError, False),
    ],
)
def test_it_breaks_off(mode: str, error: type[Exception], booked: bool) -> None:
    with register() as till:
        till.script(mode)
        with pytest.raises(error) as caught:
            deliver(till, timeout=0.3)
        assert type(caught.value) is error
        assert numbers(till) == ([1] if booked else [])
        assert deliver(till)[0].status == 200
        assert numbers(till) == [1]


@pytest.mark.parametrize("mode", ["ok", "ok_slow(2)", "late_after(2)", "drip_body", "drip_headers"])
def test_it_answers_in_the_end(mode: str) -> None:
    with register() as till:
        till.script(mode)
        response, content = deliver(till)
        assert (response.status, content) == (200, b'{"id": 1, "state": 1}')
        assert numbers(till) == [1]


def test_it_really_refuses_a_connection_and_comes_back_at_the_same_address() -> None:
    with register() as till:
        url = till.url
        till.script("refuse_conn(1000)", "http500")
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                deliver(till)
        till.heal()
        assert till.url == url
        assert deliver(till)[0].status == 200
        assert len(till.posts()) == 1


def test_it_refuses_at_its_turn_and_for_its_time() -> None:
    with Leo2Register(CATALOGUE, scale=0.3) as till:
        till.script("http500", "refuse_conn", "html200")
        assert deliver(till)[0].status == 500
        with pytest.raises(ConnectionRefusedError):
            deliver(till)
        waited = threading.Event()
        for _ in range(500):
            try:
                content = deliver(till)[1]
                break
            except ConnectionRefusedError:
                waited.wait(0.01)
        assert b"<html>" in content
        assert [post["mode"] for post in till.posts()] == ["http500", "html200"]


@pytest.mark.parametrize("mode", ["refuse_conn", "blackhole"])
def test_it_stays_shut_until_it_is_healed(mode: str) -> None:
    with register() as till:
        till.fail_always(mode)
        for path in (DELIVER, LIST):
            connection = connect(till, timeout=0.2)
            with pytest.raises((ConnectionRefusedError, TimeoutError)):
                connection.request("GET", path)
        till.heal()
        assert listed(till) == []


def test_it_is_a_black_hole_to_a_connection() -> None:
    with register() as till:
        till.fail_always("blackhole")
        place = urlsplit(till.url)
        with pytest.raises(TimeoutError):
            socket.create_connection((place.hostname, place.port or 0), timeout=0.3)
        till.heal()
        assert deliver(till)[0].status == 200


def test_it_shuts_a_connection_kept_alive_with_the_door() -> None:
    with register() as till:
        kept = connect(till)
        kept.request("GET", LIST)
        assert kept.getresponse().read() == b"[]"
        till.fail_always("refuse_conn")
        assert kept.sock.recv(1) == b""
        kept.close()


def test_it_keeps_a_connection_alive() -> None:
    with register() as till:
        kept = connect(till)
        for number in (1, 2, 3):
            headers = {"Content-Type": "application/json"}
            kept.request("POST", DELIVER, body(number), headers)
            used = kept.sock
            assert kept.getresponse().read()
            assert kept.sock is used
        kept.close()
        assert till.max_posts_in_flight == 1


def test_it_fails_always_until_it_is_healed() -> None:
    with register() as till:
        till.fail_always("hangup_after", list="http500")
        for number in (1, 2):
            with pytest.raises(RemoteDisconnected):
                deliver(till, number)
        connection = connect(till)
        connection.request("GET", LIST)
        assert connection.getresponse().status == 500
        connection.close()
        till.heal()
        assert deliver(till, 3)[0].status == 200
        assert listed(till) == [{"id": number, "state": 1} for number in (1, 2, 3)]


def test_it_counts_deliveries_in_flight() -> None:
    with register() as till:
        till.fail_always("late_after(30)")
        threads = [threading.Thread(target=deliver, args=(till, each)) for each in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert till.max_posts_in_flight == 3


def test_it_does_not_count_a_delivery_whose_client_has_left() -> None:
    with register() as till:
        till.fail_always("late_after(1000)")
        for _ in range(5):
            with pytest.raises(TimeoutError):
                deliver(till, timeout=0.03)
        assert till.max_posts_in_flight == 1


def test_it_notices_who_follows_a_redirect() -> None:
    with register() as till:
        connection = connect(till)
        connection.request("GET", "/_elsewhere")
        connection.getresponse().read()
        connection.close()
        assert till.redirects_followed == 1


# What only the register itself can do


def test_it_answers_as_to_a_double_of_the_same() -> None:
    with register() as till:
        till.script("dup_known")
        assert deliver(till)[1] == b'{"id": 1, "state": 1}'
        assert numbers(till) == [1]
        assert till.posts()[0]["outcome"] == "double"


def test_it_has_the_number_from_a_stranger() -> None:
    with register() as till:
        till.script("dup_unknown")
        assert deliver(till)[1] == b'{"id": 1, "state": 1}'
        (entry,) = till.ledger()
        assert entry["foreign"]
        assert entry["raw"].encode() != body()
        (post,) = till.posts()
        assert (post["booked"], post["conflict"]) == (False, True)


def test_it_forgets_numbers() -> None:
    with register() as till:
        deliver(till)
        till.script("forget_ids(1000)", "forget_ids")
        deliver(till)
        assert numbers(till) == [1]
        deliver(till)
        assert numbers(till) == [1, 1]


@pytest.mark.parametrize(("mode", "shown"), [("store_only", 1), ("store_only(0)", 0)])
def test_it_takes_what_the_till_does_not_have(mode: str, shown: int) -> None:
    with register() as till:
        till.script(mode)
        assert deliver(till)[1] == b'{"id": 1, "state": 1}'
        assert (numbers(till), listed(till)) == ([], [])
        assert listed(till, LIST_ALL) == [{"id": 1, "state": shown}]
        deliver(till, 2)
        assert numbers(till) == [2]
        till.open_till()
        assert numbers(till) == [2, 1]


def test_it_clamps_a_number_to_31_bits() -> None:
    with register() as till:
        till.script("clamp31")
        assert json.loads(deliver(till, 2**31 + 5)[1])["id"] == 2**31 - 1
        assert numbers(till) == [2**31 - 1]


def states(till: Leo2Register) -> None:
    for number, state in ((1, 9), (2, 2), (3, 1)):
        deliver(till, number)
        till.set_state(number, state)


ROWS = [{"id": 1, "state": 9}, {"id": 2, "state": 2}, {"id": 3, "state": 1}]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("ok", ROWS),
        ("list_missing", []),
        ("list_missing(1)", ROWS[:2]),
        ("list_regress", [{"id": 1, "state": 2}, {"id": 2, "state": 1}, {"id": 3, "state": 0}]),
        ("list_unknown", [{"id": number, "state": 7} for number in (1, 2, 3)]),
        ("list_foreign", [*ROWS, {"id": 1003, "state": 1}]),
        ("list_foreign(77)", [*ROWS, {"id": 77, "state": 1}]),
        ("list_object", {"1": 9, "2": 2, "3": 1}),
        ("list_keyed", {"orders": ROWS}),
        ("list_keyed(commandes)", {"commandes": ROWS}),
        ("list_strings", [{"id": str(row["id"]), "state": str(row["state"])} for row in ROWS]),
    ],
)
def test_it_lists_states_in_many_shapes(mode: str, expected: object) -> None:
    with register() as till:
        states(till)
        till.script(list=mode)
        assert listed(till) == expected
        assert listed(till) == ROWS


def test_it_lists_the_states_of_a_moment_ago() -> None:
    with register() as till:
        deliver(till, 1)
        till.fail_always(list="list_stale")
        states(till)
        assert listed(till) == listed(till, LIST_ALL) == [{"id": 1, "state": 1}]
        till.heal()
        assert listed(till) == ROWS


Wrong = Callable[[Leo2Register], None]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda till: till.script("list_object"),
        lambda till: till.script(list="dup_known"),
        lambda till: till.script(list="refuse_conn"),
        lambda till: till.fail_always("list_stale"),
    ],
)
def test_it_says_that_a_mode_is_for_something_else(wrong: Wrong) -> None:
    with register() as till, pytest.raises(ValueError, match="is a mode for a"):
        wrong(till)


def test_it_has_every_mode_of_the_catalogue() -> None:
    from pos_bridge.simulator.leo2 import POST_MODES
    from pos_bridge.simulator.leo2_lists import MODES as LIST_MODES

    catalogue = (
        "ok ok_slow refuse_conn blackhole rst_before rst_after late_after http500_before "
        "http500_after 503_retry_after 429 401 302 html200 json_error warn_then_json truncated bom "
        "wrong_type empty huge gzip_bomb drip_body drip_headers dup_known dup_unknown clamp31 "
        "forget_ids store_only list_missing list_stale list_regress list_foreign "
        "hangup_before hangup_after list_object list_keyed list_strings"
    )
    assert set(catalogue.split()) <= MODES.keys() | POST_MODES.keys() | LIST_MODES.keys()
