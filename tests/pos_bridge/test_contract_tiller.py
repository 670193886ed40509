"""Tiller's Order API v2 is held to the contract of all registers."""

from pos_bridge.errors import Uncertain
from pos_bridge.simulator.catalogue import Catalogue
from pos_bridge.simulator.tiller import TillerRegister
from tests.pos_bridge.contract.hooks import SCALE, Outcome
from tests.pos_bridge.register_contract import RegisterContract

TAKEN = Outcome(None, "", True)


class TestTiller(RegisterContract):
    kind = "tiller"
    credentials = {"restaurant_token": "token-of-the-house", "provider_token": "token-of-ours"}
    success = "received"
    unsupported = {
        "an_option_that_takes_off": "costs less than nothing",
        "half_a_cent": "costs less than nothing",
        "less_than_nothing": "costs less than nothing",
        "a_long_note": "shorten it",
        "an_id_that_is_no_number": "only ASCII digits",
        "no_line": "no line",
        "no_covers": "covers",
        "none_of_one": "quantity",
    }
    outcomes = {
        # The wire's own refusal is in another register's words.
        "json_error_before": Outcome(Uncertain, "unreadable", False),
        "json_error_after": Outcome(Uncertain, "unreadable", True),
        # Refused as a double; whether it is ours the outbox decides, who knows what was tried before.
        "dup_known": TAKEN,
        "dup_unknown": Outcome(None, "", False),
        "forget_ids": TAKEN,
    }
    # It refuses the second one. Nothing documents that, so nothing relies on it.
    doubles_on_till = 1

    def simulator(self, *, credentials):
        return TillerRegister(Catalogue.of_everything(), scale=SCALE, **credentials)

    def cents_on_till(self, entry):
        return sum(
            each["price"]
            for line in entry["body"]["lines"]
            for each in (line, *line.get("extraLines", []))
        )

    def place_on_till(self, entry):
        return entry["body"]["tableId"], entry["body"]["nbCustomers"]

    def is_ours(self, entry, number, uuid):
        return entry["body"]["externalId"] == str(uuid) and uuid.version == 4

    def says_no_payment(self, entry):
        body = entry["body"]
        told = {*body, *(name for line in body["lines"] for name in line)}
        return body["status"] == "IN_PROGRESS" and not any("pay" in name.lower() for name in told)

    def spoilt(self, body):
        return body.replace('"nbCustomers":2', '"nbCustomers":-2')

    def refuses(self, said):
        options = [
            one for line in said.lines for each in (line, *line.choices) for one in each.options
        ]
        return any(option.price < 0 for option in options)
