"""The Tiller adapter without a network: what it builds, and what it reads in an answer."""

import json
import os
import re
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos_bridge.errors import Rejected, Uncertain, Unsupported
from pos_bridge.registers.http import Answer
from pos_bridge.registers.texts import clean
from pos_bridge.registers.tiller import Tiller
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.tiller_rules import judge
from pos_bridge.simulator.tiller_tape import total
from pos_bridge.ticket import Ticket, TicketChoice, TicketLine, TicketOption
from tests.pos_bridge.contract.tickets import generated

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parent / "golden" / "tiller"
LOW, TEN, TWENTY = Decimal("5.50"), Decimal("10.00"), Decimal("20.00")
ID = UUID("0b6d7d2e-5f3c-4c1a-9a57-2f1d0c9e8b7a")
NUMBER = 217_512_000
TOKENS = {
    "restaurant_token": "a102316a-927b-11e4-8641-fd414fc7f886",
    "provider_token": "cc2d27e7-7f96-11e8-9cbd-068e95e7820a",
}


def line(name="Café crème", quantity=1, unit_price=180, vat=TWENTY, register_id="39", **fields):
    return TicketLine(name, quantity, unit_price, vat, register_id, **fields)


def ticket(*lines, table=4, covers=2, **fields):
    return Ticket(order=7, table=table, covers=covers, lines=lines or (line(),), **fields)


def adapter(**credentials):
    return Tiller("https://app.example.fr/", credentials or TOKENS, {})


def build(said, number=NUMBER, uuid=ID):
    return Tiller.build(said, number, {}, uuid)


def lines_of(said):
    return json.loads(build(said))["lines"]


# The samples are typed by hand from the vendor's page and belong to the judge; these tickets say the same.
SAIGNANT, BACON = TicketOption("Saignant"), TicketOption("Bacon", 150, "15")
TICKETS = {
    "page_lines": ticket(
        line("Burger", 2, 14_00, TEN, "2291", course=1),
        line("Salade César", 2, 3_00, TEN, None),
    ),
    "options": ticket(
        line(
            "Entrecôte", 2, 24_90, TEN, "10",
            options=(SAIGNANT, BACON), note="bien chaud, s'il vous plaît", course=2,
        ),
        table_register_id="70412",
    ),
    "set_menu": ticket(
        line(
            "Menu du jour", 2, 29_00, TEN, "50",
            choices=(
                TicketChoice(
                    "Foie gras", TEN, supplement=300, register_id="13", price_alone=14_00, course=1
                ),
                TicketChoice(
                    "Entrecôte", TEN, register_id="10", options=(SAIGNANT, BACON),
                    price_alone=24_90, course=2,
                ),
            ),
        ),
        line("Soupe à emporter", 1, 7_00, LOW, None),
        table=12,
        covers=3,
    ),
    "long_names": ticket(
        line(
            "Épaule d'agneau confite sept heures et ses légumes", 1, 26_00, TEN, None,
            options=(TicketOption("Purée de pommes de terre à la truffe noire", 4_00),),
            note="sans ail",
        ),
        table=12,
        covers=1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TICKETS)
def test_it_builds_the_sample_to_the_letter(name):
    """Sent with the tokens in front, in this order of fields, numbers as they are written: 10.0 is not 10."""
    raw = (GOLDEN / f"{name}.json").read_text()
    sample = json.loads(raw)
    built = build(TICKETS[name], sample["number"], UUID(sample["externalId"]))
    sent = adapter()._with_tokens(built).reveal()
    assert json.loads(sent, parse_float=str) == json.loads(raw, parse_float=str)
    assert json.loads(sent, object_pairs_hook=_order) == json.loads(raw, object_pairs_hook=_order)


def _order(pairs):
    return [key for key, _ in pairs], [value for _, value in pairs]


def test_it_builds_the_same_bytes_each_time_p5():
    said = TICKETS["set_menu"]
    again = Ticket.from_json(json.loads(json.dumps(said.to_json())))
    assert build(again) == build(said)


def test_the_frozen_text_holds_no_token_and_is_sent_as_it_is_p5_p18():
    frozen = build(TICKETS["options"])
    assert "token" not in frozen
    sent = adapter(restaurant_token='a"\\b', provider_token="é")._with_tokens(frozen)
    assert "é" not in f"{sent} {sent!r}"
    assert sent.reveal().endswith(f",{frozen[1:]}")
    body = json.loads(sent.reveal())
    assert (body["restaurant_token"], body["provider_token"]) == ('a"\\b', "é")


def test_it_cannot_be_built_without_a_uuid():
    with pytest.raises(ValueError, match="UUID"):
        Tiller.build(ticket(), NUMBER, {})


UNSUPPORTED = {
    "the order has no line": (Ticket(order=1, table=4, covers=2), None),
    "covers are unknown": (ticket(covers=0), None),
    "table 0 is": (ticket(table=0), None),
    "the table: only ASCII digits": (ticket(table_register_id="T4"), None),
    "the table: an id on this register is": (ticket(table_register_id="0"), None),
    "“Café crème”: only ASCII digits": (ticket(line(), line(register_id="39a")), 1),
    "“Café crème”: only ASCII digits ": (ticket(line(register_id="٣٩")), 0),
    "“Café crème”: an id on this register is": (ticket(line(register_id="2147483648")), 0),
    "“Café crème”: an id on this register is ": (ticket(line(register_id="9" * 5000)), 0),
    "“Café crème”: an id on this register is  ": (ticket(line(register_id="0")), 0),
    "“Sans sauce” costs less than nothing, which this register cannot be told: lower": (
        ticket(line(options=(TicketOption("Sans sauce", -50, "16"),))),
        0,
    ),
    "“Café crème” costs less than nothing": (ticket(line(unit_price=-1)), 0),
    "“Foie gras” costs less than nothing": (
        ticket(line(choices=(TicketChoice("Foie gras", TEN, supplement=-1),))),
        0,
    ),
    "“Café crème”: the quantity is not at least 1": (ticket(line(quantity=0)), 0),
    "“Foie gras”: a choice's quantity is not": (
        ticket(line(choices=(TicketChoice("Foie gras", TEN, quantity=0),))),
        0,
    ),
    "“\x1b” has no name": (ticket(line("\x1b", register_id=None)), 0),
    "” has no name": (ticket(line("a" + "\u0301" * 40, register_id=None)), 0),
    "“Café crème”: the note has more than 255": (ticket(line(note="x" * 256)), 0),
    "how it shall be brought, and no line has a course": (ticket(serving="together"), None),
    "“Café crème”: 5.555 is no VAT rate": (
        ticket(line(vat=Decimal("5.555"), register_id=None)),
        0,
    ),
    "“Café crème”: 100 is no VAT rate": (ticket(line(vat=Decimal(100), register_id=None)), 0),
}


@pytest.mark.parametrize("words", UNSUPPORTED)
def test_it_refuses_what_this_register_cannot_be_told_f58_t10(words):
    said, place = UNSUPPORTED[words]
    with pytest.raises(Unsupported) as refused:
        build(said)
    assert words.strip() in refused.value.reason
    assert refused.value.line == place


@pytest.mark.parametrize("register_id", ["0", "2147483648", "9" * 5000, "-1", "a"])
def test_an_id_that_it_cannot_have_is_refused_when_the_carte_is_saved_p25(register_id):
    assert Tiller.id_problem(register_id)
    assert Tiller.id_problem("2147483647") is None


def test_a_course_is_one_less_and_left_out_where_there_is_none():
    first, second, none = lines_of(ticket(line(course=1), line(course=3), line()))
    assert (first["sending"], second["sending"]) == (0, 2)
    assert "sending" not in none


def test_what_comes_together_is_one_sending_in_set_menus_too():
    menu = line(course=2, choices=(TicketChoice("Vin", TEN, course=3), TicketChoice("Thé", TEN)))
    said = ticket(menu, line(course=2), line(), serving="together", serving_words="Ensemble")
    assert [each.get("sending") for each in lines_of(said)] == [0, 0, 0, 0, None]


def test_a_choice_without_a_course_goes_with_its_menu():
    said = ticket(line(course=2, choices=(TicketChoice("Vin", TEN), TicketChoice("Thé", TEN))))
    assert [each["sending"] for each in lines_of(said)] == [1, 1, 1]


def test_a_supplement_has_the_vat_of_its_choice():
    said = ticket(line(vat=TEN, quantity=2, choices=(TicketChoice("Vin", TWENTY, 2, 400, "11"),)))
    (_, wine) = lines_of(said)
    assert (wine["price"], wine["quantity"]) == (0, 4)
    assert wine["extraLines"] == [
        {"name": "Supplément Vin", "tax": 20.0, "type": "OPTION", "quantity": 4, "price": 1600}
    ]


@pytest.mark.parametrize(
    ("name", "note", "shown", "comment"),
    [
        ("x" * 31, "", "x" * 31, None),
        ("x" * 32, "", "x" * 30 + "…", "x" * 32),
        ("x" * 255, "", "x" * 30 + "…", "x" * 255),
        ("x" * 256, "", "x" * 30 + "…", None),
        ("x" * 32, "y" * 220, "x" * 30 + "…", "x" * 32 + " – " + "y" * 220),
        ("x" * 32, "y" * 221, "x" * 30 + "…", "y" * 221),
        ("x" * 32, "y" * 255, "x" * 30 + "…", "y" * 255),
        ("Thé", "chaud", "Thé", "chaud"),
    ],
)
def test_the_full_name_stands_in_the_comment_where_it_fits(name, note, shown, comment):
    (body,) = lines_of(ticket(line(name, register_id=None, note=note)))
    assert body["name"] == shown
    assert body.get("comment") == comment


def test_a_product_with_an_id_is_told_by_that_and_always_by_its_price():
    (body,) = lines_of(ticket(line("x" * 500, 3, 0, TEN, "39")))
    assert body == {
        "productId": 39, "type": "PRODUCT", "quantity": 3, "price": 0, "position": 0,
    }  # fmt: skip


HOSTILE = [
    'Pizza "4 saisons", {"payments": []}',
    "a&payments=2&customer[id]=x",
    "\x1b@\x1bd\x05Tiroir\x1bp\x00",
    "<script>alert(1)</script>",
    "=cmd|'/C calc'!A0",
    "\u202eesrever",
    "half \ud83d of a face",
    "line\r\nbreak\ttab\u2028",
    '"provider_token":"x",',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_it_says_no_more_than_was_ordered_t11_t12_f19(text):
    options = (TicketOption(f"x{text}", 50, "12"), TicketOption(f"x{text}"))
    said = ticket(line(f"x{text}", register_id=None, note=text, options=options))
    raw = adapter()._with_tokens(build(said)).reveal().encode()
    body = json.loads(raw)
    assert body.keys() == {
        *("restaurant_token", "provider_token", "externalId", "number", "type", "status", "name"),
        *("nbCustomers", "tableId", "lines"),
    }
    (only,) = body["lines"]
    assert only["name"] == clean(f"x{text}")[:30] + "…" or only["name"] == clean(f"x{text}")
    assert judge(raw, Catalogue.of_everything()).breaches == []


# --- Thousands of tickets, judged by code that is not ours ---------------------------------------

ids = st.none() | st.integers(1, 2**31 - 1).map(str)
# Each begins with a letter that fits, whatever follows.
marked = st.text(st.sampled_from([*"aé\u0301\u200d", "\U0001f355", "\U0001f1eb"]), max_size=70)
names = (st.text(max_size=60) | marked).map(lambda text: f"a b{text}")
options = st.lists(
    st.builds(TicketOption, names, st.integers(-5, 20_00), ids), max_size=3
).map(tuple)  # fmt: skip
notes = st.text(max_size=20) | st.text(max_size=127)
tickets = generated(names=names, ids=ids, options=options, notes=notes, table_ids=ids)


def confirmed(said: Ticket) -> int:
    """The cents that the diner confirmed, added up here without the project's help."""
    cents = 0
    for each in said.lines:
        inside = [(1, each.unit_price, each.options)]
        inside += [(choice.quantity, choice.supplement, choice.options) for choice in each.choices]
        unit = sum(count * (price + sum(o.price for o in more)) for count, price, more in inside)
        cents += each.quantity * unit
    return cents


def takes_off(said: Ticket) -> bool:
    mine = [option for each in said.lines for option in each.options]
    inside = [o for each in said.lines for choice in each.choices for o in choice.options]
    return any(option.price < 0 for option in [*mine, *inside])


@settings(max_examples=int(os.environ.get("EXAMPLES", "500")), deadline=None)
@given(said=tickets, number=st.integers(1, 2**31 - 1))
def test_a_strict_register_that_is_not_ours_finds_nothing_wrong_p13_p20(said, number):
    if takes_off(said):
        with pytest.raises(Unsupported):
            build(said, number, uuid4())
        return
    built = build(said, number, uuid4())
    raw = adapter()._with_tokens(built).reveal().encode()
    assert judge(raw, Catalogue.of_everything()).breaches == []
    body = json.loads(raw)
    table = int(said.table_register_id or said.table)
    assert (body["number"], body["tableId"], body["nbCustomers"]) == (number, table, said.covers)
    assert total(body["lines"]) == confirmed(said) == said.total
    assert (body["type"], body["status"]) == (1, "IN_PROGRESS")
    assert not re.search(r'"(payments|nbPayed|customer|discountAmount|date|openDate)":', built)


# --- Answers ------------------------------------------------------------------------------------

EXTERNAL = str(ID)


def answer(body, status=200, content_type="application/json"):
    raw = body.encode() if isinstance(body, str) else body
    return Answer(status, raw.replace(b"UUID", EXTERNAL.encode()), content_type)


def read(said):
    return adapter()._read_receipt(EXTERNAL, said)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"id": 12, "externalId": "UUID"}', 200),
        ('{"id": 12, "externalId": "UUID", "status": "IN_PROGRESS", "lines": [{}]}', 201),
        (' {"externalId":"UUID","id":12,"error":null} \n', 200),
    ],
)
def test_a_success_repeats_our_external_id_and_says_its_own(body, status):
    receipt = read(answer(body, status))
    assert (receipt.state, receipt.till_state) == ("received", "id 12")
    assert not receipt.repeat
    assert receipt.http_status == status


@pytest.mark.parametrize("status", [200, 201, 400, 422])
@pytest.mark.parametrize("word", ["error", "message"])
def test_an_error_that_names_our_external_id_says_that_it_is_there(status, word):
    receipt = read(answer(f'{{"{word}": "externalId UUID : valeur déjà utilisée"}}', status))
    assert receipt.state == "received"
    assert receipt.repeat


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("word", ["error", "message"])
def test_an_error_in_words_is_a_refusal_f49_f57(status, word):
    with pytest.raises(Rejected) as refused:
        read(answer(f'{{"{word}": "Table inconnue"}}', status))
    assert (refused.value.reason, refused.value.detail) == ("refused", "Table inconnue")
    assert refused.value.http_status == status


UNREADABLE = [
    # Our own body, echoed by whatever stands there.
    '{"externalId": "UUID", "number": 217512000, "type": 1, "status": "IN_PROGRESS"}',
    '{"id": 12}',
    '{"id": 12, "externalId": "0b6d7d2e"}',
    '{"id": 12, "externalId": null}',
    '{"id": 0, "externalId": "UUID"}',
    '{"id": -1, "externalId": "UUID"}',
    '{"id": "12", "externalId": "UUID"}',
    '{"id": true, "externalId": "UUID"}',
    '{"id": 12.0, "externalId": "UUID"}',
    '{"id": 12, "id": 13, "externalId": "UUID"}',
    '{"id": 12, "externalId": "UUID", "status": "CANCELED"}',
    '{"id": 12, "externalId": "UUID", "status": "CLOSED"}',
    '{"id": 12, "externalId": "UUID", "status": null}',
    '{"id": 12, "externalId": "UUID", "error": "x"}',
    '{"id": 12, "externalId": "UUID", "error": true}',
    '{"id": 12, "externalId": "UUID", "error": "UUID"}',
    '{"order": {"id": 12, "externalId": "UUID"}}',
    '[{"id": 12, "externalId": "UUID"}]',
    '{"error": "Table inconnue"}',
    '{"error": {"externalId": "UUID"}}',
    '{"error": " "}',
    '{"error": "x", "order": {"externalId": "UUID"}}',
    "{}",
    "[]",
    "null",
    "12",
    '"UUID"',
    "",
    "OK",
    '{"id": 12, "externalId": "UUID"',
    '\ufeff{"id": 12, "externalId": "UUID"}',
    '<br><b>Warning</b>{"id": 12, "externalId": "UUID"}',
    b'{"id": 12, "externalId": "UUID", "name": "re\xe7ue"}',
    '{"id": NaN, "externalId": "UUID"}',
    "[" * 100_000,
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_whatever_else_it_says_may_be_a_success_or_not_f48_f50_f51(body):
    with pytest.raises(Uncertain):
        read(answer(body))


@pytest.mark.parametrize("content_type", ["text/html", "", "text/html; application/json"])
def test_nothing_is_believed_that_calls_itself_html_f48(content_type):
    for body, status in [
        ('{"id": 12, "externalId": "UUID"}', 200),
        ('{"error": "UUID"}', 400),
        ('{"error": "Table inconnue"}', 400),
    ]:
        with pytest.raises(Uncertain):
            read(answer(body, status, content_type))


def test_a_success_with_an_error_status_is_not_believed():
    with pytest.raises(Uncertain):
        read(answer('{"id": 12, "externalId": "UUID"}', status=400))


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just(EXTERNAL),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)
said_values = st.dictionaries(
    st.sampled_from(["id", "externalId", "error", "message", "status"]), json_values
)


@given(said_values | st.binary(max_size=200), st.sampled_from([200, 201, 400, 422]))
def test_it_believes_nothing_but_the_strict_success_p9_p19(said, status):
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    try:
        receipt = adapter()._read_receipt(EXTERNAL, Answer(status, raw, "application/json"))
    except (Uncertain, Rejected):
        return
    if receipt.repeat:
        assert EXTERNAL in (said.get("error") or said.get("message"))
        return
    assert status in {200, 201}
    assert said["externalId"] == EXTERNAL
    assert said["id"] > 0
    assert not said.get("error")


def test_it_says_what_it_can_do():
    """Until a repeat is proved refused, nothing is sent twice by itself (P2); there is nothing to look up by."""
    can = {Tiller.drops_doubles, Tiller.can_look_up, Tiller.can_list_states}
    assert can == {False}
    assert Tiller.needs_uuid
    assert set(Tiller.secret_names) == set(Tiller.credential_names) == set(TOKENS)
    with pytest.raises(NotImplementedError):
        adapter().list_states()
