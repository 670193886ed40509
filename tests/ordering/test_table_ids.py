"""The register's own id of a table where it differs from the number that the house knows it by: in admin, in the file,
on the ticket, and in what each adapter says.
"""

import json
from urllib.parse import parse_qs

import pytest

from ordering.models import Table
from ordering.services import cart, orders, pricing
from ordering.services.rehearsal import rehearse
from ordering.services.transfer import export_restaurant, import_restaurant
from pos_bridge.models import Addition
from pos_bridge.registers import ADAPTERS
from tests import factories
from tests.ordering.admin_cast import page, person, send

pytestmark = pytest.mark.django_db

# Where each says it: the test of a new adapter begins here.
SAID = {
    "leo2": lambda body: json.loads(body)["table"],
    "enregistreuse": lambda body: int(parse_qs(body)["idtable"][0]),
    "tiller": lambda body: json.loads(body)["tableId"],
}


@pytest.fixture
def house():
    made = factories.restaurant()
    factories.register(made)
    factories.product(made, "soupe")
    factories.table(made, 12)
    return made


def ordered_at(table):
    guest = factories.guest(table)
    cart.add(guest=guest, product_key="soupe", quantity=1, chosen=[])
    seen = pricing.priced(guest.visit).fingerprint
    order = orders.place(guest=guest, submission_key="first", seen=seen, language="fr")
    return Addition.objects.get(order=order)


@pytest.mark.parametrize("kind", ADAPTERS)
@pytest.mark.parametrize(("register_id", "said"), [("512", 512), ("", 12)])
def test_each_register_is_told_its_own_id_and_else_the_number(house, kind, register_id, said):
    house.registers.update(kind=kind)
    house.tables.update(register_id=register_id)
    addition = ordered_at(house.tables.get())
    assert addition.ticket["table"] == 12
    assert addition.ticket["table_register_id"] == (register_id or None)
    assert SAID[kind](addition.body) == said


def test_it_is_set_in_admin_and_travels_in_the_file(house, client):
    client.force_login(person("alice", manager=[house]))
    table = house.tables.get()
    assert send(client, page(Table, "change", table.pk), register_id=" 512 ").status_code == 302
    data = export_restaurant(house)
    assert data["tables"][0]["register_id"] == "512"
    house.tables.update(register_id="")
    del data["register"]
    import_restaurant(data=data)
    assert house.tables.get().register_id == "512"


def test_a_table_that_is_another_one_on_the_register_is_said_when_it_is_saved(house, client):
    """P25: the guests of one would order on the other."""
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))
    table = factories.table(house, 512)
    response = send(client, page(Table, "change", table.pk), register_id="12")
    said = [str(each) for each in response.wsgi_request._messages]
    assert any("Table 12 is the same table on the register" in each for each in said)
    assert any("is the same table" in each.words for each in rehearse(house, ask=False))
