"""A simulated LEO2 register on a real port, and a restaurant that delivers to it."""

import pytest

from pos_bridge import outbox
from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from tests import factories
from tests.pos_bridge.steps import soon


@pytest.fixture
def leo2(tmp_path):
    """A strict register that knows every article; it judges, drops doubles, and keeps a ledger."""
    everything = Catalogue.of_everything()
    with Leo2Register(everything, ledger=tmp_path / "ledger.jsonl", scale=0.02) as register:
        yield register


class Restaurant:
    """Chez Alice with a register; `order()` is an order as services.place_order writes it."""

    def __init__(self, base_url, slug="chez-alice", **register):
        self.restaurant = factories.restaurant(slug)
        self.register = factories.register(self.restaurant, base_url=base_url, **register)
        self._guests = {}

    def order(self, table=12, **ticket):
        if table not in self._guests:
            at = factories.table(self.restaurant, table)
            self._guests[table] = factories.guest(at)
        order = factories.order(self._guests[table])
        return outbox.enqueue(
            order_id=order.pk,
            register=self.register,
            ticket=factories.ticket(table=table, order=order.number, **ticket),
        )


@pytest.fixture
def chez_alice(leo2, db):
    return Restaurant(leo2.url)


@pytest.fixture
def alice(db):
    """A restaurant whose register nobody speaks to: the test says what became of each try."""
    return Restaurant("https://caisse.example.fr")


@pytest.fixture
def now():
    return soon()
