"""The judge of a Tiller order: every rule of the vendor's page and of docs/registers, every breach by its JSON path.

It shares no code with the adapter and adds every amount up itself, so that a mistake there is not repeated. Each breach
says how sure its rule is: documented, observed, assumed, or promised by this project.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from fractions import Fraction

from pos_bridge.simulator import json_text
from pos_bridge.simulator.amounts import percent
from pos_bridge.simulator.catalogue import Article, Catalogue, Option
from pos_bridge.simulator.json_text import Members, shown, whole
from pos_bridge.simulator.tiller_menus import Menus
from pos_bridge.simulator.verdict import Basis, Breach, Verdict

TOKENS = ("restaurant_token", "provider_token")
# The page's lengths, in characters.
ORDER_NAME, LINE_NAME, COMMENT, EXTERNAL_ID = 32, 31, 255, 255
UUID4 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE
)
LINE_STATUSES = {"CANCELED", "DELETED", "WAITING", "IN_PROGRESS", "DONE"}
# The highest whole number that a database takes for an integer.
HIGHEST = 2**31 - 1

# What must be there, and how sure that is. Beside an article's id the page asks for the quantity alone.
ORDER_NEEDS = {
    "restaurant_token": Basis.DOCUMENTED,
    "provider_token": Basis.DOCUMENTED,
    "externalId": Basis.DOCUMENTED,
    "number": Basis.PROMISED,
    "type": Basis.PROMISED,
    "status": Basis.PROMISED,
    "nbCustomers": Basis.PROMISED,
    "tableId": Basis.PROMISED,
    "lines": Basis.PROMISED,
}
# On the page, and never sent by us: why.
ORDER_NEVER = {
    "payments": "aucun encaissement n'est envoyé",
    "customer": "aucun client n'est nommé",
    "openDate": "l'heure est celle de la caisse",
    "isBooking": "aucune réservation n'est envoyée",
}
LINE_NEVER = {
    "nbPayed": "aucun encaissement n'est envoyé",
    "discountAmount": "aucune remise n'est envoyée",
    "date": "l'heure est celle de la caisse",
}
ORDER_KNOWS = {*ORDER_NEEDS, *ORDER_NEVER, "name", "waiterId", "waiterName"}
LINE_KNOWS = {
    *("productId", "quantity", "name", "type", "price", "initialPrice", "tax", "comment", "status"),
    *("position", "extraLines", "sending", *LINE_NEVER),
}


def judge(raw: bytes, catalogue: Catalogue) -> Verdict:
    """Check one body against every rule; without breaches a strict register takes it."""
    verdict = Verdict()
    try:
        body = json_text.read(raw)
    except json_text.Unreadable as error:
        verdict.breaches.append(Breach("$", f"le corps {error}"))
        return verdict
    _Judge(catalogue, verdict).order(body)
    return verdict


class _Judge:
    """Walks one order in reading order."""

    def __init__(self, catalogue: Catalogue, verdict: Verdict) -> None:
        self.catalogue = catalogue
        self.wrong = verdict.wrong
        self.remark = verdict.remark
        self.menus = Menus(catalogue, self.wrong)
        self.lines_seen = 0

    # The order

    def order(self, value: object) -> None:
        for path in json_text.keys_that_came_twice(value, ""):
            self.wrong(path, "clé en double")
        if not isinstance(value, Members):
            self.wrong("$", f"doit être un objet, c'est {shown(value)}")
            return
        for key in sorted(ORDER_NEEDS.keys() - value.keys()):
            self.wrong(key, "champ obligatoire absent", ORDER_NEEDS[key])
        self.known(value, ORDER_KNOWS, ORDER_NEVER, "")
        for name in TOKENS:
            token = value.get(name, name)
            if not isinstance(token, str) or not token:
                self.wrong(name, "doit être un texte non vide")  # which is not repeated
        self.external_id(value)
        self.text(value, "name", "", ORDER_NAME, nullable=True)
        self.text(value, "waiterName", "", EXTERNAL_ID, nullable=True)
        self.integer(value, "number", "", 1)
        self.integer(value, "waiterId", "", 1, nullable=True)
        self.integer(value, "nbCustomers", "", 1)
        self.kind(value)
        table = self.integer(value, "tableId", "", 1)
        if table not in {None, *self.catalogue.tables} and not self.catalogue.knows_all:
            self.wrong("tableId", f"la table {table} n'existe pas sur la caisse")
        if "lines" in value:
            self.lines(value["lines"])

    def kind(self, order: Members) -> None:
        """An order that is open: no booking, nothing closed, nothing cancelled."""
        if "type" in order and whole(order["type"]) != 1:
            self.wrong("type", f"doit être 1 (commande), c'est {shown(order['type'])}")
        status = order.get("status", "IN_PROGRESS")
        if status == "CLOSED":
            self.wrong("status", "une commande CLOSED n'est plus acceptée (NF 525)")
        elif status == "CANCELED":
            self.wrong("status", "aucune commande annulée n'est envoyée", Basis.PROMISED)
        elif status != "IN_PROGRESS":
            self.wrong("status", f"doit être IN_PROGRESS, c'est {shown(status)}")

    def external_id(self, order: Members) -> None:
        external_id = self.text(order, "externalId", "", EXTERNAL_ID)
        if external_id is not None and not UUID4.fullmatch(external_id):
            self.wrong("externalId", f"doit être un UUID V4, c'est {shown(external_id)}")

    # Lines

    def lines(self, value: object) -> None:
        if not isinstance(value, list):
            self.wrong("lines", f"doit être une liste, c'est {shown(value)}")
            return
        if not value:
            self.wrong("lines", "la liste est vide", Basis.ASSUMED)
        for index, each in enumerate(value):
            path = f"lines[{index}]"
            if not isinstance(each, Members):
                self.wrong(path, f"doit être un objet, c'est {shown(each)}")
                continue
            known = self.line(each, path, self.catalogue.articles, "PRODUCT")
            if "type" not in each:
                self.remark(f"{path}.type", "recommandé par la page")
            self.place(each, path)
            self.menus.line(each, path, known)
            self.extra_lines(each, path)
        self.menus.end()

    def extra_lines(self, line: Members, path: str) -> None:
        value = line.get("extraLines", [])
        if not isinstance(value, list):
            self.wrong(f"{path}.extraLines", f"doit être une liste, c'est {shown(value)}")
            return
        for index, each in enumerate(value):
            here = f"{path}.extraLines[{index}]"
            if not isinstance(each, Members):
                self.wrong(here, f"doit être un objet, c'est {shown(each)}")
                continue
            self.line(each, here, self.catalogue.options, "OPTION")
            if "type" not in each:
                self.wrong(f"{here}.type", "champ obligatoire absent")
            for key in ("extraLines", "sending", "position", "initialPrice"):
                if key in each:
                    self.wrong(f"{here}.{key}", "n'a pas de sens dans un extra", Basis.ASSUMED)
            if whole(each.get("quantity")) != whole(line.get("quantity")):
                text = "doit être celle de sa ligne : le prix vaut pour toute la ligne"
                self.wrong(f"{here}.quantity", text, Basis.ASSUMED)

    def line(
        self,
        line: Members,
        path: str,
        by_id: Mapping[int, list[Article]] | Mapping[int, list[Option]],
        kind: str,
    ) -> list[Article] | list[Option]:
        """What lines and extra lines have in common; what the register knows by the id."""
        self.known(line, LINE_KNOWS, LINE_NEVER, f"{path}.")
        number = self.integer(line, "productId", f"{path}.", 1, nullable=True)
        needs = ["quantity"] if number is not None else ["quantity", "name", "price", "tax"]
        for key in needs:
            if key not in line:
                self.wrong(f"{path}.{key}", "champ obligatoire absent")
        if number is not None and "price" not in line:
            self.wrong(f"{path}.price", "le prix est toujours envoyé", Basis.PROMISED)
        known = by_id.get(number, []) if number is not None else []
        if number is not None and not known and not self.catalogue.knows_all:
            self.wrong(f"{path}.productId", f"produit {number} inconnu de la caisse", Basis.ASSUMED)
        if "type" in line and line["type"] != kind:
            self.wrong(f"{path}.type", f"doit être {kind}, c'est {shown(line['type'])}")
        if "status" in line and line["status"] not in LINE_STATUSES:
            self.wrong(f"{path}.status", f"{shown(line['status'])} n'est pas un statut de ligne")
        self.text(line, "name", f"{path}.", LINE_NAME)
        self.text(line, "comment", f"{path}.", COMMENT, nullable=True, empty=True)
        self.rate(line, f"{path}.tax", known)
        self.price(line, path, known)
        return known

    def price(self, line: Members, path: str, known: list[Article] | list[Option]) -> None:
        """The price sent is what the table pays, so another one than the register's is only worth a remark."""
        price = self.integer(line, "price", f"{path}.", 0)
        quantity = self.integer(line, "quantity", f"{path}.", 1)
        self.integer(line, "initialPrice", f"{path}.", 0)
        if price is None or quantity is None or not known or "initialPrice" in line:
            return
        expected = sorted({round(each.price * 100) * quantity for each in known})
        if price not in expected:
            listed = " ou ".join(str(each) for each in expected)
            self.remark(f"{path}.price", f"la caisse a {listed} centimes, c'est {price}")

    def rate(self, line: Members, path: str, known: list[Article] | list[Option]) -> None:
        if "tax" not in line:
            return
        rate = json_text.amount(line["tax"])
        if rate is None or not 0 <= rate < 100:
            text = "doit être un nombre de 0 à 99,99, à deux décimales au plus"
            self.wrong(path, f"{text}, c'est {shown(line['tax'])}")
            return
        rates = {Fraction(each.vat) for each in known if isinstance(each, Article)}
        if rates and rate not in rates:
            expected = " ou ".join(percent(each) for each in sorted(rates))
            self.wrong(path, f"la caisse a {expected} pour ce produit, c'est {percent(rate)}")

    def place(self, line: Members, path: str) -> None:
        self.integer(line, "sending", f"{path}.", 0, basis=Basis.ASSUMED)
        position = self.integer(line, "position", f"{path}.", 0, nullable=True)
        if position is not None and position != self.lines_seen:
            text = f"doit être {self.lines_seen} dans l'ordre de lecture, c'est {position}"
            self.wrong(f"{path}.position", text, Basis.ASSUMED)
        self.lines_seen += 1

    # Members

    def known(self, owner: Members, names: set[str], never: Mapping[str, str], path: str) -> None:
        for key in owner:
            if key in never:
                self.wrong(f"{path}{key}", never[key], Basis.PROMISED)
            elif key not in names:
                self.wrong(f"{path}{shown(key)[1:-1]}", "champ inconnu")

    def integer(
        self,
        owner: Members,
        key: str,
        path: str,
        least: int,
        *,
        nullable: bool = False,
        basis: Basis = Basis.DOCUMENTED,
    ) -> int | None:
        """The member where it is a JSON integer of at least that."""
        if key not in owner or (nullable and owner[key] is None):
            return None
        number = whole(owner[key])
        if number is None or not least <= number <= HIGHEST:
            text = f"doit être un entier d'au moins {least}, c'est {shown(owner[key])}"
            self.wrong(f"{path}{key}", text, Basis.DOCUMENTED if number is None else basis)
            return None
        return number

    def text(
        self,
        owner: Members,
        key: str,
        path: str,
        longest: int,
        *,
        nullable: bool = False,
        empty: bool = False,
    ) -> str | None:
        """The member where it is a text that fits and that a printer can take."""
        if key not in owner or (nullable and owner[key] is None):
            return None
        value = owner[key]
        if not isinstance(value, str) or not (empty or value.strip()):
            self.wrong(f"{path}{key}", f"doit être un texte non vide, c'est {shown(value)}")
            return None
        if len(value) > longest:
            text = f"{len(value)} caractères, au plus {longest}"
            self.wrong(f"{path}{key}", text)
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
            text = "contient un caractère de commande ou une moitié de caractère"
            self.wrong(f"{path}{key}", text, Basis.PROMISED)
        return value
