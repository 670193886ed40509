"""The simulated enregistreuse register over real sockets: protocol, ledger, pages, tape, webhook."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pos_bridge.simulator.enregistreuse import Catalogue, EnregistreuseRegister
from tests.helpers import eventually
from tests.pos_bridge.form_samples import GOLDEN, KEYS, Pairs, changed, encoded, sample

pytestmark = pytest.mark.wire

CATALOGUE = Catalogue.from_restaurant_file(GOLDEN / "restaurant.json")
FORM = "application/x-www-form-urlencoded"
SALE = KEYS + sample("choices")


def ask(
    register: EnregistreuseRegister, path: str, raw: bytes | None = None, kind: str = FORM
) -> Any:
    """Status and answer of one request on a connection of its own."""
    connection = HTTPConnection(urlsplit(register.url).netloc, timeout=10)
    headers = {"Content-Type": kind}
    connection.request("GET" if raw is None else "POST", path, raw, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    if response.headers["Content-Type"] == "application/json":
        return response.status, json.loads(content)
    return response.status, content.decode()


def sell(register: EnregistreuseRegister, pairs: Pairs = SALE) -> Any:
    return ask(register, "/workers/webapp.php", encoded(pairs))


def read(register: EnregistreuseRegister, name: str, more: str = "") -> Any:
    query = f"idboutique=SHOP1&key=KEY1&format=json{more}"
    return ask(register, f"/workers/{name}.php?{query}")


def test_it_takes_a_sale_and_says_so() -> None:
    with EnregistreuseRegister(CATALOGUE) as register:
        assert sell(register) == (200, {"success": True, "orderID": 1001})
        (entry,) = register.ledger()
        assert (entry["number"], entry["order_id"], entry["state"]) == (217000001, 1001, 1)
        assert entry["body"]["idtable"] == "12"
        assert [item["id"] for item in entry["body"]["items"]] == [12, 16]
        # What is written down is the body without its keys.
        assert entry["sha256"] == hashlib.sha256(encoded(sample("choices"))).hexdigest()
        (post,) = register.posts()
        assert (post["outcome"], post["booked"], post["number"]) == ("booked", True, 217000001)


def test_two_posts_are_two_sales() -> None:
    with EnregistreuseRegister(CATALOGUE) as register:
        assert [sell(register)[1]["orderID"] for _ in range(2)] == [1001, 1002]
        assert [entry["number"] for entry in register.ledger()] == [217000001] * 2


@pytest.mark.parametrize(
    ("shape", "answer"),
    [
        ("success", {"success": True, "orderID": 1001}),
        ("result", {"result": "OK", "orderID": 1001}),
        ("digits", "1001"),
    ],
)
def test_it_answers_in_each_shape(shape: str, answer: object) -> None:
    with EnregistreuseRegister(CATALOGUE, answer=shape) as register:
        assert sell(register) == (200, answer)
    with EnregistreuseRegister(CATALOGUE) as register:
        register.script(f"answer({shape})")
        assert sell(register) == (200, answer)


@pytest.mark.parametrize("shape", ["success", "message", "text"])
def test_it_refuses_in_each_shape_and_books_nothing(shape: str) -> None:
    wrong = changed(SALE, payment="2", idtable="5")
    with EnregistreuseRegister(CATALOGUE, failure=shape) as register:
        status, answer = sell(register, wrong)
        words = {
            "success": lambda: answer["result"],
            "message": lambda: answer["errorMessage"],
            "text": lambda: answer,
        }[shape]()
        assert status == 200
        assert "payment : " in words
        assert "idtable : " in words
        register.script(f"refuse({shape})")
        assert "Caisse fermée" in str(sell(register)[1])
        assert register.ledger() == []
        assert [post["outcome"] for post in register.posts()] == ["refused"] * 2


@pytest.mark.parametrize("wrong", [{"key": "KEY2"}, {"idboutique": "SHOP2"}, {"key": None}])
def test_it_refuses_a_wrong_shop_or_key(wrong: dict[str, str | None]) -> None:
    with EnregistreuseRegister(CATALOGUE) as register:
        assert sell(register, changed(SALE, **wrong))[1]["success"] is False
        assert register.posts()[0]["outcome"] == "denied"
        assert ask(register, "/workers/getTables.php?format=json")[1]["success"] is False
        assert isinstance(read(register, "getTables", "&x=1")[1], str)


def test_it_keeps_no_key_anywhere_p18(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with EnregistreuseRegister(CATALOGUE, ledger=ledger, key="canary-88") as register:
        sell(register, changed(SALE, key="canary-88"))
        told = [ask(register, path)[1] for path in ("/", "/_ledger", "/_posts", "/_status")]
        assert register.ledger()
        assert "canary-88" not in f"{told}{register.ledger()}{ledger.read_text()}"


def test_it_tells_what_it_knows() -> None:
    with EnregistreuseRegister(CATALOGUE) as register:
        assert read(register, "getTables")[1][0] == {"id": 4, "nom": "Table 4"}
        pizza = {"id": 12, "nom": "Pizza 4 fromages", "prix": "14.50", "rayon": 2}
        assert pizza in read(register, "getPlus")[1]
        assert [row["tva"] for row in read(register, "getDepartments")[1]] == ["5.5", "10", "20"]
        assert read(register, "getDeclinaisons")[1][1]["prix"] == "1.50"
        assert len(read(register, "getPaymentModes")[1]) == 2
        assert read(register, "getNothing")[0] == 404


def test_a_sale_is_pending_until_it_is_terminated() -> None:
    with EnregistreuseRegister(CATALOGUE) as register:
        sell(register)
        sell(register, KEYS + sample("our_prices"))
        pending = read(register, "getPending")[1]
        assert [row["privateComment"] for row in pending] == [
            "Tablée 217000001",
            "Tablée 217000002",
        ]
        assert [row["price"] for row in pending] == ["38.50", "40.00"]
        assert [entry["state"] for entry in register.ledger()] == [1, 0]
        register.set_state(217000001, 9)
        assert [row["orderID"] for row in read(register, "getPending")[1]] == [1002]
        assert [row["orderID"] for row in read(register, "getOrders")[1]] == [1001]
        with pytest.raises(KeyError):
            register.set_state(5, 9)


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("list_missing", []),
        ("list_keyed(sales)", {"sales": [{"orderID": 1001}]}),
        ("list_strings", [{"orderID": "1001"}]),
        ("list_error", {"errorMessage": "Clef refusée"}),
    ],
)
def test_its_lists_may_be_otherwise(mode: str, told: Any) -> None:
    def only_ids(value: Any) -> Any:
        if isinstance(value, list):
            return [{"orderID": row["orderID"]} for row in value]
        return {
            key: only_ids(inner) if isinstance(inner, list) else inner
            for key, inner in value.items()
        }

    with EnregistreuseRegister(CATALOGUE) as register:
        sell(register)
        register.script(list=mode)
        assert only_ids(read(register, "getPending")[1]) == told
        register.script(list="list_bare")
        assert "privateComment" not in read(register, "getPending")[1][0]


def test_it_remembers_everything_after_a_restart(tmp_path: Path) -> None:
    with EnregistreuseRegister(CATALOGUE, ledger=tmp_path / "ledger") as register:
        sell(register)
        register.set_state(217000001, 9)
        before = register.ledger(), register.posts()
    with EnregistreuseRegister(CATALOGUE, ledger=tmp_path / "ledger") as register:
        assert (register.ledger(), register.posts()) == before
        assert sell(register)[1]["orderID"] == 1002


def test_it_takes_what_it_can_read_where_it_is_not_strict() -> None:
    with EnregistreuseRegister(CATALOGUE, strict=False) as register:
        assert sell(register, [*KEYS, ("itemsList[]", "99")])[1]["success"] is True
        assert register.ledger()[0]["number"] == 0
        assert sell(register, [*KEYS, ("itemsList[]", "x")])[1]["success"] is False


def test_it_takes_nothing_for_a_table_that_a_waiter_has_open() -> None:
    with EnregistreuseRegister(CATALOGUE) as register:
        register.set_table(12, locked=True)
        assert "verrouillée" in sell(register)[1]["result"]
        register.set_table(12, locked=False)
        sell(register)
        assert register.tables()[0]["covers"] == 2


def test_it_has_no_till_behind_a_relay() -> None:
    with EnregistreuseRegister(CATALOGUE) as register, pytest.raises(ValueError, match="no relay"):
        register.close_till()


def test_its_own_garbled_answers_are_of_its_protocol() -> None:
    with EnregistreuseRegister(CATALOGUE) as register:
        register.script("json_error(Table fermée)", "json_message_after", "wrong_type(failed_id)")
        assert sell(register)[1] == {"success": False, "result": "Table fermée"}
        assert sell(register)[1] == {"errorMessage": "Article inconnu"}
        failed = {"success": False, "result": "Erreur", "orderID": 1002}
        assert sell(register)[1] == failed
        assert [post["booked"] for post in register.posts()] == [False, True, True]
        with pytest.raises(ValueError, match="wrong_type knows: string, one, quoted"):
            register.script("wrong_type(cheese)")


def test_the_same_seed_draws_the_same_faults() -> None:
    def drawn() -> list[str]:
        with EnregistreuseRegister(
            CATALOGUE, scale=0.0001, seed=7, faults=0.9,
            fault_modes=["answer(digits)", "http500_after", "json_error_before", "refuse(text)"],
        ) as register:  # fmt: skip
            for _ in range(12):
                sell(register)
            return [post["mode"] for post in register.posts()]

    modes = drawn()
    assert modes == drawn()
    assert len(set(modes)) > 3


def test_it_draws_by_default_what_it_can_do() -> None:
    with EnregistreuseRegister(CATALOGUE, faults=0.5, list_faults=0.5) as register:
        assert register.status()["draw"] == {"faults": 0.5, "list_faults": 0.5}


def test_its_tape_shows_a_ticket() -> None:
    with EnregistreuseRegister(CATALOGUE) as register:
        for name in ("choices", "our_prices", "set_menu", "free_lines"):
            assert sell(register, KEYS + sample(name))[1]["success"]
        page = ask(register, "/")[1]
        for text in (
            "Caisse simulée enregistreuse.fr",
            "Le Zinc d&#x27;or",
            "Addition n°&nbsp;217000001",
            "Œuf &lt;frais&gt;",
            "<td>29,00</td>",
            "<td>3,00</td>",
            "<dd>38,50 €</dd>",
            "bien chaud, s&#x27;il vous plaît",
            "Verre de Gamay, Grand",
            "<dd>1002</dd>",
            "à valider",
            '<th scope="row">5,5&nbsp;%</th><td>',
        ):
            assert text in page, text
        assert "<script" not in page
        sell(register, changed(SALE, **{"itemsList[]": "<b>"}))
        assert "&lt;b&gt;" in ask(register, "/")[1]
        assert ask(register, "/_ledger")[1][0]["body"]["items"][0]["choices"] == [3, 8]


class _Hooked(BaseHTTPRequestHandler):
    calls: list[dict[str, list[str]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append(parse_qs(body.decode()))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """No log."""


def test_it_calls_its_webhook_for_each_sale_validated_or_terminated() -> None:
    calls: list[dict[str, list[str]]] = []
    handler = type("Handler", (_Hooked,), {"calls": calls})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/hook/secret?x=1"
        with EnregistreuseRegister(CATALOGUE, hook=url) as register:
            sell(register)
            sell(register, KEYS + sample("our_prices"))  # not validated: nothing is called
            register.set_state(217000001, 9)
            eventually(lambda: len(register.hooked) == 2)
            assert [call["status"] for call in register.hooked] == [204, 204]
        server.shutdown()
    said = {"orderID": ["1001"], "orderInternalID": ["1"], "price": ["38.50"]}
    assert calls == [{"type": [word], **said} for word in ("validated", "terminated")]


def test_a_webhook_that_nobody_answers_stops_nothing() -> None:
    with EnregistreuseRegister(CATALOGUE, hook="http://127.0.0.1:9/") as register:
        assert sell(register)[0] == 200
        assert eventually(lambda: register.hooked)[0]["status"] is None
    with pytest.raises(ValueError, match="not an address"):
        EnregistreuseRegister(CATALOGUE, hook="file:///etc/passwd")


def test_the_command_runs_it_and_says_what_it_does_not_know() -> None:
    line = [sys.executable, "manage.py", "simulate_register", "enregistreuse", "--port", "0"]
    with subprocess.Popen([*line, "--answer", "digits"], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        said = run.stdout.readline()
        run.terminate()
    assert said.startswith("Simulated enregistreuse register, lenient, at http://127.0.0.1:")
    wrong = subprocess.run(
        [*line, "--till-delay", "2"], capture_output=True, text=True, timeout=60, check=False
    )
    assert wrong.returncode == 1
    assert "enregistreuse knows no --till-delay" in wrong.stderr
