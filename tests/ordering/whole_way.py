"""The whole way of a restaurant file: a phone that orders all of it, sums by hand, and the judges of the registers.

Sums here are made of the file's own texts, without the project's help.
"""

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest

from ordering.services import tickets
from pos_bridge import outbox
from pos_bridge.errors import Unsupported
from pos_bridge.registers.base import Receipt
from tests.ordering.diner_phone import Phone
from tests.pos_bridge import test_contract_enregistreuse as enregistreuse
from tests.pos_bridge import test_contract_leo2 as leo2
from tests.pos_bridge import test_contract_tiller as tiller
from tests.pos_bridge.contract.hooks import tried
from tests.pos_bridge.contract.tickets import confirmed

ORACLES: list[Any] = [
    leo2.TestLeo2,
    enregistreuse.TestEnregistreuseWithOurPrices,
    tiller.TestTiller,
]


def cents(text):
    """Of the file's price."""
    return int(text.replace(".", ""))


@dataclass
class Wanted:
    """One thing that a guest orders: the form that a phone sends, and what it costs, by hand."""

    address: str
    form: dict
    unit: int
    names: list[str] = field(default_factory=list)

    @property
    def total(self):
        return self.unit * int(self.form["quantity"])


def everything(data, quantity=lambda number: number % 3 + 1):
    """Of each product and each set menu a line: of each question and course, as few as may be, and at least one."""
    groups = {group["key"]: group for group in data.get("option_groups", [])}
    products = {product["key"]: product for product in data["products"]}
    found = [_product(product, groups) for product in data["products"]]
    found += [_menu(menu, products, groups) for menu in data.get("set_menus", [])]
    for number, each in enumerate(found):
        each.form["quantity"] = str(quantity(number))
    return found


def _product(product, groups):
    chosen, price, names = _options(product, groups, "option.")
    form = {"product": product["key"], **chosen}
    return Wanted("add/", form, cents(product["price"]) + price, [product["name"]["fr"], *names])


def _menu(menu, products, groups):
    form, unit, names = {}, cents(menu["price"]), [menu["name"]["fr"]]
    for course in menu["courses"]:
        wanted = max(course.get("min", 1), min(course.get("max", 1), 2))
        taken = course["choices"][:wanted]
        form[f"choice.{course['key']}"] = [choice["product"] for choice in taken]
        for choice in taken:
            product = products[choice["product"]]
            start = f"option.{course['key']}.{product['key']}."
            chosen, price, inside = _options(product, groups, start)
            form |= chosen
            unit += cents(choice.get("supplement", "0.00")) + price
            names += [product["name"]["fr"], *inside]
    return Wanted(f"m/{menu['key']}/add/", form, unit, names)


def _options(product, groups, start):
    form, price, names = {}, 0, []
    for key in product.get("option_groups", []):
        group = groups[key]
        taken = group["options"]
        if group.get("kind") != "automatic":
            taken = taken[: max(group.get("min", 0), 1)]
            form[f"{start}{key}"] = [option["key"] for option in taken]
        price += sum(cents(option.get("price", "0.00")) for option in taken)
        names += [option["name"]["fr"] for option in taken]
    return form, price, names


def put(phone, wanted):
    for each in wanted:
        answer = phone.post(f"{phone.visit}{each.address}", each.form)
        assert answer.status_code == 303, (each, answer.content.decode()[-3_000:])


def shown_total(phone):
    """The cents that the cart page asks the diner to confirm."""
    text = re.search(r'id="sum"[^>]*>.*?<b>(.*?)</b>', phone.cart(), re.DOTALL)
    assert text
    return int(re.sub(r"[^0-9]", "", text[1]))


def joined(table, covers=30):
    return Phone("fr").join(table, covers)


@contextmanager
def tills():
    """The registers' judges, each with what it says of itself and where its ledger stands."""
    with ExitStack() as stack:
        found = []
        for oracle in ORACLES:
            told = oracle()
            register = stack.enter_context(told.simulator(credentials=told.credentials))
            found.append((told, register, told.adapter_at(register.url, divisor=1.0), count()))
        yield found


def judged(till, order, total):
    """What the till books of this order is what the diner has confirmed; what it cannot be told is refused in words."""
    told, register, adapter, entries = till
    ticket = tickets.of_order(order)
    assert ticket.total == confirmed(ticket) == total
    if told.refuses(ticket):
        with pytest.raises(Unsupported):
            told.build(ticket, next(told.numbers))
        rest = [line for line in ticket.lines if not told.refuses(replace(ticket, lines=(line,)))]
        ticket = replace(ticket, lines=tuple(rest))
        if not rest:
            return
        total = confirmed(ticket)
    addition = outbox.latest(order.pk)
    if addition.register.kind == told.kind:
        # What was frozen when the order was placed is what is judged here.
        assert addition.body == told.build(ticket, addition.number)
    told.teach(register, ticket)
    number = next(told.numbers)
    outcome = tried(adapter, told.build(ticket, number), number)
    assert isinstance(outcome, Receipt), outcome
    (entry,) = register.ledger(after=next(entries))
    assert told.cents_on_till(entry) == total
    text = told.text_on_till(entry)
    for line in ticket.lines:
        assert (line.register_id or line.name) in text
