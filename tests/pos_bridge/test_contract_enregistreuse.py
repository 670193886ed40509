"""enregistreuse.fr is held to the contract of all registers, with its own prices and with ours."""

from decimal import Decimal
from urllib.parse import parse_qsl, unquote_plus

from pos_bridge.errors import Rejected, Uncertain
from pos_bridge.simulator.catalogue import Article, Catalogue, Option
from pos_bridge.simulator.enregistreuse import EnregistreuseRegister
from pos_bridge.simulator.enregistreuse_answers import WRONG_TYPES
from tests.pos_bridge.contract.building import Building
from tests.pos_bridge.contract.hooks import SCALE, Hooks, Outcome
from tests.pos_bridge.register_contract import RegisterContract

TAKEN = Outcome(None, "", True)


class OfEnregistreuse(Hooks):
    kind = "enregistreuse"
    credentials = {"idboutique": "SHOP1", "key": "KEY1-of-the-till"}
    success = "received"
    # It refuses a key in the words in which it refuses a sale.
    wrong_key = Rejected
    wrong_types = WRONG_TYPES
    unsupported = {
        "six_options": "let fewer be chosen",
        "a_paid_option_without_id": "no id on the register",
        "a_product_without_id": "no id on the register",
        "a_choice_without_id": "no id on the register",
        "an_id_that_is_no_number": "only ASCII digits",
        "no_line": "no line",
        "no_covers": "covers",
        "none_of_one": "quantity",
        "less_than_nothing": "less than nothing",
    }
    outcomes = {
        "json_message_before": Outcome(Rejected, "refused", False),
        "json_message_after": Outcome(Rejected, "refused", True),
        "answer(success)": TAKEN,
        "answer(result)": TAKEN,
        "answer(digits)": TAKEN,
        "refuse(success)": Outcome(Rejected, "refused", False),
        "refuse(message)": Outcome(Rejected, "refused", False),
        # Any other text may come from a sale that was booked.
        "refuse(text)": Outcome(Uncertain, "unreadable", False),
    }

    def simulator(self, *, credentials):
        return EnregistreuseRegister(
            Catalogue.of_everything(),
            shop=credentials["idboutique"],
            key=credentials["key"],
            scale=SCALE,
        )

    def refuses(self, said):
        """Also a dish with more options than its form has fields for (“lg”, choix1 to choix5)."""
        items = [each for line in said.lines for each in (line, *line.choices)]
        return super().refuses(said) or any(
            sum(bool(option.register_id) for option in item.options) > 5 for item in items
        )

    def teach(self, register, said):
        """The till prices articles and choices by itself."""
        for line in said.lines:
            items = [(line, line.unit_price), *((each, 0) for each in line.choices)]
            for item, price in items:
                if item.register_id and item.register_id.isdigit():
                    known = Article(item.name, item.vat, Decimal(price) / 100)
                    register.catalogue.articles.setdefault(int(item.register_id), [known])
                for option in item.options:
                    if option.register_id and option.register_id.isdigit():
                        price_of_one = Decimal(option.price) / 100
                        register.catalogue.options[int(option.register_id)] = [
                            Option(option.name, price_of_one)
                        ]
            if line.register_id and line.register_id.isdigit():
                known = Article(line.name, line.vat, Decimal(line.unit_price) / 100)
                register.catalogue.articles[int(line.register_id)] = [known]
        self._articles = {n: each[0].price for n, each in register.catalogue.articles.items()}
        self._options = {n: each[0].price for n, each in register.catalogue.options.items()}

    def cents_on_till(self, entry):
        total = Decimal(0)
        for name, value in self._fields(entry):
            if name != "itemsList[]":
                continue
            first, *parts = value.split("_")
            if first == "Free" or first.startswith("-"):
                total += Decimal(parts[0])
                continue
            quantity, _title, price, *choices = [*parts, "", ""] if len(parts) == 1 else parts
            unit = Decimal(price) if price else self._articles[int(first)]
            unit += sum(self._options[int(each)] for each in choices if each)
            total += int(quantity) * unit
        return int((total * 100).to_integral_exact())

    def place_on_till(self, entry):
        fields = dict(self._fields(entry))
        return int(fields["idtable"]), int(fields["numcouverts"])

    def says_no_payment(self, entry):
        return [value for name, value in self._fields(entry) if "pay" in name] in (["-1"], ["-2"])

    def spoilt(self, body):
        return body.replace("deliveryMethod=2", "deliveryMethod=9")

    def text_on_till(self, entry):
        return unquote_plus(entry["raw"]).replace("_", " ")

    def _fields(self, entry):
        return parse_qsl(entry["raw"], keep_blank_values=True, strict_parsing=True)


class TestEnregistreuse(OfEnregistreuse, RegisterContract):
    """With the register's own prices, as it is set up where nobody says otherwise."""


class TestEnregistreuseWithOurPrices(OfEnregistreuse, Building):
    """Titles and prices of ours are forced, and what has no id is a free line."""

    options = {"send_prices": True, "free_lines": True, "payment": -2, "idUser": 3}
    unsupported = {
        name: word
        for name, word in OfEnregistreuse.unsupported.items()
        if name not in {"a_paid_option_without_id", "a_product_without_id"}
    }
