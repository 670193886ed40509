"""The judge of an enregistreuse sale: every rule of the vendor's page and of docs/registers, every breach by its field.

It shares no code with the adapter. Each breach says how sure its rule is: documented, observed, assumed, or promised by
this project.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from pos_bridge.simulator.amounts import euros
from pos_bridge.simulator.catalogue import Catalogue, Menu
from pos_bridge.simulator.enregistreuse_form import (
    ITEMS,
    KEYS,
    NUMBER,
    Item,
    Unreadable,
    item_of,
    pairs_of,
)
from pos_bridge.simulator.verdict import Basis, Verdict

REQUIRED = (*KEYS, "payment")
INTEGERS = ("idUser", "payment", "idClient", "idtable", "idcaisse", "numcouverts", "pagerNum")
COMMENTS = ("publicComment", "privateComment")
FIELDS = {*REQUIRED, *INTEGERS, *COMMENTS, "deliveryMethod", ITEMS}
UNPAID = {"-1", "-2"}
DELIVERY_METHODS = {str(number) for number in range(7)}
ON_SITE = "2"
CONTENT_TYPE = "application/x-www-form-urlencoded"


def judge(raw: bytes, catalogue: Catalogue, content_type: str = CONTENT_TYPE) -> Verdict:
    """Check one body against every rule; without breaches a strict register takes it."""
    verdict = Verdict()
    kind, _, charset = content_type.partition(";")
    if kind.strip().lower() != CONTENT_TYPE or charset.strip().lower() not in {"", "charset=utf-8"}:
        verdict.wrong("Content-Type", f"doit être {CONTENT_TYPE}, c'est {content_type!r}")
    try:
        pairs = pairs_of(raw)
    except Unreadable as error:
        verdict.wrong("$", f"le corps {error}")
        return verdict
    _fields(pairs, verdict)
    said = dict(pairs)
    for check in (_payment, _delivery, _comments):
        check(said, verdict)
    _table(said, catalogue, verdict)
    _items([value for name, value in pairs if name == ITEMS], catalogue, verdict)
    return verdict


def departments(catalogue: Catalogue) -> dict[int, Fraction]:
    """Id to VAT rate. The restaurant file knows no departments: this till has one for each rate, lowest first."""
    rates = {Fraction(each.vat) for known in catalogue.articles.values() for each in known}
    return dict(enumerate(sorted(rates), start=1))


def _fields(pairs: list[tuple[str, str]], verdict: Verdict) -> None:
    names = [name for name, _ in pairs]
    for name in REQUIRED:
        if name not in names:
            verdict.wrong(name, "champ obligatoire absent")
    for name in dict.fromkeys(names):
        if name.startswith("client["):
            verdict.wrong(name, "aucun client n'est créé", Basis.PROMISED)
        elif name not in FIELDS:
            verdict.wrong(name[:40], "champ inconnu")
        if name != ITEMS and names.count(name) > 1:
            verdict.wrong(name[:40], "champ en double")
    for name, value in pairs:
        if name in INTEGERS and not re.fullmatch(r"-?[0-9]{1,18}", value, re.ASCII):
            verdict.wrong(name, f"doit être un entier, c'est {value[:40]!r}")


def _payment(said: dict[str, str], verdict: Verdict) -> None:
    payment = said.get("payment", "-1")
    if payment in UNPAID:
        return
    if payment.isdecimal():
        verdict.wrong("payment", f"{payment} encaisse : la table paie en caisse", Basis.PROMISED)
    else:
        verdict.wrong("payment", f"doit être -2, -1 ou un mode de paiement, c'est {payment[:40]!r}")


def _delivery(said: dict[str, str], verdict: Verdict) -> None:
    method = said.get("deliveryMethod")
    if method is not None and method not in DELIVERY_METHODS:
        verdict.wrong("deliveryMethod", f"doit être de 0 à 6, c'est {method[:40]!r}")
    elif method != ON_SITE:
        verdict.wrong("deliveryMethod", "doit être 2, sur place", Basis.PROMISED)


def _comments(said: dict[str, str], verdict: Verdict) -> None:
    for name in COMMENTS:
        if name in said:
            _readable(name, said[name], verdict)
            if not said[name].strip():
                verdict.wrong(name, "ne s'envoie pas quand il est vide", Basis.ASSUMED)
    if not NUMBER.fullmatch(said.get("privateComment", "")):
        text = "doit être « Tablée » et le numéro de l'addition, et rien d'autre"
        verdict.wrong("privateComment", text, Basis.PROMISED)


def _readable(where: str, text: str, verdict: Verdict) -> None:
    if any(unicodedata.category(each) in {"Cc", "Cs"} for each in text):
        words = "contient un caractère de commande, que l'imprimante exécuterait"
        verdict.wrong(where, words, Basis.PROMISED)


def _table(said: dict[str, str], catalogue: Catalogue, verdict: Verdict) -> None:
    for name, what in (("idtable", "la table"), ("numcouverts", "les couverts")):
        value = said.get(name)
        if value is None:
            verdict.wrong(name, f"{what} ne sont pas dits", Basis.PROMISED)
        elif re.fullmatch(r"-[0-9]+|0+", value, re.ASCII):
            verdict.wrong(name, f"doit être d'au moins 1, c'est {value[:40]}", Basis.ASSUMED)
    table = said.get("idtable", "")
    if table.isdecimal() and int(table) not in catalogue.tables and not catalogue.knows_all:
        verdict.wrong("idtable", f"la table {table[:40]} n'existe pas sur la caisse")


def _items(texts: list[str], catalogue: Catalogue, verdict: Verdict) -> None:
    if not texts:
        verdict.wrong(ITEMS, "la liste est vide", Basis.ASSUMED)
    items: list[Item] = []
    for place, text in enumerate(texts):
        try:
            items.append(item := item_of(text))
        except Unreadable as error:
            verdict.wrong(_at(place), str(error))
            continue
        _item(item, _at(place), catalogue, verdict)
    if len(items) == len(texts):
        _menus(items, catalogue, verdict)


def _at(place: int) -> str:
    return f"itemsList[{place}]"


def _item(item: Item, where: str, catalogue: Catalogue, verdict: Verdict) -> None:
    _readable(where, item.title or "", verdict)
    if catalogue.knows_all:
        return
    if item.kind == "department" and item.id not in departments(catalogue):
        verdict.wrong(where, f"rayon {item.id} inconnu de la caisse")
    if item.kind == "article":
        known = catalogue.articles.get(item.id or 0, [])
        if not known:
            verdict.wrong(where, f"article {item.id} inconnu de la caisse")
        prices = {Fraction(each.price) for each in known}
        if item.price is not None and prices and Fraction(item.price) not in prices:
            expected = " ou ".join(euros(each) for each in sorted(prices))
            verdict.remark(where, f"la caisse a {expected}, c'est {item.price}")
    for choice in item.choices:
        if choice not in catalogue.options:
            verdict.wrong(where, f"déclinaison {choice} inconnue de la caisse")


def _menus(items: list[Item], catalogue: Catalogue, verdict: Verdict) -> None:
    """Assumed: a set menu is its own article, and its choices follow it, at the price of their supplements."""
    for place, item in enumerate(items):
        menus = [each.menu for each in catalogue.articles.get(item.id or 0, []) if each.menu]
        if menus and item.kind == "article":
            _menu(item, items[place + 1 :], menus[0], _at(place), verdict)


def _menu(item: Item, after: list[Item], menu: Menu, where: str, verdict: Verdict) -> None:
    chosen = 0
    for each in after:
        if each.kind != "article" or each.price is None or each.id not in menu.supplements:
            break
        if chosen + each.quantity > menu.most * item.quantity:
            break
        chosen += each.quantity
    if chosen < (least := menu.least * item.quantity):
        text = f"ce menu a au moins {least} choix à un prix forcé, il y en a {chosen}"
        verdict.wrong(where, text, Basis.ASSUMED)
