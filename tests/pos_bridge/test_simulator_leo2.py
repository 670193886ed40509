"""The simulated LEO2 register over real sockets: the protocol, the ledger, the lists, the tape."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pos_bridge.simulator.door import PortInUse
from pos_bridge.simulator.journal import JournalUnusable
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register

pytestmark = pytest.mark.wire

GOLDEN = Path(__file__).parent / "golden" / "leo2"
CATALOGUE = Catalogue.from_restaurant_file(GOLDEN / "restaurant.json")
KEYS = "&shop=SHOP1&pub_key=KEY1"
DELIVER = f"/api.php?module=atoo_shop&type=table&method=atoo_post_table{KEYS}"
LIST = f"/api.php?module=atoo_shop&type=table&method=atoo_statelist_table{KEYS}"
LIST_ALL = f"/api.php?module=atoo_shop&type=table&method=atoo_statelist_table_all{KEYS}"


def body(number: int = 20001, **changes: Any) -> bytes:
    sample = json.loads((GOLDEN / "options.json").read_text(encoding="utf-8"))
    return json.dumps(sample | {"id": number} | changes).encode()


def ask(register: Leo2Register, path: str, raw: bytes | None = None, kind: str = "") -> Any:
    """Status, answer and headers of one request on a connection of its own."""
    connection = HTTPConnection(urlsplit(register.url).netloc, timeout=10)
    headers = {"Content-Type": kind or "application/json"}
    connection.request("GET" if raw is None else "POST", path, raw, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    if response.headers["Content-Type"] == "application/json":
        return response.status, json.loads(content)
    return response.status, content.decode()


def told(register: Leo2Register, path: str, wish: object) -> Any:
    return ask(register, path, json.dumps(wish).encode())


def test_it_takes_an_addition_and_says_so() -> None:
    with Leo2Register(CATALOGUE) as register:
        assert ask(register, DELIVER, body()) == (200, {"id": 20001, "state": 1})
        (entry,) = register.ledger()
        assert entry["number"] == 20001
        assert entry["body"]["total_order"]["ttc"] == Decimal("58.3")
        assert entry["raw"].encode() == body()
        assert entry["state"] == 1
        (post,) = register.posts()
        assert post["booked"]
        assert post["outcome"] == "booked"
        assert post["sha256"] == hashlib.sha256(body()).hexdigest()
        assert post["mode"] == "ok"


@pytest.mark.parametrize("keys", ["&shop=SHOP2&pub_key=KEY1", "&shop=SHOP1&pub_key=KEY2", ""])
@pytest.mark.parametrize("path", [DELIVER, LIST])
def test_it_refuses_a_wrong_shop_or_key(path: str, keys: str) -> None:
    with Leo2Register(CATALOGUE) as register:
        raw = body() if path == DELIVER else None
        status, answer = ask(register, path.replace(KEYS, keys), raw)
        assert status == 401
        assert "error" in answer
        assert register.ledger() == []


def test_it_names_every_breach_and_books_nothing() -> None:
    with Leo2Register(CATALOGUE) as register:
        status, answer = ask(register, DELIVER, body(state=2, table=7), kind="text/plain")
        assert status == 200
        assert answer["id"] == 20001
        assert answer["state"] == 4
        for place in ("state : ", "table : ", "Content-Type : "):
            assert place in answer["error"]
        assert register.ledger() == []
        (post,) = register.posts()
        assert post["outcome"] == "refused"
        assert len(post["breaches"]) == 3


@pytest.mark.parametrize("more", ["&lang=fr", "&method=atoo_post_table", "&type=table"])
def test_it_wants_the_address_of_the_page_exactly(more: str) -> None:
    with Leo2Register(CATALOGUE) as register:
        status, answer = ask(register, DELIVER + more, body())
        assert status == 404 or answer["state"] == 4
        assert register.ledger() == []


def test_it_drops_a_double_and_answers_like_the_first_time() -> None:
    with Leo2Register(CATALOGUE) as register:
        answers = [ask(register, DELIVER, body()) for _ in range(3)]
        assert answers == [(200, {"id": 20001, "state": 1})] * 3
        assert len(register.ledger()) == 1
        assert [post["outcome"] for post in register.posts()] == ["booked", "double", "double"]


def test_it_loses_another_order_of_the_same_number_and_tells_the_test() -> None:
    with Leo2Register(CATALOGUE) as register:
        ask(register, DELIVER, body(table=4))
        assert ask(register, DELIVER, body(table=12)) == (200, {"id": 20001, "state": 1})
        assert [entry["body"]["table"] for entry in register.ledger()] == [4]
        assert [post.get("conflict", False) for post in register.posts()] == [False, True]
        assert [post["booked"] for post in register.posts()] == [True, False]


def test_it_books_a_double_where_it_keeps_them() -> None:
    with Leo2Register(CATALOGUE, keep_doubles=True) as register:
        ask(register, DELIVER, body())
        ask(register, DELIVER, body())
        assert [entry["number"] for entry in register.ledger()] == [20001, 20001]


def test_it_lists_what_reached_the_till_and_what_did_not() -> None:
    with Leo2Register(CATALOGUE) as register:
        ask(register, DELIVER, body(1))
        register.close_till()
        ask(register, DELIVER, body(2))
        assert ask(register, LIST) == (200, [{"id": 1, "state": 1}])
        assert ask(register, LIST_ALL) == (200, [{"id": 1, "state": 1}, {"id": 2, "state": 1}])
        assert [entry["number"] for entry in register.ledger()] == [1]
        register.open_till()
        assert ask(register, LIST) == (200, [{"id": 1, "state": 1}, {"id": 2, "state": 1}])
        assert "late" in register.ledger()[1]


def test_it_moves_an_addition_s_state() -> None:
    with Leo2Register(CATALOGUE) as register:
        ask(register, DELIVER, body())
        register.set_state(20001, 9)
        assert ask(register, LIST)[1] == ask(register, LIST_ALL)[1] == [{"id": 20001, "state": 9}]
        with pytest.raises(KeyError, match="no addition 7"):
            register.set_state(7, 9)


def test_it_lists_only_the_latest() -> None:
    with Leo2Register(CATALOGUE, list_size=2) as register:
        for number in (1, 2, 3):
            ask(register, DELIVER, body(number))
        assert [row["id"] for row in ask(register, LIST)[1]] == [2, 3]


def test_it_takes_from_the_relay_to_the_till_after_the_delay() -> None:
    now = [1000.0]
    with Leo2Register(CATALOGUE, till_delay=30, clock=lambda: now[0]) as register:
        ask(register, DELIVER, body())
        assert register.ledger() == []
        assert not register.posts()[0]["booked"]
        now[0] = 1031.0
        assert register.ledger()[0]["booked_at"] == 1030.0
        assert register.posts()[0]["booked"]


def test_it_pretends_that_the_till_was_off_for_hours() -> None:
    with Leo2Register(CATALOGUE, simulated_late=6 * 3600, clock=lambda: 1000.0) as register:
        register.close_till()
        ask(register, DELIVER, body())
        register.open_till()
        assert register.ledger()[0]["late"] == 6 * 3600
        assert "Imprimée avec 6&nbsp;h 00 de retard" in ask(register, "/")[1]


def test_it_lets_an_unknown_article_vanish_where_it_is_not_strict() -> None:
    with Leo2Register(CATALOGUE, strict=False) as register:
        line = {"id": 999, "idx": 1, "quantity": 1}
        assert ask(register, DELIVER, body(products=[line])) == (200, {"id": 20001, "state": 1})
        assert register.ledger() == []
        assert register.posts()[0]["outcome"] == "vanished"
        assert ask(register, LIST)[1] == []
        assert ask(register, LIST_ALL)[1] == [{"id": 20001, "state": 1}]


def test_it_stops_its_service_at_an_id_that_is_no_number_where_it_is_not_strict() -> None:
    with Leo2Register(CATALOGUE, strict=False) as register:
        assert ask(register, DELIVER, body(products=[{"id": "A12"}]))[0] == 500
        assert ask(register, DELIVER, body(2))[0] == 500
        assert ask(register, LIST)[0] == 500
        register.heal()
        assert ask(register, DELIVER, body(2))[0] == 200
        assert [entry["number"] for entry in register.ledger()] == [2]


def test_it_takes_what_it_can_parse_where_it_is_not_strict() -> None:
    with Leo2Register(CATALOGUE, strict=False) as register:
        for number, table in enumerate((4, "4", None, 90000), start=1):
            assert ask(register, DELIVER, b"\xef\xbb\xbf" + body(number, table=table))[0] == 200
        assert ask(register, DELIVER, b"products[]=1")[1]["state"] == 4
        assert len(register.ledger()) == 4
        assert ask(register, "/")[0] == 200


def test_it_remembers_everything_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    with Leo2Register(CATALOGUE, ledger=file) as register:
        ask(register, DELIVER, body(1))
        register.set_state(1, 2)
        register.close_till()
        ask(register, DELIVER, body(2))
        before = register.ledger(), register.posts()
    with Leo2Register(CATALOGUE, ledger=file) as register:
        assert (register.ledger(), register.posts()) == before
        ask(register, DELIVER, body(1))
        assert [entry["number"] for entry in register.ledger()] == [1]
        register.open_till()
        assert [(each["number"], each["state"]) for each in register.ledger()] == [(1, 2), (2, 1)]


def test_it_drops_a_line_that_a_crash_has_torn(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    with Leo2Register(CATALOGUE, ledger=file) as register:
        ask(register, DELIVER, body(1))
    with file.open("ab") as torn:
        torn.write(b'{"event": "taken", "num')
    with Leo2Register(CATALOGUE, ledger=file) as register:
        ask(register, DELIVER, body(2))
    with Leo2Register(CATALOGUE, ledger=file) as register:
        assert [entry["number"] for entry in register.ledger()] == [1, 2]


def test_it_says_in_words_that_a_ledger_is_in_use_or_is_none(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    with (
        Leo2Register(CATALOGUE, ledger=file),
        pytest.raises(JournalUnusable, match="in use by another simulated register"),
    ):
        Leo2Register(CATALOGUE, ledger=file)
    file.write_bytes(b"not json\n")
    with pytest.raises(JournalUnusable, match="line 1: not a ledger"):
        Leo2Register(CATALOGUE, ledger=file)


def test_it_says_in_words_that_a_port_is_in_use() -> None:
    with Leo2Register(CATALOGUE) as register:
        port = urlsplit(register.url).port or 0
        with pytest.raises(PortInUse, match=f"127.0.0.1:{port}"):
            Leo2Register(CATALOGUE, port=port).start()


def test_it_can_be_told_over_http() -> None:
    with Leo2Register(CATALOGUE, scale=0.001) as register:
        wish = {"modes": ["http500_after", "html200"], "list": ["list_object"]}
        assert told(register, "/_script", wish)[0] == 200
        assert ask(register, DELIVER, body(1))[0] == 500
        assert "<html>" in ask(register, DELIVER, body(2))[1]
        assert ask(register, LIST)[1] == {"1": 1}
        assert told(register, "/_state", {"number": 1, "state": 9})[0] == 200
        assert ask(register, LIST)[1] == [{"id": 1, "state": 9}]
        ledger = ask(register, "/_ledger")[1]
        assert ledger[0]["body"]["total_order"]["ttc"] == 58.3
        assert [post["mode"] for post in ask(register, "/_posts")[1]] == [
            "http500_after",
            "html200",
        ]
        assert told(register, "/_script", {"always": "empty", "till": "closed"})[0] == 200
        status = ask(register, "/_status")[1]
        assert status["always"]["post"] == "empty"
        assert status["max_posts_in_flight"] == 1
        assert told(register, "/_script", {"heal": True, "till": "open"})[0] == 200
        assert ask(register, DELIVER, body(3)) == (200, {"id": 3, "state": 1})


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("/_script", {"modes": ["explode"]}),
        ("/_script", {"modes": ["list_object"]}),
        ("/_script", {"always": "refuse_conn"}),
        ("/_script", {"mode": "ok"}),
        ("/_script", ["ok"]),
        ("/_script", {"till": "ajar"}),
        ("/_state", {"number": 5, "state": 9}),
        ("/_state", {}),
    ],
)
def test_it_says_what_it_cannot_be_told(path: str, wish: object) -> None:
    with Leo2Register(CATALOGUE) as register:
        status, answer = told(register, path, wish)
        assert status == 400
        assert answer["error"]


def test_it_is_not_told_by_a_form_of_another_site() -> None:
    with Leo2Register(CATALOGUE) as register:
        assert ask(register, "/_script", b'{"heal": true}', kind="text/plain")[0] == 415


@pytest.mark.parametrize("mode", ["explode", "late_after(soon)", "wrong_type(cheese)", "ok)", ""])
def test_it_knows_no_other_mode(mode: str) -> None:
    with Leo2Register(CATALOGUE) as register, pytest.raises(ValueError, match=r".+"):
        register.script(mode)


def test_its_tape_shows_a_ticket() -> None:
    with Leo2Register(CATALOGUE) as register:
        assert "Aucun ticket" in ask(register, "/")[1]
        ask(register, DELIVER, (GOLDEN / "options.json").read_bytes())
        ask(register, DELIVER, (GOLDEN / "set_menu.json").read_bytes())
        page = ask(register, "/")[1]
        assert page.index("<strong>4</strong>") < page.index("<strong>12</strong>")  # newest first
        for text in (
            "Le Zinc d&#x27;or",
            "Couverts&nbsp;: 2",
            "Addition n°&nbsp;20001",
            "Entrecôte &lt;frites&gt; &amp; salade",
            "49,80",
            "Bacon",
            "−1,00",
            "« bien chaud, s&#x27;il vous plaît »",
            '<th scope="row">5,5&nbsp;%</th><td>6,64</td><td>0,36</td><td>7,00</td>',
            '<th scope="row">10&nbsp;%</th><td>47,10</td><td>4,70</td><td>51,80</td>',
            "<dd>52,52</dd>",
            "<dd>5,78</dd>",
            "<dd>58,30 €</dd>",
            "reçue",
        ):
            assert text in page, text
        assert "<script" not in page
        assert "style=" not in page
        status, css = ask(register, "/tape.css")
        assert status == 200
        assert "url(" not in css


def test_its_tape_shows_what_it_refused_and_why() -> None:
    with Leo2Register(CATALOGUE) as register:
        line = {"<b>id</b>": 1}
        ask(register, DELIVER, body(products=[line]))
        page = ask(register, "/")[1]
        assert "Addition refusée" in page
        assert "products[0].&lt;b&gt;id&lt;/b&gt; : champ inconnu" in page


@pytest.mark.parametrize("headers", [{"Transfer-Encoding": "chunked"}, {"Content-Length": "-1"}])
def test_it_wants_a_length(headers: dict[str, str]) -> None:
    with Leo2Register(CATALOGUE) as register:
        connection = HTTPConnection(urlsplit(register.url).netloc, timeout=10)
        connection.putrequest("POST", DELIVER)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == 411
        connection.close()


@pytest.fixture
def command() -> Any:
    """Starts the command as a process and gives it with its address once it listens."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        line = [sys.executable, "manage.py", "simulate_register", "leo2", *arguments]
        process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
        running.append(process)
        assert process.stdout
        return process, process.stdout.readline()

    yield start
    for process in running:
        process.kill()
        process.wait()


Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_its_address_and_ends_cleanly(command: Start, number: int) -> None:
    process, line = command("--port", "0", "--strict")
    assert line.startswith("Simulated leo2 register, strict, at http://127.0.0.1:")
    os.kill(process.pid, number)
    assert process.wait(10) == 0


def test_the_command_loses_nothing_booked_to_kill_9(command: Start, tmp_path: Path) -> None:
    options = ("--port", "0", "--ledger", str(tmp_path / "ledger.jsonl"), "--restaurant")
    process, line = command(*options, str(GOLDEN / "restaurant.json"))
    connection = HTTPConnection(urlsplit(line.split()[-1]).netloc, timeout=10)
    connection.request("POST", DELIVER, body(), {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    process.kill()
    process.wait(10)
    _, line = command(*options, str(GOLDEN / "restaurant.json"))
    connection = HTTPConnection(urlsplit(line.split()[-1]).netloc, timeout=10)
    connection.request("GET", "/_ledger")
    assert [each["number"] for each in json.load(connection.getresponse())] == [20001]


def test_the_command_says_in_words_what_it_cannot_do(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "manage.py", "simulate_register", "leo2", *arguments]
        return subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)

    with Leo2Register(CATALOGUE) as register:
        port = str(urlsplit(register.url).port)
        for arguments, words in (
            (("--port", port), f"127.0.0.1:{port}"),
            (("--port", "0", "--mode", "explode"), "no mode 'explode'"),
            (("--port", "0", "--restaurant", str(tmp_path / "none.json")), "No such file"),
        ):
            done = run(*arguments)
            assert done.returncode == 1
            assert words in done.stderr
            assert "Traceback" not in done.stderr
