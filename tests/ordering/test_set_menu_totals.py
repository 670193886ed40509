"""P13: what a set menu comes to is one number on the phone, in the order, in the ticket and on every till."""

import os
from decimal import Decimal
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ordering.services import cart, orders, pricing, tickets
from ordering.services.problems import Refused
from pos_bridge.errors import Unsupported
from pos_bridge.registers.base import Receipt
from tests import factories
from tests.pos_bridge import test_contract_enregistreuse as enregistreuse
from tests.pos_bridge import test_contract_leo2 as leo2
from tests.pos_bridge import test_contract_tiller as tiller
from tests.pos_bridge.contract.hooks import tried
from tests.pos_bridge.contract.tickets import confirmed

pytestmark = [pytest.mark.django_db, pytest.mark.wire, pytest.mark.once]

ORACLES = [
    leo2.TestLeo2,
    enregistreuse.TestEnregistreuse,
    enregistreuse.TestEnregistreuseWithOurPrices,
    tiller.TestTiller,
]
RATES = st.sampled_from([Decimal(rate) for rate in ("2.10", "5.50", "10.00", "20.00")])
# A dish inside a menu: what it costs alone and on top, and the prices of two groups of options: one asked, one added.
DISHES = st.fixed_dictionaries(
    {
        "price": st.integers(0, 60_00),
        "supplement": st.integers(0, 20_00),
        "vat": RATES,
        "asked": st.lists(st.integers(-2_00, 5_00), max_size=2),
        "added": st.lists(st.integers(-50, 2_00), max_size=2),
        "taken": st.booleans(),
    }
)
MENUS = st.fixed_dictionaries(
    {
        "price": st.integers(0, 80_00),
        "vat": RATES,
        "quantity": st.integers(1, 20),
        "courses": st.lists(st.lists(DISHES, min_size=1, max_size=3), min_size=1, max_size=3),
    }
)


def set_up(house, number, said):
    """The menu on the carte, and the choices of a guest who takes what is `taken`."""
    courses, bounds, picks = {}, {}, []
    for place, dishes in enumerate(said["courses"]):
        course = f"course-{place}"
        taken = sum(dish["taken"] for dish in dishes)
        bounds[course] = (taken, max(taken, 1))
        courses[course] = {}
        for which, dish in enumerate(dishes):
            key = f"dish-{number}-{place}-{which}"
            made = factories.product(house, key, price=dish["price"], vat=dish["vat"])
            courses[course][key] = dish["supplement"]
            asked = {f"o{n}": price for n, price in enumerate(dish["asked"])}
            factories.option_group(made, f"{key}-asked", asked, max=None)
            added = {f"a{n}": price for n, price in enumerate(dish["added"])}
            factories.option_group(made, f"{key}-added", added, kind="automatic")
            if dish["taken"]:
                chosen = [[f"{key}-asked", option] for option in asked]
                picks.append({"course": course, "product": key, "chosen": chosen})
    key = f"menu-{number}"
    factories.set_menu(house, key, courses, bounds=bounds, price=said["price"], vat=said["vat"])
    return {"menu_key": key, "quantity": said["quantity"], "composed": picks}


def by_hand(said):
    """The cents of a line, added up here without the project's help."""
    taken = [dish for dishes in said["courses"] for dish in dishes if dish["taken"]]
    inside = sum(dish["supplement"] + sum(dish["asked"]) + sum(dish["added"]) for dish in taken)
    return said["quantity"] * (said["price"] + inside)


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.__name__)
def test_phone_order_ticket_and_till_add_up_to_the_same_p13(oracle):
    told = oracle()
    house = factories.restaurant(limit_amount_per_cover=10**9)
    factories.register(house)
    guest = factories.guest(factories.table(house))
    entries = count()
    with told.simulator(credentials=told.credentials) as register:
        adapter = told.adapter_at(register.url)

        @settings(
            max_examples=int(os.environ.get("EXAMPLES", "25")),
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(menus=st.lists(MENUS, min_size=1, max_size=2))
        def adds_up(menus):
            before = transaction.savepoint()
            try:
                judge(menus)
            finally:
                transaction.savepoint_rollback(before)

        def judge(menus):
            for number, said in enumerate(menus):
                wanted = set_up(house, number, said)
                if by_hand(said) < 0:
                    with pytest.raises(Refused, match="below_zero"):
                        cart.add_menu(guest=guest, **wanted)
                    return
                cart.add_menu(guest=guest, **wanted)
            seen = pricing.priced(guest.visit)
            order = orders.place(
                guest=guest, submission_key="0123456789abcdef", seen=seen.fingerprint, language="fr"
            )
            ticket = tickets.of_order(order)
            total = sum(by_hand(said) for said in menus)
            assert seen.total == order.total == ticket.total == confirmed(ticket) == total
            assert sum(line.total for line in order.lines.all()) == total
            number = next(told.numbers)
            if told.refuses(ticket):
                with pytest.raises(Unsupported):
                    told.build(ticket, number)
                return
            told.teach(register, ticket)
            outcome = tried(adapter, told.build(ticket, number), number)
            assert isinstance(outcome, Receipt), outcome
            (entry,) = register.ledger(after=next(entries))
            assert told.cents_on_till(entry) == total

        adds_up()
