"""enregistreuse.fr: sales by `webapp.php`, form-encoded. The vendor's page is
docs/registers/enregistreuse_record_sale.fr.txt; docs/registers/enregistreuse.md says what is done with each field.

Two posts are two sales: nothing is ever sent a second time by itself. An unclear outcome is looked up by our number in
the private comment of the register's sales.

What the register has no field for is said in words, never left out. A diner's note, how the guests want to be served
and an option without an id stand in the public comment, beside the order's number; where a title is forced anyway, such
an option stands in the title. The private comment holds our number and nothing else: a diner's text cannot pretend to
be one.

Options of the register (`Register.options`):

- `payment`: -1, unpaid and validated, or -2, unpaid and still to be validated. Nothing else.
- `send_prices`: true forces our titles and prices on articles. Without it the register has its own.
- `free_lines`: what becomes of a product without an id. Left out: it cannot be ordered. true: a free line. An object
  of VAT rate to department id, such as {"10": 2}: a free line of that department, which decides the VAT.
- `idUser`, `idcaisse`, `pagerNum`, `idClient`: whole numbers that go with each sale.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard
from urllib.parse import urlencode
from uuid import UUID

from pos_bridge import money
from pos_bridge.errors import DeliveryError, Uncertain, Unsupported
from pos_bridge.registers import texts
from pos_bridge.registers.answers import parse
from pos_bridge.registers.base import Adapter, CataloguePrice, Receipt, TillState
from pos_bridge.registers.http import Answer
from pos_bridge.registers.secret import Secret
from pos_bridge.ticket import Ticket, TicketChoice, TicketLine, TicketOption

LOWEST_TABLE, HIGHEST_TABLE = 1, 89_999
UNPAID = (-1, -2)  # any other payment, and so any settling of a bill, is the till's (P20, T12)
ON_SITE = 2
MOST_CHOICES = 5
CONTENT_TYPE = "application/x-www-form-urlencoded"
FOLDER = "/workers/"  # under the base address
WHOLE_NUMBERS = ("idUser", "idcaisse", "pagerNum", "idClient")

# --- Assumed ------------------------------------------------------------------------------------
# Nobody says it; it is what we build on until the vendor says otherwise (docs/registers/README.md). All of it is here.

# Our number in the private comment, and how it is found again: another program may have written é otherwise.
MARK = "Tablée {}"
FOUND = r"Tabl[^\d]{{1,16}}{}(?!\w)"
# What an answer calls itself is not asked: PHP calls bare digits HTML where nobody has said anything else.
# Where a sale that was taken may stand, in this order; each a list of sales, alone or under one key.
SALES = ("getPending", "getOrders")
# The sales' member with our mark.
COMMENT = "privateComment"
# A page that books nothing.
HARMLESS = "getTables"
# The articles, and an article's members: its id, its name, and euros TTC of one.
ARTICLES, PLU, NAME, PRICE = "getPlus", "id", "nom", "prix"


def article(
    register_id: int, quantity: int, forced: tuple[str, int] | None, choices: list[int]
) -> str:
    """An article, its title and price (cents) forced or both empty, and its choices, which the register prices."""
    parts = [str(register_id), str(quantity)]
    if forced or choices:
        parts += [forced[0], money.euros(forced[1])] if forced else ["", ""]
    return "_".join([*parts, *map(str, choices)])


def set_menu(menu: str, choices: list[str]) -> list[str]:
    """A set menu is its own article; what was chosen follows as articles at the price of the supplements."""
    return [menu, *choices]


def free(department: int | None, title: str, price: int, quantity: int) -> list[str]:
    """A free line has no quantity: it is repeated."""
    first = "Free" if department is None else f"-{department}"
    return [f"{first}_{money.euros(price)}_{title}"] * quantity


def order_of(said: Any) -> int | None:
    """The sale's id on the register, of an answer in one of the three shapes that were observed."""
    if _is_order(said):
        return said
    if not isinstance(said, dict) or not _is_order(order := said.get("orderID")):
        return None
    if said.get("errorMessage") or said.get("success", True) is not True:
        return None
    taken = said.get("result") == "OK" or ("success" in said and said.get("result") is None)
    return order if taken else None


def refusal_of(said: Any) -> str | None:
    """The words of an answer that refuses in one of the shapes that were observed. With an id of a sale, or with a
    success beside them, they contradict themselves.
    """
    if not isinstance(said, dict) or said.get("orderID") or said.get("result") == "OK":
        return None
    words = said.get("errorMessage")
    if "success" in said:
        words = said.get("result") or words if said["success"] is False else None
    elif said.get("result") == "KO":
        words = words or "KO"
    return words if isinstance(words, str) and words.strip() else None


# --- To the letter of the page ------------------------------------------------------------------


class Enregistreuse(Adapter):
    label = "enregistreuse.fr"
    drops_doubles = False
    can_look_up = True
    # There are lists of sales. They name no number of ours but in a comment that anybody may edit.
    can_list_states = False
    can_list_catalogue = True
    credential_names = ("idboutique", "key")
    secret_names = ("key",)
    shop_name = "idboutique"

    @classmethod
    def build(
        cls, ticket: Ticket, number: int, options: Mapping[str, Any], uuid: UUID | None = None
    ) -> str:
        """The form but for `idboutique` and `key`. Raises Unsupported for what this register cannot be told."""
        if not ticket.lines:
            raise Unsupported("the order has no line")
        if ticket.covers < 1:
            raise Unsupported("the covers are unknown")
        sale = _Sale(options)
        for place, line in enumerate(ticket.lines):
            sale.add(line, place)
        serving = clean(ticket.serving_words)
        comment = ". ".join(
            [f"Commande n° {ticket.order}", *([serving] if serving else []), *sale.remarks]
        )
        return urlencode(
            [
                ("payment", _payment(options)),
                ("deliveryMethod", ON_SITE),
                ("idtable", _table(ticket)),
                ("numcouverts", ticket.covers),
                *_whole_numbers(options),
                ("publicComment", comment),
                (COMMENT, MARK.format(number)),
                *(("itemsList[]", item) for item in sale.items),
            ]
        )

    def send(self, number: int, body: str) -> Receipt:
        """Once, on a connection of its own. An answer in words that is none of ours may come from a sale that was
        booked, so it is an unknown outcome.
        """
        url = Secret(f"{self.base_url.rstrip('/')}{FOLDER}webapp.php")
        answer = self.post(url, Secret(f"{self._keys().reveal()}&{body}"), CONTENT_TYPE)
        return self._read_receipt(answer)

    def list_states(self) -> dict[int, TillState]:
        raise NotImplementedError("this register lists no states by our numbers")

    def look_up(self, number: int) -> TillState | None:
        failure: DeliveryError | None = None
        for page in SALES:
            try:
                found = _marked(self._rows(page), number)
            except DeliveryError as error:
                failure = failure or error
                continue
            if found is not None:
                return TillState("received", self.scrub(found))
        if failure is not None:
            raise failure
        return None

    def list_catalogue(self) -> dict[str, CataloguePrice]:
        """An article whose id cannot be read may be any of the carte's: then it is no catalogue."""
        listed = [(_plu(row.get(PLU)), row) for row in self._rows(ARTICLES)]
        if any(plu is None for plu, _ in listed):
            raise Uncertain("unreadable")
        return {
            str(plu): CataloguePrice(str(row.get(NAME, "")), _cents(row.get(PRICE)))
            for plu, row in listed
        }

    def check(self) -> None:
        self._rows(HARMLESS)

    def _keys(self) -> Secret:
        """As fields of a form. No local variable holds them: error mails show those."""
        names = self.credential_names
        return Secret(urlencode({name: self.credentials.get(name, "") for name in names}))

    def _read_receipt(self, answer: Answer) -> Receipt:
        said = parse(answer.body)
        words = refusal_of(said)
        if words is not None:
            raise self.refusal("refused", words, answer)
        order = order_of(said)
        if order is None or answer.status not in {200, 201}:
            raise self.unclear("unreadable", answer)
        return self.receipt("received", str(order), answer)

    def _rows(self, page: str) -> list[dict[str, Any]]:
        """A page's list. Raises DeliveryError where it is none."""
        base = f"{self.base_url.rstrip('/')}{FOLDER}{page}.php"
        answer = self.get(Secret(f"{base}?{self._keys().reveal()}&format=json"))
        said = parse(answer.body)
        words = refusal_of(said)
        if words is not None:
            raise self.refusal("refused", words, answer)
        rows = _list(said) if answer.status == 200 else None
        if rows is None:
            raise self.unclear("unreadable", answer)
        return rows


class _Sale:
    """The items of a sale, and what of it must be said in words."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._send_prices = _flag(options, "send_prices")
        self._free_lines = options.get("free_lines", False)
        self.items: list[str] = []
        self.remarks: list[str] = []

    def add(self, line: TicketLine, place: int) -> None:
        if line.quantity < 1:
            raise Unsupported(f"“{line.name}”: the quantity is not at least 1", line=place)
        if line.total < 0:
            raise Unsupported(f"“{line.name}”: the line would cost less than nothing", line=place)
        said = [clean(line.note)]
        if line.register_id:
            item, unsaid = self._article(
                line, line.quantity, line.unit_price, place, forced=self._send_prices
            )
            chosen = [self._choice(choice, line.quantity, place) for choice in line.choices]
            self.items += set_menu(item, chosen)
            said = [*unsaid, *said]
        else:
            self.items += self._free(line, place)
        if remark := ", ".join(text for text in said if text):
            self.remarks.append(f"{line.quantity} × {clean(line.name)} : {remark}")

    def _choice(self, choice: TicketChoice, menus: int, place: int) -> str:
        if choice.quantity < 1:
            raise Unsupported(f"“{choice.name}”: a choice's quantity is not at least 1", line=place)
        count = menus * choice.quantity
        return self._article(choice, count, choice.supplement, place, forced=True)[0]

    def _article(
        self,
        item: TicketLine | TicketChoice,
        quantity: int,
        price: int,
        place: int,
        *,
        forced: bool,
    ) -> tuple[str, list[str]]:
        """An item, and its options that it does not say."""
        if price < 0:
            raise Unsupported(f"“{item.name}”: a price is less than nothing", line=place)
        register_id = _id(item.register_id, f"“{item.name}”", place)
        choices = [
            _id(option.register_id, f"“{option.name}”", place)
            for option in item.options
            if option.register_id
        ]
        if len(choices) > MOST_CHOICES:
            raise Unsupported(
                f"“{item.name}” has {len(choices)} options with an id, and this register takes "
                f"{MOST_CHOICES}: let fewer be chosen",
                line=place,
            )
        others = [option for option in item.options if not option.register_id]
        names = [_named(option, place) for option in others]
        if forced:
            price += sum(option.price for option in others)
            title = _title(item.name, names, place)
            return article(
                register_id, quantity, (title, _price(price, item.name, place)), choices
            ), []
        for option in others:
            if option.price:
                raise Unsupported(
                    f"“{option.name}” has a price and no id on the register: give it its id, or let our "
                    "prices be sent",
                    line=place,
                )
        return article(register_id, quantity, None, choices), names

    def _free(self, line: TicketLine, place: int) -> list[str]:
        """The price of a free line is the whole unit's; all that was chosen stands in its title."""
        if not self._free_lines:
            raise Unsupported(
                f"“{line.name}” has no id on the register: give it one, or allow free lines",
                line=place,
            )
        if line.choices:
            raise Unsupported(
                f"“{line.name}” is a set menu and has no id on the register: give it one",
                line=place,
            )
        title = _title(line.name, [_named(option, place) for option in line.options], place)
        price = _price(line.unit_total, line.name, place)
        return free(self._department(line, place), title, price, line.quantity)

    def _department(self, line: TicketLine, place: int) -> int | None:
        if self._free_lines is True:
            return None
        if not isinstance(self._free_lines, dict):
            raise Unsupported("free_lines is true, or an object of VAT rate to department")
        for rate, department in self._free_lines.items():
            if _rate(rate) == line.vat:
                return _id(str(department), "the department", place)
        raise Unsupported(
            f"“{line.name}” has a VAT rate of {line.vat:f} %, and free_lines names no department for it",
            line=place,
        )


def _named(option: TicketOption, place: int) -> str:
    if not (name := clean(option.name)):
        raise Unsupported("an option has no name", line=place)
    return name


def _title(name: str, options: Iterable[str], place: int) -> str:
    """What is printed for a line: its name, and its options that have no id."""
    if not clean(name):
        raise Unsupported("a product has no name", line=place)
    return ", ".join([clean(name), *options])


def _price(cents: int, name: str, place: int) -> int:
    if cents < 0:
        raise Unsupported(f"“{name}”: a price is less than nothing", line=place)
    return cents


def _id(register_id: str | None, name: str, place: int | None) -> int:
    if not register_id:
        raise Unsupported(f"{name} has no id on the register: give it one", line=place)
    problem = Enregistreuse.id_problem(register_id)
    if problem or len(register_id) > 18:
        raise Unsupported(f"{name}: {problem or 'the id is too long'}", line=place)
    if not int(register_id):
        raise Unsupported(f"{name}: 0 is no id on this register", line=place)
    return int(register_id)


def _table(ticket: Ticket) -> int:
    if ticket.table_register_id:
        return _id(ticket.table_register_id, "the table", None)
    if not LOWEST_TABLE <= ticket.table <= HIGHEST_TABLE:
        raise Unsupported(f"table {ticket.table} is not one from {LOWEST_TABLE} to {HIGHEST_TABLE}")
    return ticket.table


def _payment(options: Mapping[str, Any]) -> int:
    payment = options.get("payment", UNPAID[0])
    if type(payment) is not int or payment not in UNPAID:
        raise Unsupported("payment is -1 or -2: a table pays at the till, never through us")
    return payment


def _whole_numbers(options: Mapping[str, Any]) -> Iterable[tuple[str, int]]:
    for name in WHOLE_NUMBERS:
        value = options.get(name)
        if value is None:
            continue
        if type(value) is not int or not 0 <= value < 10**18:
            raise Unsupported(f"{name} is a whole number, or left out")
        yield name, value


def _flag(options: Mapping[str, Any], name: str) -> bool:
    value = options.get(name, False)
    if not isinstance(value, bool):
        raise Unsupported(f"{name} is true or false")
    return value


def _rate(text: object) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def clean(text: str) -> str:
    """Without what a printer would obey, and without what would end a part of an item (T11)."""
    return texts.clean(text.replace("_", "-"))


# --- Reading answers ----------------------------------------------------------------------------


def _is_order(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value < 10**18  # True is 1, and "1" is a guess


def _plu(value: Any) -> int | None:
    """An article's id, a number or its digits."""
    if isinstance(value, str) and Enregistreuse.id_problem(value) is None and len(value) <= 18:
        return int(value)
    return value if type(value) is int and value >= 0 else None


def _cents(value: Any) -> int | None:
    """Of "8.50", 8.5 or "8,50"; None where it is no price, so that none is compared."""
    text = str(value).strip().replace(",", ".")
    return money.cents(text) if re.fullmatch(r"\d{1,7}(\.\d{1,2})?", text, re.ASCII) else None


def _list(said: Any) -> list[dict[str, Any]] | None:
    """A list of objects, alone or under one key; None where it is neither."""
    if isinstance(said, dict):
        inner = [value for value in said.values() if isinstance(value, list)]
        said = inner[0] if len(inner) == 1 and not said.get("errorMessage") else None
    return said if isinstance(said, list) and all(isinstance(row, dict) for row in said) else None


def _marked(rows: list[dict[str, Any]], number: int) -> str | None:
    """The register's ids of the sales whose private comment has our number as a whole word; None where none has."""
    pattern = re.compile(FOUND.format(number))
    mine = [row for row in rows if pattern.search(str(row.get(COMMENT, "")))]
    return ", ".join(str(row.get("orderID", "?")) for row in mine)[:50] if mine else None
