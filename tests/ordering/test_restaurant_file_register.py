"""The register and the cards of a restaurant file: what is kept, what is another one (F70), what is refused (P25)."""

import pytest

from ordering.models import Restaurant, Table, Visit, new_code
from ordering.services.transfer import export_restaurant
from pos_bridge.encryption import lookup_hash
from pos_bridge.models import Register
from tests.ordering.test_restaurant_file_import import imported, mistakes
from tests.ordering.test_restaurant_file_mistakes import changed, small

pytestmark = pytest.mark.django_db

CREDENTIALS = ("register", "credentials")


def test_it_names_the_keys_that_a_new_register_misses():
    assert mistakes(changed(CREDENTIALS, {})) == [
        'register.credentials: "shop" is missing; leo2 needs shop and pub_key',
        'register.credentials: "pub_key" is missing; leo2 needs shop and pub_key',
    ]
    data = changed(("register", "kind"), "tiller")
    assert 'register.credentials: "provider_token" is missing; tiller needs' in mistakes(data)[1]
    assert mistakes(changed((*CREDENTIALS, "pub_key"), "  "))


def test_it_keeps_the_keys_that_are_left_out():
    imported(small())
    assert imported(changed(CREDENTIALS, {})).changed is False
    assert imported(changed(CREDENTIALS, {"shop": "SHOP1"})).changed is False
    imported(changed(CREDENTIALS, {"pub_key": "NEW"}))
    register = Register.objects.get()
    assert dict(register.credentials) == {"shop": "SHOP1", "pub_key": "NEW"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("register", "base_url"), "https://elsewhere.example"),
        (("register", "kind"), "enregistreuse"),
    ],
)
def test_it_sends_no_stored_key_to_another_register(path, value):
    imported(small())
    data = changed(path, value, changed(CREDENTIALS, {}))
    assert len(mistakes(data)) == 2
    data = changed(CREDENTIALS, {"shop": "SHOP2"})
    assert len(mistakes(data)) == 1


def test_it_changes_a_register_in_place_and_lets_it_try_again():
    imported(small())
    Register.objects.update(paused_reason="key_refused")
    imported(small())
    assert Register.objects.get().paused_reason == "key_refused"
    report = imported(changed((*CREDENTIALS, "pub_key"), "NEW"))
    assert str(report.counts["register"]) == "1 updated"
    assert Register.objects.get().paused_reason == ""


def test_it_makes_another_record_of_another_register_and_takes_up_the_one_of_before():
    imported(small())
    first = Register.objects.get()
    other = changed((*CREDENTIALS, "shop"), "SHOP2")
    report = imported(other)
    assert "Another register is in use now" in report.notes[0]
    first.refresh_from_db()
    assert not first.current
    second = Register.objects.get(current=True)
    assert (second.pk, second.credentials["shop"]) != (first.pk, "SHOP1")
    imported(small())
    assert Register.objects.get(current=True) == first
    assert Register.objects.count() == 2


def test_it_keeps_the_register_that_is_not_mentioned():
    imported(small())
    data = small()
    del data["register"]
    assert imported(data, prune=True).changed is False
    assert Register.objects.get().current


def test_it_judges_ids_by_the_register_that_is_stored():
    imported(small())
    data = changed(("products", 0, "register_id"), "12a")
    del data["register"]
    assert mistakes(data) == [
        'products[0].register_id: "12a" is not an id: only ASCII digits are an id on this register'
    ]


def test_it_keeps_what_only_one_kind_of_register_has():
    data = changed(("register", "options"), {"payment": -1, "b": {"z": [1.5, None], "a": "é"}})
    imported(data)
    exported = export_restaurant(Restaurant.objects.get(), with_secrets=True)
    assert exported["register"] == data["register"]
    assert list(exported["register"]["options"]) == ["b", "payment"]
    assert imported(data).changed is False


def test_it_refuses_an_address_that_no_register_may_have():
    (said,) = mistakes(changed(("register", "base_url"), "http://169.254.169.254/?pub_key=CANARY"))
    assert said.startswith("register.base_url: ")
    assert "CANARY" not in said
    assert "address" in said  # in English, whatever the language of the machine


def test_it_keeps_codes_that_are_left_out_and_takes_those_that_are_given():
    imported(small())
    table = Table.objects.get(number=1)
    data = small()
    del data["tables"][0]["code"]
    assert imported(data).changed is False
    code = data["tables"][0]["code"] = new_code()
    visit = Visit.objects.create(table=table, covers=2)
    report = imported(data)
    assert report.notes == ["Table 1 has another card now."]
    table.refresh_from_db()
    assert (table.code, table.code_hash, table.card_version) == (code, lookup_hash(code), 2)
    visit.refresh_from_db()
    assert visit.ended_at is not None


def test_it_brings_back_the_version_of_a_card():
    data = changed(("tables", 0, "card_version"), 4)
    imported(data)
    assert Table.objects.get(number=1).card_version == 4
    exported = export_restaurant(Restaurant.objects.get(), with_secrets=True)
    assert exported["tables"][0]["card_version"] == 4
    assert "card_version" not in export_restaurant(Restaurant.objects.get())["tables"][0]


def test_it_refuses_a_code_that_another_table_has():
    imported(small())
    data = changed(("slug",), "chez-charlie")
    assert mistakes(data) == ["tables[0].code: a table of another restaurant has this code"]
    data = small()
    data["tables"][1]["code"] = data["tables"][0].pop("code")
    assert mistakes(data) == ["tables[1].code: table 1 has this code"]


def test_it_says_when_ordering_is_switched():
    imported(changed(("ordering",), False))
    assert imported(small()).notes == ["The restaurant takes orders again."]
    data = changed(("tables", 0, "enabled"), False)
    imported(data)
    assert not Table.objects.get(number=1).enabled
    exported = export_restaurant(Restaurant.objects.get(), with_secrets=True)
    assert exported["tables"][0]["enabled"] is False
