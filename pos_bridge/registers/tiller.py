"""Tiller, Order API v2: an order on Tiller's server. The vendor's page is docs/registers/tiller_order_v2.fr.txt, and
docs/registers/tiller.md says of each of its fields what becomes of it.

Both tokens stand in the body. They are put into it when it is sent, so the text that is frozen holds none. Whether a
repeat is refused is written nowhere, so an unclear outcome waits for a person, and nothing is sent twice by itself.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import simplejson
from django.utils.translation import gettext_lazy as _

from pos_bridge import money
from pos_bridge.errors import Uncertain, Unsupported
from pos_bridge.registers.answers import JSON, parse, read_json
from pos_bridge.registers.base import Adapter, Receipt, TillState
from pos_bridge.registers.http import Answer
from pos_bridge.registers.secret import DOTS, Secret
from pos_bridge.registers.texts import clean, length, shorten
from pos_bridge.ticket import Ticket, TicketChoice, TicketLine, TicketOption

PATH = "/api/orders"  # under the base address
ORDER = 1  # not a booking
IN_PROGRESS = "IN_PROGRESS"  # open: paying and closing are the till's (P20)
# Characters.
LONGEST_ORDER_NAME, LONGEST_NAME, LONGEST_COMMENT = 32, 31, 255

# --- Assumed ------------------------------------------------------------------------------------
# Nobody says it; it is what we build on until the vendor says otherwise (docs/registers/README.md). All of it is here.

HIGHEST = 2**31 - 1  # of a whole number
FIRST_POSITION = 0  # lines are numbered in reading order through the whole order
BETWEEN = " – "  # in a comment, between the full name and the note

# The list of orders is public code's (observed); that one row of it is an answer to “do you know these tokens?”.
PROBE = {"page": "1", "maxResults": "1"}

# A repeat: 409 in JSON, or an error in words that names our externalId.
REPEAT = 409
# An error in words is a refusal with these, and with any other status nothing that we know.
REFUSED = {400, 422}


def order_name(ticket: Ticket) -> str:
    """What the waiter looks for on the till: the number that guest and staff see."""
    return f"Tablée {ticket.order}"


def sending(course: int | None) -> dict[str, int]:
    """Which of the kitchen's turns, from 0; nothing where the carte does not say."""
    return {"sending": course - 1} if course else {}


def in_one_turn(line: TicketLine) -> TicketLine:
    """What the guests want together is one turn, the first."""
    choices = tuple(replace(each, course=each.course and 1) for each in line.choices)
    return replace(line, course=line.course and 1, choices=choices)


def option_line(option: TicketOption, quantity: int, vat: Decimal, place: int) -> dict[str, Any]:
    """An option beside its line: as many as the line, its price that of all of them, outside the line's price."""
    if option.price < 0:
        raise Unsupported(
            f"“{option.name}” costs less than nothing, which this register cannot be told: "
            "lower the product's price instead",
            line=place,
        )
    item = _item(option.register_id, option.name, vat, place)
    return _line(item, "OPTION", quantity, option.price * quantity)


def choice_lines(menu: TicketLine, place: int, positions: Iterator[int]) -> list[dict[str, Any]]:
    """The choices of a set menu: lines of their own behind the menu's, at price 0, with what they cost alone. A
    supplement is an option beside its choice, so that it has the choice's VAT.
    """
    return [
        _choice(
            replace(choice, course=choice.course or menu.course), menu.quantity, place, positions
        )
        for choice in menu.choices
    ]


def supplement(choice: TicketChoice) -> TicketOption:
    """A choice's supplement, as an option beside it."""
    return TicketOption(f"Supplément {choice.name}", choice.supplement)


def order_id(said: dict[str, Any], external_id: str) -> int | None:
    """The register's own id in the answer of a success, which repeats our externalId; None where it is none."""
    number = said.get("id")
    is_ours = said.get("externalId") == external_id
    is_open = said.get("status", IN_PROGRESS) == IN_PROGRESS
    return number if type(number) is int and number > 0 and is_ours and is_open else None


def error_words(said: dict[str, Any]) -> str:
    """Why, as the answer has it, or nothing."""
    words = said.get("error") or said.get("message")
    return words.strip() if isinstance(words, str) else ""


# --- To the letter of the page ------------------------------------------------------------------


class Tiller(Adapter):
    note = _(
        "Only for this kind; its maker gives them to the restaurant, and calls this API deprecated: "
        "only a restaurant that still has it can use it."
    )
    label = "Tiller (Order API v2)"
    drops_doubles = False  # nobody says that it does
    can_look_up = (
        False  # by its own id of an order alone, which is unknown after an unclear outcome
    )
    can_list_states = False
    needs_uuid = True
    credential_names = ("restaurant_token", "provider_token")
    secret_names = credential_names
    shop_name = "restaurant_token"

    @classmethod
    def id_problem(cls, register_id: str) -> str | None:
        problem = super().id_problem(register_id)
        if problem is None and (len(register_id) > 18 or not 0 < int(register_id) <= HIGHEST):
            return "an id on this register is a number from 1 to 2147483647"
        return problem

    @classmethod
    def build(
        cls, ticket: Ticket, number: int, options: Mapping[str, Any], uuid: UUID | None = None
    ) -> str:
        """Raises Unsupported for what this register cannot be told."""
        if uuid is None:
            raise ValueError("an addition for Tiller has a UUID")
        if not ticket.lines:
            raise Unsupported("the order has no line")
        if ticket.covers < 1:
            raise Unsupported("the covers are unknown")
        if ticket.serving and not any(ticket.courses):
            raise Unsupported("how it shall be brought, and no line has a course")
        positions = count(FIRST_POSITION)
        together = ticket.serving == "together"
        told = [in_one_turn(line) if together else line for line in ticket.lines]
        body = {
            "externalId": str(uuid),
            "number": number,
            "type": ORDER,
            "status": IN_PROGRESS,
            "name": shorten(order_name(ticket), LONGEST_ORDER_NAME),
            "nbCustomers": ticket.covers,
            "tableId": _table(ticket),
            "lines": [
                line for place, each in enumerate(told) for line in _lines(each, place, positions)
            ],
        }
        return simplejson.dumps(
            body, use_decimal=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )

    def send(self, number: int, body: str) -> Receipt:
        external_id = json.loads(body)["externalId"]
        try:
            answer = self.post(self._url(), self._with_tokens(body), JSON)
        except Uncertain as error:
            said = parse(error.answer.encode())
            if error.http_status == REPEAT and isinstance(said, dict) and DOTS not in error.answer:
                return Receipt("received", "", REPEAT, error.answer, repeat=True)
            raise
        return self._read_receipt(external_id, answer)

    def list_states(self) -> dict[int, TillState]:
        """There is no list of what became of our orders."""
        raise NotImplementedError("Tiller has no list of states")

    def check(self) -> None:
        answer = self.get(self._url({**PROBE, **self._tokens()}))
        said = self._read(answer)
        is_error = isinstance(said, dict) and bool(error_words(said))
        if answer.status != 200 or not isinstance(said, dict | list) or is_error:
            raise self.unclear("unreadable", answer)

    def _url(self, query: Mapping[str, str] | None = None) -> Secret:
        asked = f"?{urlencode(query)}" if query else ""
        return Secret(f"{self.base_url.rstrip('/')}{PATH}{asked}")

    def _tokens(self) -> dict[str, str]:
        return {name: self.credentials.get(name, "") for name in self.credential_names}

    def _with_tokens(self, body: str) -> Secret:
        """The frozen text, its every byte as it is, with both tokens in front."""
        tokens = json.dumps(self._tokens(), separators=(",", ":"))
        return Secret(f"{tokens[:-1]},{body[1:]}")

    def _read(self, answer: Answer) -> Any:
        """The JSON of an answer, or None. Whoever repeats a token repeats our whole request, and so our externalId: a
        debug page, not the register.
        """
        text = answer.body.decode("utf-8", "replace")
        return read_json(answer) if self.scrub(text) == text else None

    def _read_receipt(self, external_id: str, answer: Answer) -> Receipt:
        """What cannot be read may all the same be booked."""
        said = self._read(answer)
        if not isinstance(said, dict):
            raise self.unclear("unreadable", answer)
        words, has_id = error_words(said), "id" in said
        if words and not has_id and external_id in words:
            return replace(self.receipt("received", "", answer), repeat=True)
        if words and not has_id and answer.status in REFUSED:
            raise self.refusal("refused", words, answer)
        found = order_id(said, external_id)
        if found and answer.status in {200, 201} and not said.get("error"):
            # Tiller's own id of the order: whoever looks there finds it by this.
            return self.receipt("received", f"id {found}"[:50], answer)
        raise self.unclear("unreadable", answer)


def _lines(line: TicketLine, place: int, positions: Iterator[int]) -> list[dict[str, Any]]:
    """A line of ours, and its choices where it is a set menu."""
    if line.quantity < 1:
        raise Unsupported(f"“{line.name}”: the quantity is not at least 1", line=place)
    if line.unit_price < 0:
        raise Unsupported(f"“{line.name}” costs less than nothing", line=place)
    item = _item(line.register_id, line.name, line.vat, place, line.note)
    body = _line(item, "PRODUCT", line.quantity, line.unit_price * line.quantity)
    _add_the_rest(body, line, place, positions)
    return [body, *choice_lines(line, place, positions)]


def _choice(
    choice: TicketChoice, menus: int, place: int, positions: Iterator[int]
) -> dict[str, Any]:
    if choice.quantity < 1:
        raise Unsupported(f"“{choice.name}”: a choice's quantity is not at least 1", line=place)
    if choice.supplement < 0 or choice.price_alone < 0:
        raise Unsupported(f"“{choice.name}” costs less than nothing", line=place)
    quantity = menus * choice.quantity
    body = _line(_item(choice.register_id, choice.name, choice.vat, place), "PRODUCT", quantity, 0)
    body["initialPrice"] = choice.price_alone * quantity
    more = (supplement(choice),) if choice.supplement else ()
    _add_the_rest(
        body, replace(choice, quantity=quantity, options=(*more, *choice.options)), place, positions
    )
    return body


def _add_the_rest(
    body: dict[str, Any], item: TicketLine | TicketChoice, place: int, positions: Iterator[int]
) -> None:
    body.update(sending(item.course))
    body["position"] = next(positions)
    if item.options:
        body["extraLines"] = [
            option_line(option, item.quantity, item.vat, place) for option in item.options
        ]


def _item(
    register_id: str | None, name: str, vat: Decimal, place: int, note: str = ""
) -> dict[str, Any]:
    """What the page asks for: the product's id, or else its name and tax; and a comment where there is one."""
    if register_id:
        number = _id(register_id, f"“{name}”", place)
        return {"productId": number, **_comment("", note, name, place)}
    full = clean(name)
    shown = shorten(full, LONGEST_NAME)
    if not shown:
        raise Unsupported(f"“{name}” has no name that this register could print", line=place)
    comment = _comment("" if shown == full else full, note, name, place)
    return {"name": shown, "tax": _rate(vat, name, place), **comment}


def _comment(full_name: str, note: str, name: str, place: int) -> dict[str, str]:
    """The note, and before it the full name where both fit. A note is never shortened."""
    note = clean(note)
    if length(note) > LONGEST_COMMENT:
        raise Unsupported(
            f"“{name}”: the note has more than {LONGEST_COMMENT} characters; shorten it", line=place
        )
    both = BETWEEN.join(text for text in (full_name, note) if text)
    text = both if length(both) <= LONGEST_COMMENT else note
    return {"comment": text} if text else {}


def _line(item: dict[str, Any], kind: str, quantity: int, price: int) -> dict[str, Any]:
    """`price` in cents for the whole line."""
    return {**item, "type": kind, "quantity": quantity, "price": price}


def _id(register_id: str, name: str, place: int | None) -> int:
    if problem := Tiller.id_problem(register_id):
        raise Unsupported(f"{name}: {problem}", line=place)
    return int(register_id)


def _rate(vat: Decimal, name: str, place: int) -> Decimal:
    """20.00 as 20.0 and 5.50 as 5.5, as the page writes them."""
    hundredths = vat * 100
    if hundredths != int(hundredths) or not 0 <= vat < 100:
        raise Unsupported(f"“{name}”: {vat} is no VAT rate", line=place)
    tenths, rest = divmod(int(hundredths), 10)
    return money.wire(int(hundredths)) if rest else Decimal(tenths).scaleb(-1)


def _table(ticket: Ticket) -> int:
    if ticket.table_register_id:
        return _id(ticket.table_register_id, "the table", None)
    if not 0 < ticket.table <= HIGHEST:
        raise Unsupported(f"table {ticket.table} is none that this register can have")
    return ticket.table
