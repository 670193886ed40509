"""The judge of the simulated LEO2 register: the samples typed from the vendor's page pass, and each rule bites."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pos_bridge.simulator.amounts import ht_of
from pos_bridge.simulator.leo2 import Catalogue
from pos_bridge.simulator.leo2_rules import judge
from pos_bridge.simulator.verdict import Basis

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parent / "golden" / "leo2"
SAMPLES = ("page_example_numbered", "options", "set_menu", "half_a_cent")
CATALOGUE = Catalogue.from_restaurant_file(GOLDEN / "restaurant.json")


def sample(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return body


def breaches_of(body: object) -> list[str]:
    return [str(breach) for breach in judge(json.dumps(body).encode(), CATALOGUE).breaches]


@pytest.mark.parametrize("name", SAMPLES)
def test_it_finds_nothing_wrong_with_a_sample(name: str) -> None:
    verdict = judge((GOLDEN / f"{name}.json").read_bytes(), CATALOGUE)
    assert verdict.breaches == []
    assert verdict.remarks == []


def test_it_finds_nothing_documented_wrong_with_the_page_s_own_example() -> None:
    breaches = judge((GOLDEN / "page_example.json").read_bytes(), CATALOGUE).breaches
    # Numbering from 1 without a gap is assumed; the page's example has 2 and 5.
    assert [breach.path for breach in breaches] == ["products[0].idx", "products[1].idx"]
    assert {breach.basis for breach in breaches} == {Basis.ASSUMED}


@pytest.mark.parametrize(
    ("ttc", "rate", "ht"),
    [
        ("1.80", "20", "1.50"),
        ("24.90", "10", "22.64"),
        ("7.00", "5.5", "6.64"),
        ("0.03", "20", "0.03"),  # 2.5 cents
        ("-0.03", "20", "-0.03"),
        ("1.23", "20", "1.03"),  # 102.5 cents
        ("-0.50", "10", "-0.45"),
        ("0.00", "10", "0.00"),
    ],
)
def test_it_rounds_ht_half_up_away_from_zero(ttc: str, rate: str, ht: str) -> None:
    assert ht_of(Fraction(ttc), Fraction(rate)) == Fraction(ht)


Change = Callable[[dict[str, Any]], object]


def put(*path: Any) -> Change:
    """Set what stands at the path (its last part is the value)."""
    *keys, last, value = path

    def change(body: dict[str, Any]) -> None:
        target: Any = body
        for key in keys:
            target = target[key]
        target[last] = value

    return change


def drop(*path: Any) -> Change:
    """Delete what stands at the path."""
    *keys, last = path

    def change(body: dict[str, Any]) -> None:
        target: Any = body
        for key in keys:
            target = target[key]
        del target[last]

    return change


LINE = ("products", 0)
PRICE = (*LINE, "price")
MESSAGES = (*LINE, "messages")
CHOICE = (*LINE, "products", 0)

# sample, what is broken, and the one breach that it makes
BROKEN: list[tuple[str, Change, str]] = [
    ("options", put("id", "20001"), "id : doit être un entier"),
    ("options", put("id", 0), "id : doit être un entier de 1 à 2147483647"),
    ("options", put("id", 2**31), "id : doit être un entier de 1 à 2147483647"),
    ("options", put("id", True), "id : doit être un entier"),
    ("options", put("id", None), "id : doit être un entier"),
    ("options", drop("id"), "id : champ obligatoire absent"),
    ("options", drop("state"), "state : champ obligatoire absent"),
    ("options", put("state", 1), "state : doit être 0"),
    ("options", put("state", "0"), "state : doit être 0"),
    ("options", put("state", False), "state : doit être 0"),
    ("options", drop("products"), "products : champ obligatoire absent"),
    ("options", put("products", {}), "products : doit être une liste"),
    ("options", put("customer", {"name": "Alice"}), "customer : aucun client n'est nommé"),
    ("options", put("payment", 1), "payment : champ inconnu"),
    ("options", put("comment", ""), "comment : champ inconnu"),
    ("options", put("table", 0), "table : doit être un entier de 1 à 89999"),
    ("options", put("table", 90000), "table : doit être un entier de 1 à 89999"),
    ("options", put("table", "4"), "table : doit être un entier de 1 à 89999"),
    ("options", put("table", 5), "table : la table 5 n'existe pas"),
    ("options", drop("table"), "table : champ obligatoire absent"),
    ("options", put("nbCouverts", 0), "nbCouverts : doit être un entier d'au moins 1"),
    ("options", put("nbCouverts", 2.5), "nbCouverts : doit être un entier d'au moins 1"),
    ("options", drop("nbCouverts"), "nbCouverts : champ obligatoire absent"),
    ("options", put(*LINE, "id", "10"), "products[0].id : doit être un entier"),
    ("options", put(*LINE, "id", "A10"), "le service de la caisse s'arrête"),
    ("options", put(*LINE, "id", 999), "products[0].id : article 999 inconnu"),
    ("options", drop(*LINE, "id"), "products[0].id : champ obligatoire absent"),
    ("options", put(*LINE, "name", "x"), "products[0].name : champ inconnu"),
    ("options", put(*LINE, "idx", "1"), "products[0].idx : doit être un entier"),
    ("options", put(*LINE, "idx", 7), "products[0].idx : doit être 1 dans l'ordre"),
    ("options", put("products", 1, "idx", 1), "products[1].idx : 1 est déjà pris"),
    ("set_menu", put(*CHOICE, "idx", 9), "products[0].products[0].idx : doit être 2"),
    ("set_menu", put("products", 1, "idx", 2), "products[1].idx : 2 est déjà pris"),
    ("options", put(*LINE, "price", 24.9), "products[0].price : doit être un objet"),
    ("options", put(*PRICE, "unit_ht", 22.63), "unit_ht : doit être 22.64, c'est 22.63"),
    ("options", put(*PRICE, "unit_ht", "22.64"), "unit_ht : doit être un nombre"),
    ("options", put(*PRICE, "discount", 0), "products[0].price.discount : champ inconnu"),
    ("options", drop(*PRICE, "unit_ttc"), "unit_ttc : champ obligatoire absent"),
    ("options", put(*MESSAGES, "Saignant"), "messages : doit être une liste"),
    ("options", put(*MESSAGES, 0, "title", " "), "title : doit être un texte non vide"),
    ("options", put(*MESSAGES, 0, "title", None), "title : doit être un texte non vide"),
    ("options", put(*MESSAGES, 0, "title", "\x1b@"), "title : contient un caractère de commande"),
    ("options", put(*MESSAGES, 0, "title", "\ud800"), "title : contient un caractère de commande"),
    ("options", drop(*MESSAGES, 0, "title"), "messages[0].title : champ obligatoire absent"),
    ("options", drop(*MESSAGES, 1, "id"), "un message avec un tarif doit porter son ID message"),
    ("options", put(*MESSAGES, 0, "id", 99), "messages[0].id : message 99 inconnu"),
    ("options", put(*MESSAGES, 0, "id", "12"), "messages[0].id : doit être un entier"),
    ("options", put(*MESSAGES, 0, "add_price", 0), "add_price : ne s'envoie pas quand il est nul"),
    ("options", put(*MESSAGES, 0, "quantity", 1), "messages[0].quantity : champ inconnu"),
    ("options", put(*LINE, "products", []), "« Entrecôte <frites> & salade » n'est pas un menu"),
    ("set_menu", put(*CHOICE, "products", []), "products[0].products[0].products : champ inconnu"),
    ("set_menu", drop(*CHOICE, "price"), "products[0].products[0].price : champ obligatoire"),
    ("options", drop("total_order"), "total_order : champ obligatoire absent"),
    ("options", put("total_order", 58.3), "total_order : doit être un objet"),
    ("options", drop("total_order", "ht"), "total_order.ht : champ obligatoire absent"),
    ("options", put("total_order", "ht", 52.53), "ht : doit être 52.52, c'est 52.53"),
    ("options", put("total_order", "tva_amount", 5.77), "tva_amount : doit être 5.78"),
    ("options", put("total_order", "ttc", 57.3), "ttc : doit être 58.30, c'est 57.30"),
    ("options", put("total_order", "tip", 1), "total_order.tip : champ inconnu"),
]


@pytest.mark.parametrize(("name", "change", "expected"), BROKEN)
def test_it_names_the_one_rule_that_is_broken(name: str, change: Change, expected: str) -> None:
    body = sample(name)
    change(body)
    breaches = breaches_of(body)
    assert len(breaches) == 1, breaches
    assert expected in breaches[0]


# What breaks a rule and, of necessity, the sums as well.
COSTLY: list[tuple[str, Change, str]] = [
    ("options", put(*LINE, "quantity", 0), "products[0].quantity : doit être un entier d'au moins"),
    (
        "options",
        put(*LINE, "quantity", -2),
        "products[0].quantity : doit être un entier d'au moins",
    ),
    ("options", put(*PRICE, "tva_rate", 20), "tva_rate : la caisse a 10 pour cet article"),
    ("options", put(*PRICE, "tva_rate", -100), "tva_rate : doit être de 0 à 100"),
    ("options", put(*PRICE, "unit_ttc", -24.9), "un article ne coûte pas moins que rien"),
    ("set_menu", put(*CHOICE, "quantity", 2), "ce menu a de 2 à 2 choix, il y en a 3"),
    ("set_menu", put(*LINE, "products", []), "products[0].products : la liste est vide"),
    ("set_menu", drop(*LINE, "products"), "ce menu a de 2 à 2 choix, il y en a 0"),
    ("set_menu", put(*CHOICE, "id", 14), "« Soupe à emporter » n'est pas un choix du menu"),
    ("options", put("products", []), "products : la liste est vide"),
    ("options", put(*LINE, "menu"), "products[0] : doit être un objet"),
]


@pytest.mark.parametrize(("name", "change", "expected"), COSTLY)
def test_it_names_the_rule_among_what_follows_from_it(
    name: str, change: Change, expected: str
) -> None:
    body = sample(name)
    change(body)
    assert any(expected in breach for breach in breaches_of(body)), breaches_of(body)


def test_it_names_every_breach_at_once() -> None:
    body = sample("set_menu")
    for change in (put("id", 0), put("state", 2), put("table", 7), put(*LINE, "tip", 1)):
        change(body)
    put("products", 1, "price", "unit_ht", 6.63)(body)
    assert [breach.split(" :")[0] for breach in breaches_of(body)] == [
        "id",
        "state",
        "products[0].tip",
        "products[1].price.unit_ht",
        "table",
    ]


def test_it_says_how_sure_the_rule_is() -> None:
    body = sample("options")
    put(*LINE, "idx", 7)(body)
    put(*LINE, "id", 999)(body)
    put("table", 7)(body)
    endings = [breach.rpartition("(")[2] for breach in breaches_of(body)]
    assert endings == ["observé)", "supposé)", "documenté)"]


@pytest.mark.parametrize("literal", ["2.490e1", "24.900", "1E1", "24.9000000000000001"])
def test_it_reads_amounts_as_they_are_written(literal: str) -> None:
    raw = json.dumps(sample("options")).replace('"unit_ttc": 24.9', f'"unit_ttc": {literal}')
    (breach, *_) = judge(raw.encode(), CATALOGUE).breaches
    assert str(breach).startswith("products[0].price.unit_ttc : doit être un nombre sans exposant")
    assert literal in str(breach)


@pytest.mark.parametrize("literal", ["24.90", "24.9"])
def test_it_takes_one_decimal_and_two(literal: str) -> None:
    raw = json.dumps(sample("options")).replace('"unit_ttc": 24.9', f'"unit_ttc": {literal}')
    assert judge(raw.encode(), CATALOGUE).breaches == []


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "n'est pas du JSON"),
        (b"\xef\xbb\xbf{}", "BOM"),
        ('{"title": "é"}'.encode("latin-1"), "n'est pas de l'UTF-8"),
        (b'{"id": NaN}', "NaN n'est pas du JSON"),
        (b"{} {}", "n'est pas du JSON"),
        (b"[" * 100_000, "imbriqué trop profondément"),
        (b'{"id": ' + b"9" * 5000 + b"}", "n'est pas du JSON"),
        (b"[]", "doit être un objet"),
        (b"id=1&state=0", "n'est pas du JSON"),
    ],
)
def test_it_refuses_what_is_not_one_json_object(raw: bytes, expected: str) -> None:
    (breach,) = judge(raw, CATALOGUE).breaches
    assert expected in str(breach)


def test_it_names_a_key_that_comes_twice_at_any_level() -> None:
    raw = json.dumps(sample("options")).replace('"title": "Bacon"', '"title": "", "title": "Bacon"')
    raw = raw.replace('"state": 0', '"state": 1, "state": 0')
    paths = [breach.path for breach in judge(raw.encode(), CATALOGUE).breaches]
    assert paths == ["state", "products[0].messages[1].title"]


def test_it_remarks_a_price_that_is_not_the_register_s() -> None:
    body = sample("page_example_numbered")
    put(*PRICE, "unit_ttc", 2.4)(body)
    put(*PRICE, "unit_ht", 2)(body)
    body["total_order"] = {"ht": 5, "tva_amount": 1, "ttc": 6}
    verdict = judge(json.dumps(body).encode(), CATALOGUE)
    assert verdict.breaches == []
    assert verdict.remarks == ["products[0].price.unit_ttc : la caisse a 1.80, c'est 2.40"]


def test_it_remarks_a_priced_option_sent_without_its_price() -> None:
    body = sample("options")
    drop(*MESSAGES, 1, "add_price")(body)
    body["total_order"] = {"ht": 49.8, "tva_amount": 5.5, "ttc": 55.3}
    verdict = judge(json.dumps(body).encode(), CATALOGUE)
    assert verdict.breaches == []
    assert verdict.remarks == ["products[0].messages[1].add_price : la caisse a 1.50, c'est 0.00"]


def test_it_does_not_judge_ids_without_a_catalogue() -> None:
    body = copy.deepcopy(sample("set_menu"))
    put("table", 77)(body)
    put(*LINE, "id", 4711)(body)
    raw = json.dumps(body).encode()
    assert judge(raw, Catalogue.of_everything()).breaches == []


def test_it_knows_nothing_of_what_is_not_on_the_register() -> None:
    assert sorted(CATALOGUE.articles) == [10, 11, 13, 14, 33, 34, 39, 50]
    assert CATALOGUE.tables == {4, 12, 89999}
