"""Who may order, as it is set: in admin, and in the restaurant's file."""

import pytest

from ordering.models import Restaurant
from ordering.restaurant_file import RestaurantFileError
from ordering.services.transfer import export_restaurant, import_restaurant
from tests import factories
from tests.ordering.admin_cast import errors, page, person, send

pytestmark = pytest.mark.django_db

RULES = {
    "approval": "first",
    "seated_first": True,
    "word_of_the_day": "daily",
    "networks": ["203.0.113.0/24", "2001:db8::/32"],
}


@pytest.fixture
def alice():
    made = factories.restaurant()
    factories.table(made)
    factories.product(made)
    return made


def test_a_file_brings_it_and_takes_it_along(alice):
    data = export_restaurant(alice)
    assert "who_may_order" not in data
    data["who_may_order"] = RULES
    data["limits"] = {
        "orders_per_minute": 5,
        "orders_per_minute_of_zone": 2,
        "amount_per_table": "99.50",
    }
    import_restaurant(data=data)
    alice.refresh_from_db()
    assert (alice.approval, alice.seated_first, alice.word_of_the_day) == ("first", True, "daily")
    assert alice.networks == RULES["networks"]
    assert (alice.limit_house_per_minute, alice.limit_zone_per_minute) == (5, 2)
    assert alice.limit_amount_per_table == 99_50
    assert export_restaurant(alice) == data


@pytest.mark.parametrize(
    ("network", "sentence"),
    [
        (
            "203.0.113.7",
            'is not a network; write its address and its length, like "203.0.113.7/32"',
        ),
        ("203.0.113.7/24", 'is not a network; write "203.0.113.0/24"'),
        ("203.0.113.7/33", "is not a network"),
        ("10.0.0.0/8\n", "is not a network"),
    ],
)
def test_a_network_that_is_none_is_named_with_its_place(alice, network, sentence):
    data = {**export_restaurant(alice), "who_may_order": {"networks": [network]}}
    with pytest.raises(RestaurantFileError) as refused:
        import_restaurant(data=data)
    mistake = refused.value.mistakes[0]
    assert str(mistake).startswith("who_may_order.networks[0]: ")
    assert sentence in str(mistake)


def test_a_manager_sets_it_with_addresses_as_people_write_them(alice, client):
    client.force_login(person("alice", manager=[alice]))
    where = page(Restaurant, "change", alice.pk)
    typed = "203.0.113.7, 198.51.100.9/24 2001:db8::1"
    answer = send(client, where, approval="every", networks=typed, limit_amount_per_table="250")
    assert answer.status_code == 302
    alice.refresh_from_db()
    assert alice.networks == ["203.0.113.7/32", "198.51.100.0/24", "2001:db8::1/128"]
    assert (alice.approval, alice.limit_amount_per_table) == ("every", 250_00)
    assert "networks" in errors(send(client, where, networks="our Wi-Fi"))


def test_service_does_not_set_it_t22(alice, client):
    client.force_login(person("bob", service=[alice]))
    where = page(Restaurant, "change", alice.pk)
    client.post(where, {"approval": "never", "word_of_the_day": "off"})
    alice.approval = "every"
    alice.save(update_fields=["approval"])
    assert client.post(where, {"approval": "never"}).status_code == 403
    alice.refresh_from_db()
    assert alice.approval == "every"
