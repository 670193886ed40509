"""A kind of register is one line of ADAPTERS: what is chosen, stored and asked for follows from it."""

import importlib
import json
from pathlib import Path

import pytest
from django.apps import apps

from pos_bridge import registers
from pos_bridge.models import Register

pytestmark = pytest.mark.pure

SCHEMA = Path(apps.get_app_config("ordering").path) / "restaurant.schema.json"


@pytest.mark.parametrize("kind", registers.ADAPTERS)
def test_an_adapter_says_who_it_is(kind):
    maker = registers.adapter_class(kind)
    assert maker is not None
    assert maker.label
    assert maker.shop_name in maker.credential_names
    assert set(maker.secret_names) <= set(maker.credential_names)
    assert maker.secret_names


def test_one_line_makes_a_kind_that_can_be_chosen(monkeypatch):
    monkeypatch.setitem(registers.ADAPTERS, "fourth", "pos_bridge.registers.leo2.Leo2")
    field = Register._meta.get_field("kind")
    assert ("fourth", "LEO2 (LEO2Click)") in list(field.flatchoices)
    registers.adapter_class.cache_clear()


def test_a_new_kind_needs_no_migration():
    first = importlib.import_module("pos_bridge.migrations.0001_initial").Migration
    (fields,) = [
        each.fields for each in first.operations if getattr(each, "name", "") == "Register"
    ]
    kind = dict(fields)["kind"]
    assert kind.deconstruct()[3]["choices"] is registers.kinds


def test_a_restaurant_file_may_name_every_kind():
    schema = json.loads(SCHEMA.read_text())
    assert schema["properties"]["register"]["properties"]["kind"]["enum"] == [
        kind for kind, _ in registers.kinds()
    ]
