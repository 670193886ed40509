"""Every field of a vendor's page is named in our table for it, and the table says what is really sent.

The fields are read from the vendor's own text, and what is sent from a socket: nothing is typed here twice.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pos_bridge.errors import Unsupported
from pos_bridge.registers import ADAPTERS
from tests.pos_bridge.contract.hooks import NUMBER, Hooks, tried
from tests.pos_bridge.contract.tickets import TICKETS
from tests.pos_bridge.far_end import Server, answering
from tests.pos_bridge.test_contract_enregistreuse import OfEnregistreuse
from tests.pos_bridge.test_contract_leo2 import TestLeo2 as OfLeo2
from tests.pos_bridge.test_contract_tiller import TestTiller as OfTiller

DOCS = Path(__file__).parents[2] / "docs" / "registers"
ROW = re.compile(r"\| `([^`]+)` \| (sent|fixed|left out) \| (.+) \|")
ANSWER = answering("HTTP/1.1 500 No\nContent-Length: 0\n\n")


# --- What a page names ----------------------------------------------------------------------------


def of_leo2(page: str) -> set[str]:
    """Its example, its address, and the attributes that its sentences name."""
    example = "\n".join(re.findall(r"^\| (.*?)(?: \|)? \|$", page, re.MULTILINE))
    found = {path for path, _ in flat(json.loads(re.sub(r"//.*", "", example)))}
    for query in re.findall(r"/api\.php\?(\S+)", page):
        found |= {f"?{name}" for name, _ in parse_qsl(query)}
    attributes = re.findall(r"""[Aa]ttribut[ :(]*[`"'](\w+)""", page)
    # A sentence says no path; it means the field of that name.
    return found | {f"….{name}" for name in attributes}


def of_enregistreuse(page: str) -> set[str]:
    """Its table, the client's fields, two headings, and what stands in brackets in the grammar of an item."""
    found = set(re.findall(r"^(\w+) \| \w+ \| (?:Oui|Non) \|", page, re.MULTILINE))
    found |= set(re.findall(r"^(client\[\w+\])=", page, re.MULTILINE))
    found |= set(re.findall(r"^(deliveryMethod|itemsList\[\])", page, re.MULTILINE))
    for item in re.findall(r"^((?:\[|-\[|Free_)\S.*?)(?: —|$)", page, re.MULTILINE):
        found |= {name.split()[0] for name in re.findall(r"\[([^\]]+)\]", item)}
        found |= {"Free"} if item.startswith("Free") else set()
    return found


def of_tiller(page: str) -> set[str]:
    """Its three tables, of which one is that of lines and extra lines, and the names in its examples."""
    owners = {
        "Order": [""],
        "OrderLine et ExtraLines": ["lines.", "lines.extraLines."],
        "Payment": ["payments."],
    }
    found = {f"….{name}" for name in re.findall(r'^"(\w+)":', page, re.MULTILINE)}
    for title, paths in owners.items():
        table = re.search(rf"^{title}\nAttribut \|.*\n---.*\n((?:.+ \|\n)+)", page, re.MULTILINE)
        assert table, title
        for row in table[1].splitlines():
            found |= {f"{path}{row.partition(' | ')[0]}" for path in paths}
    return found


# --- What is sent -------------------------------------------------------------------------------


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field of JSON, with its value as text; a list's members are at the list's own path."""
    if isinstance(value, dict):
        for name, member in value.items():
            inside = f"{path}.{name}".lstrip(".")
            yield inside, "" if isinstance(member, dict | list) else json.dumps(member)
            yield from flat(member, inside)
    elif isinstance(value, list):
        for member in value:
            yield from flat(member, path)


def from_json(body: str) -> Iterator[tuple[str, str]]:
    return flat(json.loads(body))


def from_form(body: str) -> Iterator[tuple[str, str]]:
    for name, value in parse_qsl(body, keep_blank_values=True, strict_parsing=True):
        yield name, value
        if name == "itemsList[]":
            yield from of_item(value)


def of_item(item: str) -> Iterator[tuple[str, str]]:
    first, *parts = item.split("_")
    if first == "Free" or first.startswith("-"):
        names = ["prix", "titre"]
        yield ("Free", "") if first == "Free" else ("idRayon", first[1:])
    else:
        names = ["quantite", "titre", "prix", *(f"idDéclinaison{n}" for n in range(1, 6))]
        yield "idArticle", first
    # A part may be empty where one behind it is not: then it is not sent.
    yield from ((name, part) for name, part in zip(names, parts, strict=False) if part)


@dataclass(frozen=True)
class Page:
    """`settings`: the options of a register with which everything that can be sent is sent."""

    contract: type[Hooks]
    vendor: str
    named: Callable[[str], set[str]]
    fields: Callable[[str], Iterator[tuple[str, str]]] = from_json
    settings: list[dict[str, Any]] = field(default_factory=lambda: [{}])


PAGES = {
    "leo2": Page(OfLeo2, "leo2_table_addition.fr.txt", of_leo2),
    "enregistreuse": Page(
        OfEnregistreuse,
        "enregistreuse_record_sale.fr.txt",
        of_enregistreuse,
        from_form,
        [
            {"idUser": 3, "idcaisse": 2, "pagerNum": 17, "idClient": 123},
            {"send_prices": True, "free_lines": True},
            {"free_lines": {"10": 5}},
        ],
    ),
    "tiller": Page(OfTiller, "tiller_order_v2.fr.txt", of_tiller),
}


def table_of(kind: str) -> dict[str, str]:
    rows = ROW.findall((DOCS / f"{kind}.md").read_text())
    assert len({name for name, *_ in rows}) == len(rows), "a field stands there twice"
    return {name: what for name, what, _ in rows}


@pytest.fixture(params=PAGES, scope="module")
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def sent(kind):
    """Field -> its values, of every ticket that this register can be told, as they went over the wire."""
    page = PAGES[kind]
    values: dict[str, set[str]] = {}
    for options in page.settings:
        contract = type("Contract", (page.contract,), {"options": options})()
        with Server(ANSWER) as server:
            adapter = contract.adapter_at(server.base_url)
            for number, ticket in enumerate(TICKETS.values(), start=NUMBER):
                with contextlib.suppress(Unsupported):
                    tried(adapter, contract.build(ticket, number), number)
        for request in server.requests:
            head, _, body = request.partition(b"\r\n\r\n")
            query = urlsplit(head.split()[1].decode()).query
            found = [(f"?{name}", value) for name, value in parse_qsl(query)]
            for name, value in [*found, *page.fields(body.decode())]:
                values.setdefault(name, set()).add(value)
    return values


def test_our_table_names_every_field_of_the_vendor_s_page(kind):
    page = PAGES[kind]
    table = table_of(kind)
    ends = {f"….{name.rpartition('.')[2]}" for name in table}
    named = page.named((DOCS / page.vendor).read_text())
    assert len(named) > 10
    assert named - set(table) - ends == set()


@pytest.mark.wire
def test_what_our_table_calls_sent_is_sent_and_nothing_else_is(kind, sent):
    table = table_of(kind)
    assert {name for name, what in table.items() if what != "left out"} == set(sent)


@pytest.mark.wire
def test_what_our_table_calls_fixed_is_always_the_same(kind, sent):
    fixed = {name for name, what in table_of(kind).items() if what == "fixed"}
    assert {name: sent[name] for name in fixed if len(sent[name]) != 1} == {}


@pytest.mark.pure
def test_every_adapter_has_its_page():
    assert set(PAGES) == set(ADAPTERS)
