"""The judge of the simulated Tiller register: what is typed from the vendor's page passes, and each rule bites."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.tiller_rules import judge
from pos_bridge.simulator.tiller_tape import total
from pos_bridge.simulator.verdict import Basis

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).parent / "golden" / "tiller"
SAMPLES = {"page_lines": 34_00, "options": 52_80, "set_menu": 74_00, "long_names": 30_00}
CATALOGUE = Catalogue.from_restaurant_file(GOLDEN / "restaurant.json")
EVERYTHING = Catalogue.of_everything()


def sample(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return body


def paths(body: object, catalogue: Catalogue = CATALOGUE) -> list[str]:
    breaches = judge(json.dumps(body).encode(), catalogue).breaches
    return [breach.path for breach in breaches]


@pytest.mark.parametrize("name", SAMPLES)
def test_it_finds_nothing_wrong_with_a_sample(name: str) -> None:
    verdict = judge((GOLDEN / f"{name}.json").read_bytes(), CATALOGUE)
    assert verdict.breaches == []
    assert verdict.remarks == []
    assert total(sample(name)["lines"]) == SAMPLES[name]


def test_it_finds_nothing_documented_wrong_with_the_page_s_own_example() -> None:
    """But that it has no externalId, which the page calls indispensable elsewhere."""
    breaches = judge((GOLDEN / "page_example.json").read_bytes(), EVERYTHING).breaches
    documented = [breach.path for breach in breaches if breach.basis is Basis.DOCUMENTED]
    assert documented == ["externalId"]
    promised = {breach.path for breach in breaches if breach.basis is Basis.PROMISED}
    assert promised == {
        *("number", "status", "tableId", "payments", "customer", "openDate"),
        *("lines[0].date", "lines[0].price", "lines[1].date"),
    }


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
    *keys, last = path

    def change(body: dict[str, Any]) -> None:
        target: Any = body
        for key in keys:
            target = target[key]
        del target[last]

    return change


EXTRA = ("lines", 0, "extraLines", 1)
ORDER_RULES = [
    (drop("restaurant_token"), "restaurant_token"),
    (drop("provider_token"), "provider_token"),
    (put("provider_token", ""), "provider_token"),
    (put("provider_token", 7), "provider_token"),
    (drop("externalId"), "externalId"),
    (put("externalId", "ABC123"), "externalId"),
    (put("externalId", "1c7e8e3f-6a4d-1d2b-8b68-3a2e1d0f9c8b"), "externalId"),
    (put("externalId", "1c7e8e3f-6a4d-4d2b-7b68-3a2e1d0f9c8b"), "externalId"),
    (put("externalId", 217512000), "externalId"),
    (put("name", "x" * 33), "name"),
    (put("name", ""), "name"),
    (put("name", "a\x1bp"), "name"),
    (put("number", "7"), "number"),
    (put("number", 0), "number"),
    (drop("number"), "number"),
    (put("type", 2), "type"),
    (put("type", 3), "type"),
    (put("type", "1"), "type"),
    (put("type", True), "type"),
    (drop("type"), "type"),
    (put("status", "CLOSED"), "status"),
    (put("status", "CANCELED"), "status"),
    (put("status", "WAITING"), "status"),
    (put("status", None), "status"),
    (drop("status"), "status"),
    (put("nbCustomers", 0), "nbCustomers"),
    (put("nbCustomers", None), "nbCustomers"),
    (put("nbCustomers", 2.0), "nbCustomers"),
    (drop("nbCustomers"), "nbCustomers"),
    (put("tableId", 99), "tableId"),
    (put("tableId", 7), "tableId"),
    (put("tableId", "4"), "tableId"),
    (drop("tableId"), "tableId"),
    (put("payments", []), "payments"),
    (put("payments", [{"amount": 5000, "type": "CASH", "status": "ACCEPTED"}]), "payments"),
    (put("customer", None), "customer"),
    (put("customer", {"id": 2}), "customer"),
    (put("openDate", "2014-12-31 23:59:59"), "openDate"),
    (put("isBooking", False), "isBooking"),
    (put("waiterId", "31"), "waiterId"),
    (put("waiterName", 5), "waiterName"),
    (put("total", 5280), "total"),
    (put("lines", []), "lines"),
    (put("lines", {}), "lines"),
    (drop("lines"), "lines"),
]
LINE_RULES = [
    (put("lines", 0, 7), "lines[0]"),
    (drop("lines", 0, "quantity"), "lines[0].quantity"),
    (put("lines", 0, "quantity", 0), "lines[0].quantity"),
    (put("lines", 0, "quantity", "2"), "lines[0].quantity"),
    (put("lines", 0, "productId", 999), "lines[0].productId"),
    (put("lines", 0, "productId", "10"), "lines[0].productId"),
    (put("lines", 0, "productId", 10**12), "lines[0].productId"),
    (drop("lines", 0, "productId"), "lines[0].name"),
    (drop("lines", 0, "productId"), "lines[0].tax"),
    (drop("lines", 0, "price"), "lines[0].price"),
    (put("lines", 0, "price", 49.8), "lines[0].price"),
    (put("lines", 0, "price", "4980"), "lines[0].price"),
    (put("lines", 0, "price", -1), "lines[0].price"),
    (put("lines", 0, "price", None), "lines[0].price"),
    (put("lines", 0, "name", "x" * 32), "lines[0].name"),
    (put("lines", 0, "name", None), "lines[0].name"),
    (put("lines", 0, "name", "half \ud83d"), "lines[0].name"),
    (put("lines", 0, "comment", "x" * 256), "lines[0].comment"),
    (put("lines", 0, "comment", "a\nb"), "lines[0].comment"),
    (put("lines", 0, "type", "DISCOUNT"), "lines[0].type"),
    (put("lines", 0, "type", "OPTION"), "lines[0].type"),
    (put("lines", 0, "status", "CLOSED"), "lines[0].status"),
    (put("lines", 0, "tax", 20), "lines[0].tax"),
    (put("lines", 0, "tax", 5.555), "lines[0].tax"),
    (put("lines", 0, "tax", 100), "lines[0].tax"),
    (put("lines", 0, "tax", "10.0"), "lines[0].tax"),
    (put("lines", 0, "nbPayed", 0), "lines[0].nbPayed"),
    (put("lines", 0, "discountAmount", 0), "lines[0].discountAmount"),
    (put("lines", 0, "date", "2014-12-31 23:59:59"), "lines[0].date"),
    (put("lines", 0, "sending", -1), "lines[0].sending"),
    (put("lines", 0, "sending", "1"), "lines[0].sending"),
    (put("lines", 0, "position", 1), "lines[0].position"),
    (put("lines", 0, "initialPrice", 100), "lines[0].initialPrice"),
    (put("lines", 0, "vat", 10), "lines[0].vat"),
    (put("lines", 0, "extraLines", {}), "lines[0].extraLines"),
    (put("lines", 0, "extraLines", 0, 7), "lines[0].extraLines[0]"),
    (drop(*EXTRA, "type"), "lines[0].extraLines[1].type"),
    (put(*EXTRA, "type", "PRODUCT"), "lines[0].extraLines[1].type"),
    (put(*EXTRA, "quantity", 1), "lines[0].extraLines[1].quantity"),
    (put(*EXTRA, "productId", 10), "lines[0].extraLines[1].productId"),
    (put(*EXTRA, "extraLines", []), "lines[0].extraLines[1].extraLines"),
    (put(*EXTRA, "price", -50), "lines[0].extraLines[1].price"),
    (put(*EXTRA, "nbPayed", 2), "lines[0].extraLines[1].nbPayed"),
    (drop("lines", 0, "extraLines", 0, "name"), "lines[0].extraLines[0].name"),
]


@pytest.mark.parametrize(("change", "path"), ORDER_RULES + LINE_RULES)
def test_each_rule_bites_at_its_path(change: Change, path: str) -> None:
    body = sample("options")
    change(body)
    assert path in paths(body)


MENU_RULES = [
    (put("lines", 1, "price", 2800), "lines[1].price"),
    (drop("lines", 1), "lines[0]"),
    (put("lines", 1, "quantity", 1), "lines[0]"),
    (put("lines", 1, "productId", 2291), "lines[1].productId"),
    (put("lines", 0, "productId", 2291), "lines[1].initialPrice"),
    (drop("lines", 0), "lines[0].initialPrice"),
]


@pytest.mark.parametrize(("change", "path"), MENU_RULES)
def test_each_rule_of_a_set_menu_bites(change: Change, path: str) -> None:
    body = sample("set_menu")
    change(body)
    assert path in paths(body)


def test_a_set_menu_needs_its_line_also_where_the_register_knows_no_article() -> None:
    body = sample("set_menu")
    del body["lines"][0]
    assert "lines[0].initialPrice" in paths(body, EVERYTHING)


def test_another_price_than_the_register_s_is_a_remark() -> None:
    body = sample("options")
    body["lines"][0]["price"] = 4000
    verdict = judge(json.dumps(body).encode(), CATALOGUE)
    assert verdict.breaches == []
    assert verdict.remarks == ["lines[0].price : la caisse a 4980 centimes, c'est 4000"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"\xef\xbb\xbf{}",
        b'{"type": NaN}',
        b'{"name": "\xe9"}',
        b"[" * 100_000,
        b"restaurant_token=a&lines=b",
    ],
)
def test_what_is_no_object_in_utf_8_json_is_one_breach(raw: bytes) -> None:
    assert [breach.path for breach in judge(raw, CATALOGUE).breaches] == ["$"]


def test_a_key_that_comes_twice_is_named() -> None:
    raw = (GOLDEN / "options.json").read_text(encoding="utf-8")
    twice = raw.replace('"tableId"', '"tableId": 4, "tableId"').encode()
    assert [breach.path for breach in judge(twice, CATALOGUE).breaches] == ["tableId"]


def test_a_breach_never_repeats_a_token() -> None:
    body = sample("options") | {"provider_token": 424242, "restaurant_token": ["canary-5f1d9c"]}
    said = " ".join(str(each) for each in judge(json.dumps(body).encode(), CATALOGUE).breaches)
    assert "provider_token" in said
    assert "424242" not in said
    assert "canary" not in said
