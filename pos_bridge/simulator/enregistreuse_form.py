"""The body of a sale for a simulated enregistreuse register: form-encoded text, and the grammar of `itemsList[]`.

Read strictly here, in the words of the vendor's page; what a careless register makes of it is `sale_of`.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

ITEMS = "itemsList[]"
KEYS = ("idboutique", "key")
ID = re.compile(r"[1-9][0-9]{0,17}")
QUANTITY = re.compile(r"[1-9][0-9]{0,5}")
PRICE = re.compile(r"[0-9]{1,9}\.[0-9]{2}")
MOST_CHOICES = 5
NUMBER = re.compile(r"Tablée ([1-9][0-9]{0,17})(?!\w)")


class Unreadable(ValueError):
    """The bytes, or one item, do not keep the grammar; the message says why, in French."""


@dataclass(frozen=True)
class Item:
    """One `itemsList[]`: an article, a free line of a department, or a free line. `price`: euros as it was written;
    None where the register's own holds, as with `title`.
    """

    kind: str
    id: int | None = None
    quantity: int = 1
    title: str | None = None
    price: str | None = None
    choices: tuple[int, ...] = ()

    def plain(self) -> dict[str, Any]:
        return {**asdict(self), "choices": list(self.choices)}


def pairs_of(raw: bytes) -> list[tuple[str, str]]:
    """Names and values in their order; raise Unreadable for anything that is not exactly a UTF-8 form."""
    return [_pair(piece) for piece in raw.split(b"&")] if raw else []


def _pair(piece: bytes) -> tuple[str, str]:
    name, equals, value = piece.partition(b"=")
    if not equals:
        raise Unreadable("un champ n'a pas de « = »")
    return _decoded(name), _decoded(value)


def _decoded(text: bytes) -> str:
    if re.search(rb"[^!-~]|%(?![0-9A-Fa-f]{2})", text):
        raise Unreadable("n'est pas encodé comme un formulaire")
    try:
        return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("n'est pas de l'UTF-8") from error


def without_keys(raw: bytes) -> bytes:
    """The body as it is written down: a ledger holds no key. What is left is as it came, byte for byte."""
    names = [name.encode() for name in KEYS]
    kept = [
        piece
        for piece in raw.split(b"&")
        if unquote_to_bytes(piece.partition(b"=")[0]) not in names
    ]
    return b"&".join(kept)


def item_of(text: str) -> Item:
    """Read one `itemsList[]`; raise Unreadable where it breaks the grammar."""
    first, *parts = text.split("_")
    if first == "Free":
        return _free(Item("free"), parts)
    if first.startswith("-"):
        return _free(Item("department", _id(first[1:], "rayon")), parts)
    if len(parts) > 3 + MOST_CHOICES:
        raise Unreadable(f"a plus de {MOST_CHOICES} déclinaisons, ou un « _ » dans son titre")
    number, quantity = _id(first, "article"), 1
    if parts:
        if not QUANTITY.fullmatch(parts[0]):
            raise Unreadable(f"la quantité {parts[0]!r} n'est pas un entier d'au moins 1")
        quantity = int(parts[0])
    title, price = [*parts[1:3], "", ""][:2]
    if bool(title) != bool(price) or len(parts) == 2:
        raise Unreadable("le titre et le prix vont ensemble")
    if len(parts) == 3 and not title:
        raise Unreadable("rien ne suit la quantité")
    choices = tuple(_id(part, "déclinaison") for part in parts[3:])
    if not title:
        return Item("article", number, quantity, choices=choices)
    return Item("article", number, quantity, _title(title), _price(price), choices)


def _free(item: Item, parts: list[str]) -> Item:
    if len(parts) != 2:
        raise Unreadable("une vente libre a un prix et un titre, sans « _ »")
    return Item(item.kind, item.id, 1, _title(parts[1]), _price(parts[0]))


def _id(text: str, what: str) -> int:
    if not ID.fullmatch(text):
        raise Unreadable(f"{text!r} n'est pas un identifiant ({what})")
    return int(text)


def _price(text: str) -> str:
    if not PRICE.fullmatch(text):
        raise Unreadable(f"le prix {text!r} ne s'écrit pas en euros, comme 14.50")
    return text


def _title(text: str) -> str:
    if not text.strip():
        raise Unreadable("le titre est vide")
    return text


def sale_of(raw: str) -> dict[str, Any]:
    """A sale as a careless register takes it, in plain values: its fields but the keys, the last of a name wins, and
    `items`, those that can be read.
    """
    sale: dict[str, Any] = {}
    items: list[dict[str, Any]] = []
    for name, value in parse_qsl(raw, keep_blank_values=True, errors="replace"):
        if name == ITEMS:
            try:
                items.append(item_of(value).plain())
            except Unreadable:
                continue
        elif name not in KEYS:
            sale[name] = value
    return {**sale, "items": items}


def number_in(sale: dict[str, Any]) -> int | None:
    """Our number, where the private comment names one."""
    found = NUMBER.search(sale.get("privateComment", ""))
    return int(found[1]) if found else None


def whole(sale: dict[str, Any], name: str) -> int | None:
    """A field that is a number, else None."""
    text = sale.get(name, "")
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII) else None
