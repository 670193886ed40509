"""The judge of a LEO2 addition: every rule of the vendor's page and of docs/registers, every breach by its JSON path.

It shares no code with the adapter and derives every amount itself, exactly, so that a mistake there is not repeated.
Each breach says how sure its rule is: documented, observed, assumed, or promised by this project.
"""

from __future__ import annotations

import unicodedata
from fractions import Fraction

from pos_bridge.simulator import json_text
from pos_bridge.simulator.amounts import euros, ht_of, percent
from pos_bridge.simulator.catalogue import Article, Catalogue, Menu
from pos_bridge.simulator.json_text import Members, shown, whole
from pos_bridge.simulator.leo2_sums import by_rate
from pos_bridge.simulator.verdict import Basis, Breach, Verdict

LAST_NUMBER = 2**31 - 1
LAST_TABLE = 89_999
TOP = {"id", "state", "products", "table", "nbCouverts", "total_order"}
LINE = {"id", "idx", "quantity", "price"}
PRICE = ("unit_ht", "tva_rate", "unit_ttc")
TOTAL = ("ht", "tva_amount", "ttc")


def judge(raw: bytes, catalogue: Catalogue) -> Verdict:
    """Check one body against every rule; without breaches a strict register takes it."""
    verdict = Verdict()
    try:
        body = json_text.read(raw)
    except json_text.Unreadable as error:
        verdict.breaches.append(Breach("$", f"le corps {error}"))
        return verdict
    _Judge(catalogue, verdict).addition(body)
    return verdict


class _Judge:
    """Walks one addition in reading order."""

    def __init__(self, catalogue: Catalogue, verdict: Verdict) -> None:
        self.catalogue = catalogue
        self.wrong = verdict.wrong
        self.remark = verdict.remark
        self.seen_idx: list[int | None] = []

    def addition(self, value: object) -> None:
        for path in json_text.keys_that_came_twice(value, ""):
            self.wrong(path, "clé en double")
        body = self.members(value, "$", TOP)
        if body is None:
            return
        self.integer(body, "id", "", 1, LAST_NUMBER, Basis.ASSUMED)
        if "state" in body and whole(body["state"]) != 0:
            self.wrong("state", f"doit être 0 à l'envoi, c'est {shown(body['state'])}")
        if "products" in body:
            self.lines(body["products"], "products", nested=False, menu=None)
        table = self.integer(body, "table", "", 1, LAST_TABLE)
        if table not in {None, *self.catalogue.tables} and not self.catalogue.knows_all:
            self.wrong("table", f"la table {table} n'existe pas sur la caisse")
        self.integer(body, "nbCouverts", "", 1)
        if "total_order" in body:
            self.totals(body)

    def members(
        self, value: object, path: str, required: set[str], optional: set[str] | None = None
    ) -> Members | None:
        """Name what is missing and what nobody knows; the object, where there is one to look into."""
        if not isinstance(value, Members):
            self.wrong(path, f"doit être un objet, c'est {shown(value)}")
            return None
        inside = "" if path == "$" else f"{path}."
        for key in sorted(required - value.keys()):
            self.wrong(f"{inside}{key}", "champ obligatoire absent")
        for key in value:
            if key == "customer":
                self.wrong(f"{inside}{key}", "aucun client n'est nommé", Basis.PROMISED)
            elif key not in required and key not in (optional or ()):
                self.wrong(f"{inside}{shown(key)[1:-1]}", "champ inconnu")
        return value

    def integer(
        self,
        owner: Members,
        key: str,
        path: str,
        least: int,
        most: int | None = None,
        basis: Basis = Basis.DOCUMENTED,
    ) -> int | None:
        """The member where it is a JSON integer within bounds; `basis` is that of the bounds."""
        if key not in owner:
            return None
        number = whole(owner[key])
        bounds = f"de {least} à {most}" if most else f"d'au moins {least}"
        text = f"doit être un entier {bounds}, c'est {shown(owner[key])}"
        if number is None:
            self.wrong(f"{path}{key}", text)
        elif number < least or (most is not None and number > most):
            self.wrong(f"{path}{key}", text, basis)
            return None
        return number

    def lines(self, value: object, path: str, *, nested: bool, menu: Menu | None) -> None:
        """Products, or with `nested` the choices inside a set menu, of which `menu` is what the register knows."""
        if not isinstance(value, list):
            self.wrong(path, f"doit être une liste, c'est {shown(value)}")
            return
        if not value:
            self.wrong(path, "la liste est vide")
        for index, each in enumerate(value):
            here = f"{path}[{index}]"
            line = self.members(
                each, here, LINE, {"messages"} if nested else {"messages", "products"}
            )
            if line is None:
                continue
            known = self.article(line, here)
            self.idx(line, here)
            self.integer(line, "quantity", f"{here}.", 1)
            prices = {Fraction(article.price) for article in known}
            if menu is not None:
                supplements = menu.supplements.get(whole(line.get("id")) or 0, ())
                prices = {Fraction(supplement) for supplement in supplements}
                if known and not supplements:
                    self.wrong(f"{here}.id", f"« {known[0].name} » n'est pas un choix du menu")
            if "price" in line:
                self.price(line["price"], f"{here}.price", known, prices)
            self.messages(line, here)
            if not nested:
                self.choices(line, here, known)

    def article(self, line: Members, path: str) -> list[Article]:
        """What the register knows by the line's id."""
        if "id" not in line:
            return []
        number = whole(line["id"])
        if number is None:
            said = shown(line["id"])
            text = f"doit être un entier, c'est {said} : le service de la caisse s'arrête"
            self.wrong(f"{path}.id", text, Basis.OBSERVED)
            return []
        known = self.catalogue.articles.get(number, [])
        if not known and not self.catalogue.knows_all:
            text = f"article {number} inconnu : la commande entière disparaît"
            self.wrong(f"{path}.id", text, Basis.OBSERVED)
        return known

    def idx(self, line: Members, path: str) -> None:
        """Unique, from 1 in reading order, through the choices of menus: assumed (the page's example has 2 and 5)."""
        idx = whole(line.get("idx"))
        expected = len(self.seen_idx) + 1
        if "idx" in line and idx is None:
            self.wrong(f"{path}.idx", f"doit être un entier, c'est {shown(line['idx'])}")
        elif idx in self.seen_idx:
            self.wrong(f"{path}.idx", f"{idx} est déjà pris dans l'addition", Basis.ASSUMED)
        elif idx is not None and idx != expected:
            text = f"doit être {expected} dans l'ordre de lecture, c'est {idx}"
            self.wrong(f"{path}.idx", text, Basis.ASSUMED)
        self.seen_idx.append(idx)

    def amount(self, owner: Members, key: str, path: str) -> Fraction | None:
        if key not in owner:
            return None
        exact = json_text.amount(owner[key])
        if exact is None:
            text = "doit être un nombre sans exposant, à deux décimales au plus"
            self.wrong(f"{path}.{key}", f"{text}, c'est {shown(owner[key])}")
        return exact

    def same(self, got: Fraction, expected: Fraction, path: str) -> None:
        if got != expected:
            self.wrong(path, f"doit être {euros(expected)}, c'est {euros(got)}")

    def price(self, value: object, path: str, known: list[Article], prices: set[Fraction]) -> None:
        price = self.members(value, path, set(PRICE))
        if price is None:
            return
        ht, rate, ttc = (self.amount(price, key, path) for key in PRICE)
        if rate is not None and not 0 <= rate <= 100:
            self.wrong(f"{path}.tva_rate", f"doit être de 0 à 100, c'est {percent(rate)}")
            rate = None
        rates = {Fraction(article.vat) for article in known}
        if rate is not None and rates and rate not in rates:
            expected = " ou ".join(percent(each) for each in sorted(rates))
            text = f"la caisse a {expected} pour cet article, c'est {percent(rate)}"
            self.wrong(f"{path}.tva_rate", text)
        if ttc is not None and ttc < 0:
            self.wrong(f"{path}.unit_ttc", "un article ne coûte pas moins que rien", Basis.ASSUMED)
        self.compare(ttc, prices, f"{path}.unit_ttc")
        if ht is not None and rate is not None and ttc is not None:
            self.same(ht, ht_of(ttc, rate), f"{path}.unit_ht")

    def compare(self, sent: Fraction | None, prices: set[Fraction], path: str) -> None:
        """The price sent replaces the register's own (observed), so another one is only worth a remark."""
        if sent is not None and prices and sent not in prices:
            expected = " ou ".join(euros(each) for each in sorted(prices))
            self.remark(path, f"la caisse a {expected}, c'est {euros(sent)}")

    def messages(self, line: Members, path: str) -> None:
        value = line.get("messages", [])
        if not isinstance(value, list):
            self.wrong(f"{path}.messages", f"doit être une liste, c'est {shown(value)}")
            return
        for index, each in enumerate(value):
            here = f"{path}.messages[{index}]"
            message = self.members(each, here, {"title"}, {"id", "add_price"})
            if message is not None:
                self.message(message, here)

    def message(self, message: Members, path: str) -> None:
        """An option (with its id) or a note (a title and no id)."""
        if "title" in message:
            self.title(message["title"], f"{path}.title")
        number = whole(message.get("id"))
        known = self.catalogue.options.get(number, []) if number is not None else []
        if "id" in message and number is None:
            self.wrong(f"{path}.id", f"doit être un entier, c'est {shown(message['id'])}")
        elif "id" in message and not known and not self.catalogue.knows_all:
            self.wrong(f"{path}.id", f"message {number} inconnu de la caisse")
        if "add_price" in message and "id" not in message:
            self.wrong(f"{path}.id", "un message avec un tarif doit porter son ID message")
        added = self.amount(message, "add_price", path)
        if added == 0:
            self.wrong(f"{path}.add_price", "ne s'envoie pas quand il est nul", Basis.ASSUMED)
        sent = added if "add_price" in message else Fraction(0)
        self.compare(sent, {Fraction(option.price) for option in known}, f"{path}.add_price")

    def title(self, title: object, path: str) -> None:
        if not isinstance(title, str) or not title.strip():
            self.wrong(path, f"doit être un texte non vide, c'est {shown(title)}")
        elif any(unicodedata.category(character) in {"Cc", "Cs"} for character in title):
            text = "contient un caractère de commande, que l'imprimante exécuterait"
            self.wrong(path, text, Basis.PROMISED)

    def choices(self, line: Members, path: str, known: list[Article]) -> None:
        """The `products` of a line, which a set menu has and nothing else."""
        menus = [article.menu for article in known if article.menu]
        if known and not menus:
            if "products" in line:
                self.wrong(f"{path}.products", f"« {known[0].name} » n'est pas un menu")
            return
        menu = menus[0] if menus else None
        if "products" in line:
            self.lines(line["products"], f"{path}.products", nested=True, menu=menu)
        chosen = line.get("products", [])
        if menu is not None and isinstance(chosen, list):
            quantities = [
                whole(each.get("quantity")) for each in chosen if isinstance(each, Members)
            ]
            total = sum(quantity or 0 for quantity in quantities)
            if not menu.least <= total <= menu.most:
                text = f"ce menu a de {menu.least} à {menu.most} choix, il y en a {total}"
                self.wrong(f"{path}.products", text)

    def totals(self, body: Members) -> None:
        total = self.members(body["total_order"], "total_order", set(TOTAL))
        if total is None:
            return
        ht, tva, ttc = (self.amount(total, key, "total_order") for key in TOTAL)
        try:
            sums = by_rate(body["products"]).values()
        except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError):
            return  # the lines that cannot be added up are named already
        expected_ht = sum((each for each, _ in sums), Fraction(0))
        expected_ttc = sum((each for _, each in sums), Fraction(0))
        expected = (expected_ht, expected_ttc - expected_ht, expected_ttc)
        for key, got, right in zip(TOTAL, (ht, tva, ttc), expected, strict=True):
            if got is not None:
                self.same(got, right, f"total_order.{key}")
