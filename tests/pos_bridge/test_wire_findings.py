"""Found by trying to break the wire: each once reached a wrong end."""

import contextlib
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_bridge.errors import Misconfigured, Uncertain
from pos_bridge.registers import http
from pos_bridge.registers.base import TillState
from pos_bridge.registers.http import Answer, exchange
from pos_bridge.registers.leo2 import Leo2
from pos_bridge.registers.network import Network
from pos_bridge.registers.secret import DOTS, Secret, hide
from tests.pos_bridge.far_end import answering
from tests.pos_bridge.test_http import BODY, LOCAL, Server, post

NUMBER = 217_512_000


class Lists(Leo2):
    """Its far end is one text."""

    def __init__(self, said, **credentials):
        super().__init__("https://caisse.example.fr", credentials, {})
        self.said = said

    def get(self, url):
        return Answer(200, self.said.encode(), "application/json")


# --- Keys ---------------------------------------------------------------------------------------


@pytest.mark.pure
@pytest.mark.parametrize("keys", [{"shop": "1", "pub_key": "4"}, {"shop": "4", "pub_key": "1"}])
@pytest.mark.parametrize(("state", "word"), [("1", "received"), ("4", "refused"), ("9", "settled")])
def test_a_state_stays_the_vendor_s_word_whatever_our_keys_are(keys, state, word):
    lists = Lists(json.dumps([{"id": 5, "state": state}]), **keys)
    found = lists._list("atoo_statelist_table", {"1": "received", "4": "refused", "9": "settled"})
    assert found == {5: TillState(word, state)}


@pytest.mark.pure
def test_a_word_that_we_do_not_know_is_kept_without_our_key():
    lists = Lists('{"5": "key canary-5f1d9c"}', shop="1", pub_key="canary-5f1d9c")
    assert lists.list_states() == {5: TillState(None, f"key {DOTS}")}


@pytest.mark.pure
def test_a_shop_s_id_is_no_secret():
    adapter = Leo2("https://caisse.example.fr", {"shop": "SHOP-77", "pub_key": "canary-5f1d9c"}, {})
    assert adapter.scrub("shop=SHOP-77&pub_key=canary-5f1d9c") == f"shop=SHOP-77&pub_key={DOTS}"


@pytest.mark.pure
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Table 12 fermée", "Table 12 fermée"),
        ('{"id": 12, "state": 4}', '{"id": 12, "state": 4}'),
        ("?shop=1&pub_key=12&x=12", f"?shop=1&pub_key={DOTS}&x=12"),
        ("PUB_KEY=12", f"PUB_KEY={DOTS}"),
        ('{"pub_key": "12"}', f'{{"pub_key": "{DOTS}"}}'),
        ("pub_key=123", "pub_key=123"),
    ],
)
def test_a_short_key_is_hidden_where_its_name_stands_before_it(text, kept):
    assert hide(text, "pub_key", "12") == kept


SECRET = 'k3y/sécret +&"\\😀'


@pytest.mark.pure
@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        quote(SECRET, safe="").lower(),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        json.dumps(SECRET, ensure_ascii=False)[1:-1].replace("/", "\\/"),
        json.dumps(SECRET)[1:-1].replace("00e9", "00E9"),
        SECRET.replace("&", "&amp;").replace('"', "&quot;"),
        "".join(f"%{byte:02X}" for byte in SECRET.encode()),
    ],
)
def test_a_key_is_hidden_in_every_form_that_an_answer_may_give_it(form):
    assert hide(f"<{form}>", "pub_key", SECRET) == f"<{DOTS}>"


plain = st.characters(exclude_characters="•")


@pytest.mark.pure
@given(st.text(plain, min_size=6, max_size=20), st.text(plain), st.text(plain))
def test_no_key_is_left_in_any_text(secret, before, after):
    assert secret not in hide(before + secret + after, "pub_key", secret)


@pytest.mark.pure
def test_no_text_makes_hiding_slow():
    assert hide("\\" * 60_000, "pub_key", "\\" * 30 + "x") == "\\" * 60_000


# --- The wire -----------------------------------------------------------------------------------


@pytest.mark.wire
@pytest.mark.parametrize(
    "head",
    [
        "Content-Length: 2\nContent-Length: 99",
        "Content-Length: 2, 99",
        "Content-Length: two",
        "Content-Length: -1",
        "Transfer-Encoding: chunked\nContent-Length: 2",
        "Location: http://[\nContent-Length: 2",
    ],
)
def test_an_answer_with_an_odd_head_never_says_that_nothing_was_sent(head):
    with Server(answering(f"HTTP/1.1 200 OK\n{head}\n\n{{}}")) as server:
        with contextlib.suppress(Uncertain):
            post(server.url())
        assert len(server.requests) == 1


@pytest.mark.wire
@pytest.mark.parametrize(
    ("url", "content_type"),
    [
        ("http://", "text/plain"),
        ("nonsense", "text/plain"),
        ("ftp://127.0.0.1:PORT/", "text/plain"),
        ("http://127.0.0.1:PORTPORT/", "text/plain"),
        ("http://127.0.0.1:PORT/", "text/plain\r\nX: y"),
    ],
)
def test_what_cannot_be_asked_is_not_sent(url, content_type):
    with Server(answering("HTTP/1.1 200 OK\n\n")) as server:
        address = Secret(url.replace("PORT", str(server.port)))
        with pytest.raises(Misconfigured) as wrong:
            exchange("POST", address, LOCAL, deadline=5, body=b"{}", content_type=content_type)
        assert wrong.value.reason == "address_invalid"
        assert server.requests == []


@pytest.mark.wire
def test_a_list_may_be_long_and_the_answer_to_an_order_may_not():
    rows = json.dumps([{"id": number, "state": 1} for number in range(1, 3000)])
    said = f"HTTP/1.1 200 OK\nContent-Type: application/json\n\n{rows}"
    assert len(rows) > http.LARGEST_ANSWER
    with Server(answering(said)) as server:
        adapter = Leo2(server.url().reveal().partition("/api")[0], {}, {}, LOCAL)
        assert len(adapter.list_states()) == 2999
        with pytest.raises(Uncertain) as unclear:
            adapter.send(NUMBER, BODY)
    assert unclear.value.reason == "too_large"


@pytest.mark.wire
def test_a_list_without_an_end_is_cut():
    said = "HTTP/1.1 200 OK\nContent-Type: application/json\n\n[" + " " * (http.LARGEST_LIST + 1)
    with Server(answering(said)) as server:
        adapter = Leo2(server.url().reveal().partition("/api")[0], {}, {}, Network(LOCAL.allowed))
        with pytest.raises(Uncertain) as unclear:
            adapter.list_states()
    assert unclear.value.reason == "too_large"
