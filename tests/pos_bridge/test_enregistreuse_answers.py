"""The enregistreuse adapter without a network: what it reads in an answer, and how it looks up."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_bridge.errors import DeliveryError, Rejected, Uncertain
from pos_bridge.registers.base import TillState
from pos_bridge.registers.enregistreuse import Enregistreuse
from pos_bridge.registers.http import Answer
from pos_bridge.simulator.enregistreuse_answers import WRONG_TYPES

pytestmark = pytest.mark.pure

KEY = "canary-5f1d9c"


def adapter():
    return Enregistreuse("https://caisse.example.fr/", {"idboutique": "SHOP1", "key": KEY}, {})


def answer(body, status=200, content_type="application/json"):
    return Answer(status, body if isinstance(body, bytes) else body.encode(), content_type)


@pytest.mark.parametrize(
    "body",
    [
        '{"success": true, "orderID": 4711}',
        '{"success": true, "orderID": 4711, "more": [1, {"x": null}], "errorMessage": ""}',
        '{"success": true, "result": "OK", "orderID": 4711}',
        '{"result": "OK", "orderID": 4711}',
        "4711",
        " 4711\r\n",
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "text/html; charset=UTF-8", ""])
def test_a_success_is_one_of_the_shapes_that_were_observed(body, content_type):
    receipt = adapter()._read_receipt(answer(body, content_type=content_type))
    # There is no relay before this till: its answer is all that there is.
    assert (receipt.state, receipt.till_state) == ("received", "4711")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"success": false, "result": "Article inconnu"}', "Article inconnu"),
        ('{"success": false, "errorMessage": "Article inconnu"}', "Article inconnu"),
        ('{"errorMessage": "Table fermée"}', "Table fermée"),
        ('{"errorMessage": "Table fermée", "orderID": null}', "Table fermée"),
        ('{"result": "KO"}', "KO"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 422])
def test_a_documented_failure_is_a_refusal_in_the_vendor_s_words_f49_f57(body, words, status):
    with pytest.raises(Rejected) as refused:
        adapter()._read_receipt(answer(body, status))
    assert (refused.value.reason, refused.value.detail) == ("refused", words)


UNCLEAR = [
    *(body.replace(b"%d", b"4711") for body in WRONG_TYPES.values()),
    *("", "OK", "null", "true", "[]", "{}", '"OK"', "-4711", "0", "4711.0", "47 11", "04711"),
    *("4711 OK", "N° 4711", "<html>4711</html>", "\ufeff4711", "9" * 5000, "[" * 100_000),
    '{"success": true, "orderID": 4711',
    '\ufeff{"success": true, "orderID": 4711}',
    '<br><b>Warning</b>{"success": true, "orderID": 4711}',
    '{"success": true, "result": "KO", "orderID": 4711}',
    '{"success": false, "result": "OK"}',
    '{"success": false, "result": {"code": 5}}',
    '{"success": 0, "errorMessage": "x"}',
    '{"success": true, "errorMessage": "x"}',
    '{"result": "OK"}',
    '{"result": "OK", "errorMessage": "x"}',
    '{"result": "OK", "orderID": 4711, "success": false}',
    '{"result": "Erreur"}',
    '{"errorMessage": ""}',
    '{"errorMessage": true}',
    '{"errorMessage": "x", "orderID": 4711}',
    '{"error": "x"}',
    "Boutique inconnue",
]


@pytest.mark.parametrize("body", UNCLEAR)
def test_whatever_else_it_says_may_be_a_success_or_not_f48_f50_f51(body):
    with pytest.raises(Uncertain):
        adapter()._read_receipt(answer(body))


def test_a_success_with_the_status_of_a_failure_is_neither():
    with pytest.raises(Uncertain):
        adapter()._read_receipt(answer("4711", status=400))


@settings(max_examples=1000)
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=9)),
            lambda inner: st.dictionaries(
                st.sampled_from(["success", "orderID", "result", "errorMessage", "x"]), inner
            ),
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_it_survives_any_answer_f50(body):
    """It is read, refused or unclear, and a receipt names a sale that the answer names."""
    try:
        receipt = adapter()._read_receipt(answer(body))
    except DeliveryError:
        return
    said = json.loads(body)
    order = said["orderID"] if isinstance(said, dict) else said
    assert type(order) is int
    assert order > 0
    assert receipt.till_state == str(order)
    if isinstance(said, dict):
        assert said.get("success") is True or said.get("result") == "OK"
        assert not said.get("errorMessage")


# --- Looking up ---------------------------------------------------------------------------------


class Pages(Enregistreuse):
    """Its far end is a dict: page -> answer, or an error."""

    def __init__(self, **answers):
        super().__init__("https://caisse.example.fr", {"idboutique": "S", "key": KEY}, {})
        self.answers = answers
        self.asked = []

    def get(self, url):
        page = url.reveal().rpartition("/")[2].partition(".php")[0]
        self.asked.append(page)
        found = self.answers[page]
        if isinstance(found, Exception):
            raise found
        return found


def sales(*comments):
    rows = [
        {"orderID": 4711 + place, "privateComment": comment}
        for place, comment in enumerate(comments)
    ]
    return answer(json.dumps(rows))


NOTHING = answer("[]")


@pytest.mark.parametrize(
    "comment",
    [
        "Tablée 217123456",
        "rappeler la table. Tablée 217123456 (vu)",
        "Tablée  217123456.",
        "TablÃ©e 217123456",
        "Tabl&eacute;e 217123456",
        "Table\u0301e 217123456",
    ],
)
def test_a_sale_is_found_by_our_number_in_its_private_comment(comment):
    pages = Pages(getPending=sales("autre", comment))
    assert pages.look_up(217_123_456) == TillState("received", "4712")
    assert pages.asked == ["getPending"]
    later = Pages(getPending=NOTHING, getOrders=sales(comment))
    assert later.look_up(217_123_456) == TillState("received", "4711")


@pytest.mark.parametrize(
    "comment",
    [
        *("Tablée 2171234567", "Tablée 1217123456", "Tablée 21712345", "217123456", "0217123456"),
        *("Tablée n° 3, 217123456", "Tablée 217123456a", "", None, 217_123_456, ["x"], {"a": 1}),
    ],
)
def test_a_sale_that_is_not_surely_ours_is_not_found(comment):
    pages = Pages(getPending=sales(comment), getOrders=NOTHING)
    assert pages.look_up(217_123_456) is None
    assert pages.asked == ["getPending", "getOrders"]


def test_a_diner_s_words_find_nothing():
    """Only the private comment is ours."""
    row = {"orderID": 1, "publicComment": "Tablée 217123456", "items": ["Tablée 217123456"]}
    pages = Pages(getPending=answer(json.dumps([row])), getOrders=NOTHING)
    assert pages.look_up(217_123_456) is None


def test_a_sale_that_stands_there_twice_is_named_twice():
    pages = Pages(getPending=sales("Tablée 5", "Tablée 5"), getOrders=NOTHING)
    assert pages.look_up(5) == TillState("received", "4711, 4712")


@pytest.mark.parametrize("shape", ["[{}]", '{{"orders": [{}]}}', '{{"n": 1, "sales": [{}]}}'])
def test_a_list_may_stand_under_a_key(shape):
    row = '{"orderID": "9", "privateComment": "Tablée 5"}'
    pages = Pages(getPending=answer(shape.format(row)))
    assert pages.look_up(5) == TillState("received", "9")


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "5", '"x"', "[1]", "<html>", '{"a": [], "b": []}', "{}"),
        *('{"errorMessage": "Clef", "a": []}', '{"success": false, "result": "Clef"}'),
    ],
)
def test_what_is_no_list_is_not_read_as_an_empty_one_f65(text):
    for pages in (
        Pages(getPending=answer(text), getOrders=NOTHING),
        Pages(getPending=NOTHING, getOrders=answer(text)),
    ):
        with pytest.raises(DeliveryError):
            pages.look_up(5)
        assert pages.asked == ["getPending", "getOrders"]
    with pytest.raises(DeliveryError):
        Pages(getTables=answer(text)).check()


def test_one_list_is_enough_to_find_it():
    pages = Pages(getPending=Uncertain("no_answer"), getOrders=sales("Tablée 5"))
    assert pages.look_up(5) == TillState("received", "4711")


# --- Keys ---------------------------------------------------------------------------------------


def test_an_answer_that_repeats_our_key_is_kept_without_it_p18():
    echo = f'{{"errorMessage": "clef {KEY} inconnue"}}'
    with pytest.raises(Rejected) as refused:
        adapter()._read_receipt(answer(echo))
    assert KEY not in f"{refused.value} {refused.value.detail} {refused.value.answer}"
    assert refused.value.detail == "clef •••• inconnue"
    pages = Pages(getPending=answer(json.dumps([{"orderID": KEY, "privateComment": "Tablée 5"}])))
    assert pages.look_up(5) == TillState("received", "••••")


def test_a_key_is_one_field_whatever_it_contains_t11():
    sent: list[Any] = []

    class Odd(Enregistreuse):
        def post(self, url, body, content_type):
            sent.append((url.reveal(), body.reveal(), content_type))
            return answer("4711")

        def get(self, url):
            sent.append(url.reveal())
            return NOTHING

    odd = Odd("https://caisse.example.fr/x/", {"idboutique": "a&payment=2", "key": "é #?"}, {})
    odd.send(5, "payment=-1")
    odd.check()
    (url, body, content_type), asked = sent
    assert url == "https://caisse.example.fr/x/workers/webapp.php"
    assert body == "idboutique=a%26payment%3D2&key=%C3%A9+%23%3F&payment=-1"
    assert content_type == "application/x-www-form-urlencoded"
    assert asked.endswith(
        "/workers/getTables.php?idboutique=a%26payment%3D2&key=%C3%A9+%23%3F&format=json"
    )


@pytest.mark.parametrize(
    ("rows", "prices"),
    [
        ([{"id": 12, "nom": "Pizza", "prix": "14.50"}], {"12": 1450}),
        ([{"id": "12", "nom": "Pizza", "prix": "14,5", "x": {}}], {"12": 1450}),
        ([{"id": 12, "prix": 14.5}, {"id": 13, "prix": 0}], {"12": 1450, "13": 0}),
        ([{"id": 12, "prix": price} for price in ("", "n. c.")], {"12": None}),
        ([{"id": 12, "prix": price} for price in (None, "1e3")], {"12": None}),
        ([{"id": 12, "prix": price} for price in ("-1", "1.505")], {"12": None}),
        ([], {}),
    ],
)
def test_an_article_s_price_is_cents_or_is_not_compared_f69(monkeypatch, rows, prices):
    asked = adapter()
    monkeypatch.setattr(asked, "_rows", lambda _page: rows)
    assert {key: each.price for key, each in asked.list_catalogue().items()} == prices


@pytest.mark.parametrize(
    "wrong", [{}, {"id": None}, {"id": True}, {"id": "1a"}, {"id": "٣"}, {"id": -1}]
)
def test_a_list_with_an_unreadable_id_is_no_catalogue_f69(monkeypatch, wrong):
    asked = adapter()
    monkeypatch.setattr(asked, "_rows", lambda _page: [{"id": 12, "prix": "1.00"}, wrong])
    with pytest.raises(Uncertain):
        asked.list_catalogue()
