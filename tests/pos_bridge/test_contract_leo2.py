"""LEO2 is held to the contract of all registers."""

import json
from fractions import Fraction

from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from tests.pos_bridge.contract.hooks import SCALE, Outcome
from tests.pos_bridge.register_contract import RegisterContract

TAKEN = Outcome(None, "", True)


class TestLeo2(RegisterContract):
    kind = "leo2"
    credentials = {"shop": "SHOP1", "pub_key": "KEY1-of-the-till"}
    success = "accepted"
    unsupported = {
        "a_paid_option_without_id": "no message id",
        "a_product_without_id": "no id on the register",
        "a_choice_without_id": "no id on the register",
        "an_id_that_is_no_number": "only ASCII digits",
        "no_line": "no line",
        "no_covers": "covers",
        "none_of_one": "quantity",
        "less_than_nothing": "less than nothing",
    }
    outcomes = {
        "dup_known": TAKEN,
        # The number was a stranger's: it looks like a success, and only the lists can tell.
        "dup_unknown": Outcome(None, "", False),
        "forget_ids": TAKEN,
        # The relay has it, and the till is off.
        "store_only": Outcome(None, "", False),
        "clamp31": TAKEN,
    }

    def simulator(self, *, credentials):
        return Leo2Register(Catalogue.of_everything(), scale=SCALE, **credentials)

    def cents_on_till(self, entry):
        total = Fraction(0)
        for product in self._read(entry)["products"]:
            unit = self._unit(product)
            unit += sum(each["quantity"] * self._unit(each) for each in product.get("products", []))
            total += product["quantity"] * unit
        assert self._read(entry)["total_order"]["ttc"] == total
        cents = total * 100
        assert cents.denominator == 1
        return int(cents)

    def place_on_till(self, entry):
        return entry["body"]["table"], entry["body"]["nbCouverts"]

    def says_no_payment(self, entry):
        return entry["body"]["state"] == 0 and "payment" not in entry["body"]

    def spoilt(self, body):
        return body.replace('"nbCouverts":2', '"nbCouverts":-2')

    def _read(self, entry):
        return json.loads(entry["raw"], parse_float=Fraction)

    def _unit(self, line):
        added = sum(each.get("add_price", 0) for each in line.get("messages", []))
        return line["price"]["unit_ttc"] + added
