"""Portions on the list of products: what is typed counts, and nothing that others counted is taken back (F16)."""

import pytest
from django.urls import reverse

from ordering.models import Product, SetMenu
from tests import factories
from tests.ordering.admin_cast import house, page, person

pytestmark = pytest.mark.django_db
PRODUCTS = reverse("admin:ordering_product_changelist")


@pytest.fixture
def a():
    made = house("chez-alice", "Aldebaran")
    factories.product(made, "soupe", portions=5)
    return made


@pytest.fixture
def alice(a, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    user = person("alice", manager=[a])
    client.force_login(user)
    return user


def opened(client, address=PRODUCTS):
    """What a browser would send of the list if nobody had touched it, and the row of each key."""
    response = client.get(address)
    formset = response.context["cl"].formset
    data = {"_save": "Save"}
    for form in [formset.management_form, *formset.forms]:
        for bound in form:
            value = bound.value()
            data[bound.html_name] = "" if value is None else value
            if bound.field.show_hidden_initial:
                data[bound.html_initial_name] = data[bound.html_name]
                assert f'name="{bound.html_initial_name}"' in response.content.decode()
    return data, {form.instance.key: form.prefix for form in formset.forms}


def portions(key="soupe"):
    return Product.objects.get(key=key).portions


def test_what_is_typed_there_counts(a, alice, client):
    """And its carte is old; what was not touched stays, whatever became of it meanwhile."""
    data, rows = opened(client)
    Product.objects.filter(key="soupe").update(portions=2)
    a.refresh_from_db()
    before = a.carte_version
    data[f"{rows['plat']}-portions"] = "7"
    assert client.post(PRODUCTS, data).status_code == 302
    assert (portions("plat"), portions()) == (7, 2)
    a.refresh_from_db()
    assert a.carte_version > before
    data, rows = opened(client)
    data[f"{rows['plat']}-portions"] = ""
    client.post(PRODUCTS, data)
    assert (portions("plat"), portions()) == (None, 2)


def test_what_an_order_took_meanwhile_is_not_taken_back_f16(alice, client):
    data, rows = opened(client)
    Product.objects.filter(key="soupe").update(portions=4)
    data[f"{rows['soupe']}-portions"] = "6"
    answer = client.post(PRODUCTS, data)
    assert "is not what you saw any more" in answer.content.decode()
    assert portions() == 4
    data, rows = opened(client)
    data[f"{rows['soupe']}-portions"] = "6"
    assert client.post(PRODUCTS, data).status_code == 302
    assert portions() == 6


def test_set_menus_too(alice, client):
    address = page(SetMenu, "changelist")
    data, rows = opened(client, address)
    data[f"{rows['menu']}-portions"] = "12"
    assert client.post(address, data).status_code == 302
    assert SetMenu.objects.get().portions == 12


def test_who_only_serves_there_counts_nothing(a, alice, client):
    """Who manages one house and serves at another sees both on one list, and writes to the first."""
    b = house("chez-bob", "Betelgeuse")
    factories.product(b, "tarte", portions=3)
    client.force_login(person("carol", manager=[a], service=[b]))
    data, rows = opened(client)
    data[f"{rows['soupe']}-portions"] = data[f"{rows['tarte']}-portions"] = "9"
    client.post(PRODUCTS, data)
    assert (portions(), portions("tarte")) == (9, 3)
    client.force_login(person("dave", service=[a, b]))
    assert not client.get(PRODUCTS).context["cl"].formset
    assert client.post(PRODUCTS, data).status_code == 403
