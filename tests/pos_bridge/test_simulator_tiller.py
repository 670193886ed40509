"""The simulated Tiller register over real sockets: the protocol, repeats, the ledger, the tape, the command."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pos_bridge.simulator import register_class
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.faults import BOTH_SIDES
from pos_bridge.simulator.modes import MODES
from pos_bridge.simulator.relay import digest
from pos_bridge.simulator.tiller import TillerRegister
from pos_bridge.simulator.tiller_till import without_tokens

pytestmark = pytest.mark.wire

GOLDEN = Path(__file__).parent / "golden" / "tiller"
CATALOGUE = Catalogue.from_restaurant_file(GOLDEN / "restaurant.json")
RESTAURANT, PROVIDER = "canary-restaurant-5f1d", "canary-provider-9c02"
KEYS = f"?restaurant_token={RESTAURANT}&provider_token={PROVIDER}"
ORDERS = "/api/orders"
UUID = "1c7e8e3f-6a4d-4d2b-8b68-3a2e1d0f9c8b"
OTHER = "2d8f9f4a-7b5e-4e3c-9c79-4b3f2e1a0d9c"


def register(**options: Any) -> TillerRegister:
    given: dict[str, Any] = {
        "restaurant_token": RESTAURANT,
        "provider_token": PROVIDER,
        "scale": 0.01,
    }
    return TillerRegister(CATALOGUE, **(given | options))


def body(external_id: str = UUID, **changes: Any) -> bytes:
    sample = json.loads((GOLDEN / "options.json").read_text(encoding="utf-8"))
    tokens = {"restaurant_token": RESTAURANT, "provider_token": PROVIDER}
    return json.dumps(sample | tokens | {"externalId": external_id} | changes).encode()


def ask(till: TillerRegister | str, path: str, raw: bytes | None = None, kind: str = "") -> Any:
    """Status and answer of one request on a connection of its own; `till` or its address."""
    url = till if isinstance(till, str) else till.url
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    headers = {"Content-Type": kind or "application/json"}
    connection.request("GET" if raw is None else "POST", path, raw, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    if response.headers["Content-Type"] == "application/json":
        return response.status, json.loads(content)
    return response.status, content.decode()


def outcomes(till: TillerRegister) -> list[str | None]:
    return [post.get("outcome") for post in till.posts()]


def test_it_takes_an_order_and_says_its_own_id() -> None:
    with register() as till:
        status, answer = ask(till, ORDERS, body())
        assert status == 200
        assert (answer["id"], answer["externalId"], answer["status"]) == (1, UUID, "IN_PROGRESS")
        (entry,) = till.ledger()
        assert (entry["number"], entry["id"], entry["state"]) == (217_512_001, 1, 1)
        assert entry["external_id"] == UUID
        assert entry["body"]["lines"][0]["price"] == 4980
        (post,) = till.posts()
        assert post["booked"]
        assert (post["number"], post["external_id"], post["id"]) == (217_512_001, UUID, 1)
        assert post["outcome"] == "booked"


def test_it_reads_an_order_by_its_own_id_and_the_latest() -> None:
    with register() as till:
        ask(till, ORDERS, body())
        ask(till, ORDERS, body(OTHER, number=217_512_099))
        status, answer = ask(till, f"{ORDERS}/2{KEYS}")
        assert status == 200
        assert (answer["id"], answer["externalId"]) == (2, OTHER)
        assert [each["id"] for each in ask(till, f"{ORDERS}{KEYS}")[1]] == [1, 2]
        assert [each["id"] for each in ask(till, f"{ORDERS}{KEYS}&maxResults=1")[1]] == [2]
        for unknown in ("3", "0", "-1", "x", UUID):
            assert ask(till, f"{ORDERS}/{unknown}{KEYS}")[0] == 404
        till.set_state(217_512_099, 9)
        assert ask(till, f"{ORDERS}/2{KEYS}")[1]["status"] == "CLOSED"


@pytest.mark.parametrize("token", ["restaurant_token", "provider_token"])
def test_it_answers_403_to_a_token_that_it_does_not_know(token: str) -> None:
    with register() as till:
        status, answer = ask(till, ORDERS, body(**{token: "x"}))
        assert status == 403
        assert "error" in answer
        assert ask(till, f"{ORDERS}/1{KEYS.replace(token, 'x')}")[0] == 403
        assert till.ledger() == []
        assert outcomes(till) == ["denied"]


def test_it_answers_403_once_the_tokens_have_expired() -> None:
    with register() as till:
        ask(till, ORDERS, body())
        assert ask(till, "/_script", b'{"tokens_expired": true}')[0] == 200
        assert ask(till, ORDERS, body(OTHER))[0] == 403
        assert ask(till, f"{ORDERS}/1{KEYS}")[0] == 403
        till.settings["tokens_expired"] = False
        assert ask(till, f"{ORDERS}/1{KEYS}")[0] == 200
        assert len(till.ledger()) == 1


def test_it_names_every_breach_and_books_nothing() -> None:
    with register() as till:
        raw = body(status="CLOSED", payments=[{"amount": 5280}])
        status, answer = ask(till, ORDERS, raw, kind="text/plain")
        assert status == 400
        for place in ("status : ", "payments : ", "Content-Type : "):
            assert place in answer["error"]
        assert ask(till, f"{ORDERS}?lang=fr", body(OTHER))[0] == 400
        assert till.ledger() == []
        assert outcomes(till) == ["refused", "refused"]


def test_it_takes_what_it_can_parse_where_it_is_not_strict() -> None:
    with register(strict=False) as till:
        assert ask(till, ORDERS, body(status="CLOSED", lines=[{"productId": 1}]))[0] == 200
        assert ask(till, f"{ORDERS}/1{KEYS}")[1]["status"] == "IN_PROGRESS"
        assert ask(till, ORDERS, body(externalId=None))[0] == 200
        assert len(till.ledger()) == 2
        assert ask(till, ORDERS, b"<order/>")[0] == 403
        assert "Commande n°&nbsp;217512001" in ask(till, "/")[1]


# Repeats


def test_it_refuses_a_repeat_with_409_whatever_it_contains() -> None:
    with register() as till:
        ask(till, ORDERS, body())
        assert ask(till, ORDERS, body())[0] == 409
        assert ask(till, ORDERS, body(tableId=4))[0] == 409
        assert outcomes(till) == ["booked", "double", "conflict"]
        assert len(till.ledger()) == 1


def test_it_refuses_a_repeat_by_the_name_of_its_id_where_it_is_set_so() -> None:
    with register(doubles_named=True) as till:
        ask(till, ORDERS, body())
        status, answer = ask(till, ORDERS, body())
        assert status == 400
        assert UUID in answer["error"]
        assert len(till.ledger()) == 1


def test_it_books_a_repeat_again_where_it_keeps_doubles() -> None:
    with register(keep_doubles=True) as till:
        assert [ask(till, ORDERS, body())[1]["id"] for _ in range(2)] == [1, 2]
        assert [entry["external_id"] for entry in till.ledger()] == [UUID, UUID]


def test_it_can_answer_as_to_a_double_with_and_without_booking() -> None:
    with register() as till:
        till.script("dup_known", "dup_unknown")
        assert ask(till, ORDERS, body())[0] == 409
        assert ask(till, ORDERS, body(OTHER))[0] == 409
        assert [entry["external_id"] for entry in till.ledger()] == [UUID]


def test_it_forgets_ids_after_a_while() -> None:
    now = [1000.0]
    with register(clock=lambda: now[0], scale=1) as till:
        ask(till, ORDERS, body())
        till.script("forget_ids(1200)", "forget_ids(1200)")
        assert ask(till, ORDERS, body())[0] == 409
        now[0] += 1201
        assert ask(till, ORDERS, body())[0] == 200
        assert len(till.ledger()) == 2


# Faults, and what is left of them


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("name", BOTH_SIDES)
def test_it_books_after_and_not_before(name: str, side: str) -> None:
    with register() as till:
        till.script(f"{name}_{side}{BOTH_SIDES[name]}")
        with contextlib.suppress(OSError, HTTPException, ValueError):
            ask(till, ORDERS, body())
        assert len(till.ledger()) == (1 if side == "after" else 0)
        assert MODES[f"{name}_{side}"].loses is (side == "after")


def test_the_same_seed_gives_the_same_faults_also_over_a_restart(tmp_path: Path) -> None:
    def modes(file: Path, *counts: int) -> list[str]:
        for count in counts:
            with register(ledger=file, seed=7, faults=0.5, fault_modes=["ok_slow", "429"]) as till:
                for _ in range(count):
                    ask(till, ORDERS, body())
        return [post["mode"] for post in till.posts()]

    once = modes(tmp_path / "a.jsonl", 12)
    assert once == modes(tmp_path / "b.jsonl", 5, 7)
    assert {"ok_slow", "429"} < set(once)


def test_it_remembers_orders_and_external_ids_over_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    with register(ledger=file) as till:
        ask(till, ORDERS, body())
        before = till.ledger()
    with register(ledger=file) as till:
        assert till.ledger() == before
        assert ask(till, ORDERS, body())[0] == 409
        assert ask(till, ORDERS, body(OTHER))[1]["id"] == 2
        assert till.fired()["post"] == {"ok": 3}


def test_no_token_is_in_what_it_keeps_and_shows_p18(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    with register(ledger=file, strict=False) as till:
        ask(till, ORDERS, body())
        last = json.loads(body(OTHER))
        tokens = {name: last.pop(name) for name in ("restaurant_token", "provider_token")}
        ask(till, ORDERS, json.dumps(last | tokens).encode())
        shown = [ask(till, path)[1] for path in ("/", "/_ledger", "/_posts", f"{ORDERS}{KEYS}")]
        assert len(till.ledger()) == 2
        assert all(entry["body"]["tableId"] == 70412 for entry in till.ledger())
    assert "canary" not in json.dumps(shown) + file.read_text()


def test_the_hash_is_that_of_the_body_without_the_tokens() -> None:
    frozen = body().decode()
    compact = json.dumps({k: v for k, v in json.loads(frozen).items() if "_token" not in k})
    with register() as till:
        spliced = f'{{"restaurant_token":"{RESTAURANT}","provider_token":"{PROVIDER}",{compact[1:]}'
        assert ask(till, ORDERS, spliced.encode())[0] == 200
        sha256 = digest(compact.encode())
        assert [till.posts()[0]["sha256"], till.ledger()[0]["sha256"]] == [sha256, sha256]


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (b'{"restaurant_token":"a","provider_token":"b","x":1}', b'{"x":1}'),
        (b'{"x":1,"restaurant_token":"a","provider_token":"b"}', b'{"x":1}'),
        (b'{"provider_token" : "q\\"uote", "x":1}', b'{ "x":1}'),
        (b'{"x":"\\"provider_token\\":\\"b\\""}', b'{"x":"\\"provider_token\\":\\"b\\""}'),
        (b'{"provider_token":"b"}', b"{}"),
    ],
)
def test_it_takes_the_tokens_out_and_nothing_else(raw: bytes, left: bytes) -> None:
    assert without_tokens(raw) == left


# The till, its tables, its tape


def test_tiller_s_server_takes_orders_while_the_till_is_off() -> None:
    with register() as till:
        till.close_till()
        assert ask(till, ORDERS, body())[0] == 200
        assert till.ledger() == []
        assert outcomes(till) == ["stored"]
        assert "1&nbsp;commande en attente" in ask(till, "/")[1]
        till.open_till()
        assert len(till.ledger()) == 1


def test_it_refuses_a_table_that_a_waiter_has_locked() -> None:
    with register() as till:
        till.set_table(4, locked=True)
        status, answer = ask(till, ORDERS, body(tableId=4))
        assert status == 400
        assert answer["error"] == "Table 4 verrouillée par un serveur"
        assert till.ledger() == []
        with pytest.raises(KeyError, match="no table 99"):
            till.set_table(99, locked=True)


def test_it_prints_a_ticket_with_names_options_notes_and_the_total() -> None:
    with register() as till:
        ask(till, ORDERS, body(name="<Tablée>"))
        ask(till, ORDERS, body(OTHER, type=2))
        page = ask(till, "/")[1]
        for text in ("Le Zinc d&#x27;or", "<strong>70412</strong>", "Entrecôte", "Bacon"):
            assert text in page
        for text in ("(&lt;Tablée&gt;)", "52,80 €", "bien chaud", "Commande refusée", "type : "):
            assert text in page
        menu = json.loads((GOLDEN / "set_menu.json").read_text(encoding="utf-8"))
        changes = {name: menu[name] for name in ("lines", "tableId")}
        ask(till, ORDERS, body(menu["externalId"], **changes))
        page = ask(till, "/")[1]
        for text in ("Menu du jour", "2 Foie gras", "Supplément Foie gras", "74,00 €"):
            assert text in page


def test_it_knows_only_its_states() -> None:
    with register() as till:
        ask(till, ORDERS, body())
        assert ask(till, "/_state", b'{"number": 217512001, "state": 4}')[0] == 200
        assert till.ledger()[0]["state"] == 4
        assert ask(till, "/_state", b'{"number": 217512001, "state": 7}')[0] == 400
        assert ask(till, "/_state", b'{"number": 2, "state": 9}')[0] == 400


# The command


@pytest.fixture
def command() -> Any:
    """Starts the command as a process and gives its first line, once it listens."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> str:
        line = [sys.executable, "manage.py", "simulate_register", "tiller", "--port", "0"]
        process = subprocess.Popen([*line, *arguments], stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout
        return process.stdout.readline()

    yield start
    for process in running:
        process.kill()
        process.wait()


def test_the_command_runs_it_with_tokens_and_settings(command: Callable[..., str]) -> None:
    keys = ("--shop", RESTAURANT, "--key", PROVIDER)
    line = command("--strict", "--doubles-named", *keys)
    assert line.startswith("Simulated tiller register, strict, at http://127.0.0.1:")
    url = line.split()[-1]
    assert ask(url, ORDERS, body())[0] == 200
    assert ask(url, ORDERS, body())[0] == 400
    assert len(ask(url, "/_ledger")[1]) == 1


def test_the_command_says_what_this_kind_does_not_have() -> None:
    line = [sys.executable, "manage.py", "simulate_register", "tiller", "--port", "0"]
    done = subprocess.run(
        [*line, "--covers-add-up"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "tiller knows no --covers-add-up" in done.stderr


def test_it_is_found_by_its_kind() -> None:
    assert register_class("tiller") is TillerRegister
