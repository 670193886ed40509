"""The judge of the simulated enregistreuse register: the page's samples pass, and each rule bites."""

from __future__ import annotations

import pytest

from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.enregistreuse_form import (
    Item,
    Unreadable,
    item_of,
    sale_of,
    without_keys,
)
from pos_bridge.simulator.enregistreuse_rules import judge
from pos_bridge.simulator.verdict import Basis
from tests.pos_bridge.form_samples import GOLDEN, KEYS, Pairs, changed, encoded, sample

pytestmark = pytest.mark.pure

CATALOGUE = Catalogue.from_restaurant_file(GOLDEN / "restaurant.json")
EVERYTHING = Catalogue.of_everything()
OURS = ("choices", "our_prices", "set_menu", "free_lines")


def breaches_of(pairs: Pairs, catalogue: Catalogue = CATALOGUE) -> list[str]:
    return [str(each) for each in judge(encoded(pairs), catalogue).breaches]


@pytest.mark.parametrize("name", OURS)
def test_it_finds_nothing_wrong_with_a_sample(name: str) -> None:
    assert breaches_of(KEYS + sample(name)) == []


@pytest.mark.parametrize("name", ["page_existing_client", "page_new_client"])
def test_it_finds_nothing_documented_wrong_with_the_page_s_own_examples(name: str) -> None:
    breaches = judge(encoded(sample(name)), EVERYTHING).breaches
    assert {each.basis for each in breaches} == {Basis.PROMISED}
    paths = {each.path for each in breaches}
    assert {"deliveryMethod", "privateComment", "idtable", "numcouverts"} <= paths
    assert ("payment" in paths) == (name == "page_new_client")
    assert ("client[nom]" in paths) == (name == "page_new_client")


ITEMS = {
    "12": Item("article", 12),
    "12_3": Item("article", 12, 3),
    "42_1_Menu midi_12.90": Item("article", 42, 1, "Menu midi", "12.90"),
    "12_2_Pizza 4 fromages_14.50_3_8": Item(
        "article", 12, 2, "Pizza 4 fromages", "14.50", (3, 8)
    ),
    "12_2___3_8": Item("article", 12, 2, choices=(3, 8)),
    "12_1___1_2_3_4_5": Item("article", 12, 1, choices=(1, 2, 3, 4, 5)),
    "-5_9.99_Vente libre": Item("department", 5, 1, "Vente libre", "9.99"),
    "Free_9.99_Vente libre": Item("free", None, 1, "Vente libre", "9.99"),
}  # fmt: skip


@pytest.mark.parametrize("text", ITEMS)
def test_it_reads_each_kind_of_item_of_the_page(text: str) -> None:
    assert item_of(text) == ITEMS[text]


@pytest.mark.parametrize(
    "text",
    [
        *("", "_", "a", "0", "-", "-0_1.00_x", "012", "١٢", "1.5", "12_", "12_0", "12_-1", "12_1.5"),
        *("12_1_", "12_1_x", "12_1__", "12_1_x_", "12_1__1.00", "12_1_x_1", "12_1_x_1,00"),
        *("12_1_x_1.0", "12_1_x_-1.00", "12_1_x_1e2", "12_1_ _1.00", "12_1___", "12_1___a"),
        *("12_1___1_2_3_4_5_6", "12_1_a_b_1.00", "12_1___3_", "-5_1.00", "-5_1.00_", "-5_1.00_a_b"),
        *("-5__x", "Free_1.00", "Free_x_1.00", "Free_1.00_a_b", "free_1.00_x", " 12_1"),
    ],
)  # fmt: skip
def test_it_takes_no_other_item_t11(text: str) -> None:
    with pytest.raises(Unreadable):
        item_of(text)
    assert breaches_of(changed(KEYS + sample("choices"), **{"itemsList[]": text}))


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"payment": "0"}, "payment"),
        ({"payment": "2"}, "payment"),
        ({"payment": "-3"}, "payment"),
        ({"payment": "x"}, "payment"),
        ({"payment": None}, "payment"),
        ({"deliveryMethod": "7"}, "deliveryMethod"),
        ({"deliveryMethod": "0"}, "deliveryMethod"),
        ({"deliveryMethod": None}, "deliveryMethod"),
        ({"idtable": "5"}, "idtable"),
        ({"idtable": "0"}, "idtable"),
        ({"idtable": "-4"}, "idtable"),
        ({"idtable": "quatre"}, "idtable"),
        ({"idtable": None}, "idtable"),
        ({"numcouverts": "0"}, "numcouverts"),
        ({"numcouverts": "2.0"}, "numcouverts"),
        ({"numcouverts": None}, "numcouverts"),
        ({"idUser": "un"}, "idUser"),
        ({"idClient": ""}, "idClient"),
        ({"idcaisse": "٣"}, "idcaisse"),
        ({"pagerNum": "1;2"}, "pagerNum"),
        ({"publicComment": " "}, "publicComment"),
        ({"publicComment": "a\x1bb"}, "publicComment"),
        ({"privateComment": None}, "privateComment"),
        ({"privateComment": "Tablée"}, "privateComment"),
        ({"privateComment": "Tablée 217000001 et 217000002"}, "privateComment"),
        ({"client[nom]": "Durand"}, "client[nom]"),
        ({"lang": "fr"}, "lang"),
        ({"key": None}, "key"),
        ({"itemsList[]": None}, "itemsList[]"),
        ({"itemsList[]": "99_1"}, "itemsList[0]"),
        ({"itemsList[]": "12_1___4"}, "itemsList[0]"),
        ({"itemsList[]": "-9_1.00_x"}, "itemsList[0]"),
        ({"itemsList[]": "12_1_a\x07b_14.50"}, "itemsList[0]"),
        ({"itemsList[]": "42_1"}, "itemsList[0]"),
    ],
)
def test_each_rule_bites(changes: dict[str, str | None], where: str) -> None:
    found = breaches_of(changed(KEYS + sample("choices"), **changes))
    assert any(breach.startswith(f"{where} : ") for breach in found), found


def test_a_field_comes_once_t11() -> None:
    twice = KEYS + sample("choices") + [("payment", "-1")]
    assert breaches_of(twice) == ["payment : champ en double (documenté)"]


@pytest.mark.parametrize(
    "raw",
    [b"payment", b"a=%zz", b"a=%e9", "a=é".encode(), b"a= b", b"a=1&&b=2", b"{}", b"a=\x00"],
)
def test_it_wants_a_form_in_utf_8(raw: bytes) -> None:
    assert [each.path for each in judge(raw, CATALOGUE).breaches] == ["$"]


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data; boundary=x"])
def test_it_wants_the_page_s_content_type(kind: str) -> None:
    raw = encoded(KEYS + sample("choices"))
    assert [each.path for each in judge(raw, CATALOGUE, kind).breaches] == ["Content-Type"]
    assert not judge(raw, CATALOGUE, "application/x-www-form-urlencoded; charset=UTF-8").breaches


def test_another_price_than_its_own_is_worth_a_remark() -> None:
    dearer = changed(KEYS + sample("choices"), **{"itemsList[]": "12_1_Pizza_15.00"})
    verdict = judge(encoded(dearer), CATALOGUE)
    assert not verdict.breaches
    assert verdict.remarks[0] == "itemsList[0] : la caisse a 14.50, c'est 15.00"


def test_a_careless_register_takes_what_it_can_read() -> None:
    sale = sale_of("idtable=quatre&itemsList[]=12_1&itemsList[]=12_x&idtable=5&key=K")
    assert sale == {"idtable": "5", "items": [Item("article", 12).plain()]}


def test_no_key_is_written_down_p18() -> None:
    raw = encoded([*KEYS, *sample("choices")])
    assert without_keys(raw) == encoded(sample("choices"))
    assert without_keys(b"%6bey=KEY1&payment=-1&idboutique=x") == b"payment=-1"
