"""LEO2 (LEO2Click): additions to a table over its relay. The vendor's page is
docs/registers/leo2_table_addition.fr.txt.

Between us and the till stands a relay: its answer to the POST says that the relay has the addition, the lists
of states say what became of it. A second addition with a known number is dropped, so the same number and the
same bytes may be sent again.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import count
from typing import Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import simplejson

from pos_bridge import money
from pos_bridge.errors import DeliveryError, Unsupported
from pos_bridge.registers.answers import JSON, read_json
from pos_bridge.registers.base import Adapter, Receipt, TillState
from pos_bridge.registers.http import Answer
from pos_bridge.registers.secret import Secret
from pos_bridge.registers.texts import clean
from pos_bridge.ticket import Ticket, TicketChoice, TicketLine, TicketOption

LOWEST_TABLE, HIGHEST_TABLE = 1, 89_999
SENT = 0  # what the sender puts; any other state, and so any payment, is the till's to write (P20)

# --- Assumed ------------------------------------------------------------------------------------
# Nobody says it; it is what we build on until the vendor says otherwise (docs/registers/README.md). All of it is here.

PATH = "/api.php"  # under the base address
CONTENT_TYPE = JSON  # of what we send, and of any answer that we believe
FIRST_IDX = (
    1  # lines are numbered in reading order, the choices of a set menu on in the same sequence
)

# The answer to a POST repeats our number and one of these, or else it is no refusal either. A 0 may be our own body
# echoed: the lists decide, unless an `error` in words stands beside it.
TAKEN = {1, 2, 9}
REFUSED = 4

# What a list says of an addition. In the list of those that reached the till, each documented state is what it says.
ON_TILL: Mapping[str, Literal["accepted", "received", "settled", "refused"]] = {
    "0": "accepted",
    "1": "received",
    "2": "received",
    "4": "refused",
    "9": "settled",
}
# In the list of all, 1 may be the relay's word; 2 and 9 can only be the till's.
ON_RELAY: Mapping[str, Literal["accepted", "received", "settled", "refused"]] = {
    **ON_TILL,
    "1": "accepted",
}
# Where the lists differ, one of them is older.
ORDER = (None, "accepted", "received", "refused", "settled")


def message(option: TicketOption) -> dict[str, Any]:
    """An option; its price for one unit of its product, TTC, left out where it is 0."""
    body: dict[str, Any] = {"title": clean(option.name)}
    if option.register_id:
        body = {"id": int(option.register_id), **body}
    if option.price:
        body["add_price"] = money.wire(option.price)
    return body


def note(text: str) -> dict[str, Any]:
    """A diner's note: a message with a title and no id."""
    return {"title": text}


def told_serving(ticket: Ticket) -> list[str]:
    """For each line what its note says of how the guests want to be served: this register knows no courses, and its
    addition has no text of its own. Each line that has a course says it, so that every printer of the kitchen does.
    """
    words = clean(ticket.serving_words)
    has_course = [bool(each) for each in ticket.courses]
    # Said by somebody in any case.
    return [words if any(has_course) is each else "" for each in has_course]


def set_menu(line: dict[str, Any], choices: list[dict[str, Any]]) -> dict[str, Any]:
    """A product with products, their quantities for one menu, their prices the supplements."""
    return {**line, "products": choices}


def ht_of_line(line: TicketLine) -> int:
    """Cents before tax of a whole line: each unit price, option and supplement rounded apart, then summed."""
    unit = money.ht(line.unit_price, line.vat) + _ht_of_options(line.options, line.vat)
    for choice in line.choices:
        unit += choice.quantity * (
            money.ht(choice.supplement, choice.vat) + _ht_of_options(choice.options, choice.vat)
        )
    return line.quantity * unit


# --- To the letter of the page ------------------------------------------------------------------


class Leo2(Adapter):
    label = "LEO2 (LEO2Click)"
    drops_doubles = True
    can_look_up = False  # by its number alone; the lists are what there is
    can_list_states = True
    credential_names = ("shop", "pub_key")
    secret_names = ("pub_key",)
    shop_name = "shop"

    @classmethod
    def build(
        cls, ticket: Ticket, number: int, options: Mapping[str, Any], uuid: UUID | None = None
    ) -> str:
        """Raises Unsupported for what this register cannot be told."""
        if not ticket.lines:
            raise Unsupported("the order has no line")
        if ticket.covers < 1:
            raise Unsupported("the covers are unknown")
        idx = count(FIRST_IDX)
        serving = told_serving(ticket)
        products = [
            _product(line, place, idx, serving[place]) for place, line in enumerate(ticket.lines)
        ]
        ht = sum(ht_of_line(line) for line in ticket.lines)
        body = {
            "id": number,
            "state": SENT,
            "products": products,
            "table": _table(ticket),
            "nbCouverts": ticket.covers,
            "total_order": {
                "ht": money.wire(ht),
                "tva_amount": money.wire(ticket.total - ht),
                "ttc": money.wire(ticket.total),
            },
        }
        return simplejson.dumps(
            body, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )

    def send(self, number: int, body: str) -> Receipt:
        answer = self.post(self._url("atoo_post_table"), body.encode(), CONTENT_TYPE)
        return self._read_receipt(number, answer)

    def list_states(self) -> dict[int, TillState]:
        states = self._list("atoo_statelist_table", ON_TILL)
        try:
            everything = self._list("atoo_statelist_table_all", ON_RELAY)
        except DeliveryError:
            # What reached the till is known; the rest is asked for again in a moment.
            return states
        for number, till in states.items():
            relay = everything.get(number)
            if relay is None or ORDER.index(relay.state) <= ORDER.index(till.state):
                everything[number] = till
        return everything

    def check(self) -> None:
        self._list("atoo_statelist_table", ON_TILL)

    def _url(self, method: str) -> Secret:
        query = {"module": "atoo_shop", "type": "table", "method": method}
        keys = {name: self.credentials.get(name, "") for name in self.credential_names}
        return Secret(f"{self.base_url.rstrip('/')}{PATH}?{urlencode({**query, **keys})}")

    def _read_receipt(self, number: int, answer: Answer) -> Receipt:
        """A success repeats our number and says a state that we know. What cannot be read may all the same be
        booked.
        """
        said = read_json(answer)
        if not isinstance(said, dict):
            raise self.unclear("unreadable", answer)
        state, error = said.get("state"), said.get("error")
        if not _is_int(said.get("id"), number):
            # Not about us: what stands in front of the relay may say so after the relay has booked.
            raise self.unclear("unreadable", answer)
        if _is_int(state, REFUSED) or _is_refused_in_words(state, error):
            raise self.refusal("refused", str(error or ""), answer)
        if _is_int(state, *TAKEN) and not error and answer.status in {200, 201}:
            return self.receipt("accepted", str(state), answer)
        raise self.unclear("unreadable", answer)

    def _list(
        self,
        method: str,
        meaning: Mapping[str, Literal["accepted", "received", "settled", "refused"]],
    ) -> dict[int, TillState]:
        """Raises DeliveryError where it is not a list."""
        answer = self.get(self._url(method))
        rows = _rows(read_json(answer)) if answer.status == 200 else None
        if rows is None:
            raise self.unclear("unreadable", answer)
        # A number that stands there twice: the later row is the later word. A word that we know is left as it is.
        return {
            int(number): TillState(
                meaning.get(state), state if state in meaning else self.scrub(state)
            )
            for number, state in rows
        }


def _product(line: TicketLine, place: int, idx: Iterator[int], serving: str = "") -> dict[str, Any]:
    if line.quantity < 1:
        raise Unsupported(f"“{line.name}”: the quantity is not at least 1", line=place)
    if line.total < 0:
        raise Unsupported(
            f"“{line.name}”: the line would cost less than nothing; let no option take off more than it costs",
            line=place,
        )
    body = _priced(line, line.unit_price, place, idx)
    if texts := [text for text in (clean(line.note), serving) if text]:
        body["messages"] = [*body.get("messages", []), *map(note, texts)]
    if not line.choices:
        return body
    return set_menu(body, [_choice(choice, place, idx) for choice in line.choices])


def _choice(choice: TicketChoice, place: int, idx: Iterator[int]) -> dict[str, Any]:
    if choice.quantity < 1:
        raise Unsupported(f"“{choice.name}”: a choice's quantity is not at least 1", line=place)
    return _priced(choice, choice.supplement, place, idx)


def _priced(
    item: TicketLine | TicketChoice, unit_ttc: int, place: int, idx: Iterator[int]
) -> dict[str, Any]:
    """What lines and choices have in common, in the order of the vendor's page."""
    if unit_ttc < 0:
        raise Unsupported(f"“{item.name}”: a price is less than nothing", line=place)
    body: dict[str, Any] = {
        "id": _id(item.register_id, f"“{item.name}”", place),
        "idx": next(idx),
        "quantity": item.quantity,
        "price": {
            "unit_ht": money.wire(money.ht(unit_ttc, item.vat)),
            "tva_rate": _rate(item, place),
            "unit_ttc": money.wire(unit_ttc),
        },
    }
    if item.options:
        body["messages"] = [_message(option, item.name, place) for option in item.options]
    return body


def _message(option: TicketOption, of: str, place: int) -> dict[str, Any]:
    if option.register_id:
        _id(option.register_id, f"“{option.name}”", place)
    elif option.price:
        raise Unsupported(
            f"“{option.name}” has a price and no message id; give it the register's, or no price",
            line=place,
        )
    if not clean(option.name):
        raise Unsupported(f"“{of}”: an option has no name", line=place)
    return message(option)


def _id(register_id: str | None, name: str, place: int | None) -> int:
    if not register_id:
        raise Unsupported(f"{name} has no id on the register; write it into the carte", line=place)
    problem = Leo2.id_problem(register_id)
    if problem or len(register_id) > 18:
        raise Unsupported(f"{name}: {problem or 'the id is too long'}", line=place)
    return int(register_id)


def _rate(item: TicketLine | TicketChoice, place: int) -> Decimal:
    """20.00 as 20, 5.50 as 5.5."""
    hundredths = item.vat * 100
    if hundredths != int(hundredths) or not 0 <= item.vat <= 100:
        raise Unsupported(f"“{item.name}”: {item.vat} is no VAT rate", line=place)
    return money.wire(int(hundredths))


def _table(ticket: Ticket) -> int:
    named = ticket.table_register_id
    table = _id(named, "the table", None) if named else ticket.table
    if not LOWEST_TABLE <= table <= HIGHEST_TABLE:
        raise Unsupported(f"table {table} is not one from {LOWEST_TABLE} to {HIGHEST_TABLE}")
    return table


def _ht_of_options(options: Iterable[TicketOption], vat: Decimal) -> int:
    return sum(money.ht(option.price, vat) for option in options)


# --- Reading answers ----------------------------------------------------------------------------


def _is_int(value: object, *wanted: int) -> bool:
    return type(value) is int and value in wanted  # True is 1, and "1" is a guess


def _is_refused_in_words(state: object, error: object) -> bool:
    """Words beside a state that may mean a success contradict themselves."""
    in_words = isinstance(error, str) and bool(error.strip())
    return in_words and (state is None or _is_int(state, SENT))


def _rows(said: Any) -> list[tuple[str, str]] | None:
    """(number, state) of a list in any of its shapes (assumed): a list of objects, alone or under one key, or an
    object of number to state; numbers or strings. None where it is none of them. What is not a number of an
    addition is left out.
    """
    if isinstance(said, dict) and not all(_is_number(key) for key in said):
        inner = [value for value in said.values() if isinstance(value, list | dict)]
        if len(inner) != 1 or said.get("error"):
            return None
        said = inner[0]
    if isinstance(said, dict):
        pairs = list(said.items())
    elif isinstance(said, list) and all(isinstance(row, dict) for row in said):
        pairs = [(row.get("id"), row.get("state")) for row in said]
    else:
        return None
    return [
        (str(number), str(state))
        for number, state in pairs
        if _is_number(number) and isinstance(state, int | str) and not isinstance(state, bool)
    ]


def _is_number(value: object) -> bool:
    text = str(value) if type(value) in {int, str} else ""
    return text.isascii() and text.isdigit() and len(text) <= 18
