"""P25: what the register cannot be told is found when the carte is saved, or a file is imported; not at dinner."""

import pytest
from django.utils import translation

from ordering.models import Product
from ordering.services.transfer import export_restaurant, import_restaurant
from pos_bridge.errors import Unsupported
from pos_bridge.registers import adapter_class
from tests import factories
from tests.ordering import toy_register
from tests.ordering.admin_cast import page, person, send
from tests.ordering.toy_register import Toy

pytestmark = pytest.mark.django_db


class TwoAtMost(Toy):
    """A register that takes two options for a product, no dessert, and tables up to 100."""

    @classmethod
    def build(cls, ticket, number, options, *more):
        for line in ticket.lines:
            if len(line.options) > 2:
                raise Unsupported(f"“{line.name}” has more than two choices; ask fewer questions")
        if ticket.table > 100:
            raise Unsupported("a table above 100")
        return super().build(ticket, number, options, *more)


@pytest.fixture
def house(monkeypatch, client):
    toy_register.use(monkeypatch, "leo2", TwoAtMost)
    made = factories.restaurant()
    factories.register(made)
    steak = factories.product(made, "bavette")
    factories.option_group(steak, "extras", {"frites": 1_50, "sauce": 50, "pain": 0}, max=2)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[made]))
    yield made
    adapter_class.cache_clear()


WORDS = "“Bavette” has more than two choices; ask fewer questions"


def messages(response):
    return [str(message) for message in response.wsgi_request._messages]


def test_saving_the_group_says_what_no_guest_could_order(house, client):
    group = house.option_groups.get()
    response = send(client, page(type(group), "change", group.pk), max="2")
    assert response.status_code == 302
    assert not any(WORDS in each for each in messages(response))
    response = send(client, page(type(group), "change", group.pk), max="3")
    assert response.status_code == 302
    said = [each for each in messages(response) if "cannot be ordered so" in each]
    assert len(said) == 1
    assert said[0].startswith("Product “Bavette” cannot be ordered so: with Frites, Sauce, Pain: ")
    assert WORDS in said[0]


def test_saving_the_product_and_a_table_says_it_too(house, client):
    house.option_groups.update(max=None)
    steak = house.products.get()
    assert any(
        WORDS in each
        for each in messages(send(client, page(Product, "change", steak.pk), price="21"))
    )
    table = factories.table(house, 7)
    assert messages_of_table(client, table, 7) == []
    [said] = messages_of_table(client, table, 107)
    assert "a table above 100" in said


def messages_of_table(client, table, number):
    response = send(client, page(type(table), "change", table.pk), number=str(number))
    assert response.status_code == 302
    return [each for each in messages(response) if "cannot be ordered so" in each]


def test_without_a_register_and_without_an_id_nothing_is_said(house, client):
    house.option_groups.update(max=None)
    house.products.update(register_id="")
    steak = house.products.get()
    assert len(messages(send(client, page(Product, "change", steak.pk), price="21"))) == 1
    house.registers.update(current=False)
    Product.objects.update(register_id="12")
    assert len(messages(send(client, page(Product, "change", steak.pk), price="22"))) == 1


def test_importing_a_file_says_it(house):
    factories.table(house, 7)
    data = export_restaurant(house)
    del data["register"]
    assert not any(WORDS in each for each in import_restaurant(data=data).warnings)
    data["option_groups"][0]["max"] = 3
    # In English for the terminal, and in the reader's language for a page.
    with translation.override("fr"):
        [said] = [each for each in import_restaurant(data=data).warnings if WORDS in each]
    assert said == f"Product “Bavette” cannot be ordered so: with Frites, Sauce, Pain: {WORDS}."
    french = said.said.replace("\N{NO-BREAK SPACE}", " ")
    assert french.startswith("Produit « Bavette » ne peut pas être commandé ainsi : avec Frites")
