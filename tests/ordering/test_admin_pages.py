"""What holds for every page of admin: its policy, its links, and that looking writes nothing."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ordering.admin import index
from ordering.models import Restaurant, Table
from pos_bridge.models import Addition
from tests import factories
from tests.ordering.admin_cast import installer, person

pytestmark = pytest.mark.django_db

INLINE = re.compile(r"<style|\sstyle=|\son\w+=\"|javascript:|<script(?![^>]*\ssrc=)[^>]*>\s*[^<\s]")
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# Django's own: a session that is seen, a message that was shown.
SESSION = re.compile(r"django_session")


@pytest.fixture
def house():
    made = factories.restaurant()
    factories.register(made)
    order = factories.order(factories.guest(factories.table(made)))
    order.additions.create(
        register=made.registers.get(), number=1, ticket={}, body="{}", state="held", reason="stale"
    )
    factories.option_group(factories.product(made), "sauce", {"poivre": 0})
    return made


def pages():
    yield reverse("admin:index")
    yield reverse("admin:pos_bridge_addition_undelivered")
    for addition in Addition.objects.all():
        yield reverse("admin:pos_bridge_addition_decide", args=[addition.pk])
    yield reverse("admin:ordering_table_add_range")
    yield reverse("admin:ordering_restaurant_import_new")
    for restaurant in Restaurant.objects.all():
        yield reverse("admin:ordering_restaurant_import", args=[restaurant.pk])
        for name in ("allergens", "paper", "slip"):
            yield reverse(f"admin:ordering_restaurant_{name}", args=[restaurant.pk])
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        for thing in model._default_manager.all()[:1]:
            for kind in ("change", "history", "delete"):
                yield reverse(f"{name}_{kind}", args=[thing.pk])


@pytest.mark.parametrize("who", ["manager", "service", "installer"])
def test_no_page_needs_what_the_csp_forbids_or_writes_when_it_is_looked_at(house, client, who):
    """T16, T17, T33"""
    client.force_login(installer() if who == "installer" else person("alice", **{who: [house]}))
    for address in pages():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = client.get(address)
        found = response.content.decode()
        assert not INLINE.search(found), (address, INLINE.search(found))
        policy = response["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response["X-Frame-Options"] == "DENY"
        assert not re.search(r'(src|href)="(https?:)?//', found), address
        written = [query["sql"] for query in queries if WRITES.match(query["sql"])]
        assert not [sql for sql in written if not SESSION.search(sql)], address


def test_a_form_of_another_site_changes_nothing(house):
    """T17"""
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("alice", manager=[house]))
    table = Table.objects.get()
    register = house.registers.get()
    for address, data in (
        (reverse("admin:ordering_table_cards"), {}),
        (reverse("admin:ordering_table_add_range"), {"first": 1, "last": 2}),
        (reverse("admin:pos_bridge_register_check", args=[register.pk]), {}),
        (reverse("admin:pos_bridge_register_numbers", args=[register.pk]), {"highest": 1}),
        (
            reverse("admin:pos_bridge_addition_decide", args=[Addition.objects.get().pk]),
            {"decision": "by_hand", "state": "held", "tries": 0},
        ),
        (
            reverse("admin:ordering_table_changelist"),
            {"action": "renew_codes", "_selected_action": table.pk, "post": "yes"},
        ),
    ):
        response = client.post(address, data, headers={"origin": "https://evil.example"})
        assert response.status_code == 403, address
    assert Table.objects.get().code == table.code
    assert Addition.objects.get().state == "held"


def test_the_first_page_names_things_as_a_manager_thinks(house, client):
    """The carte first; whatever is registered has its place, and Django's own pages of an app keep to it."""
    assert set(index.PLACES) == set(admin.site._registry)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))
    first = client.get(reverse("admin:index"))
    found = {
        str(section["name"]): [each["object_name"] for each in section["models"]]
        for section in first.context["app_list"]
    }
    assert list(found) == ["The carte", "The house", "Orders", "Cash registers", "People"]
    assert found["The carte"][:4] == ["Category", "Product", "SetMenu", "OptionGroup"]
    assert found["The house"] == ["Table", "Restaurant"]
    assert first.context["available_apps"] == first.context["app_list"]
    for section in first.context["app_list"]:
        anchor = section["app_url"].partition("#")[2]
        assert f'id="{anchor}"' in first.content.decode()
    [app] = client.get(reverse("admin:app_list", args=["ordering"])).context["app_list"]
    assert [each["object_name"] for each in app["models"]][:2] == ["Category", "Product"]


def test_a_page_of_admin_is_kept_by_no_cache(house, client):
    """T29"""
    client.force_login(person("alice", manager=[house]))
    for address in pages():
        assert "no-store" in client.get(address)["Cache-Control"], address


def test_a_guest_of_the_house_is_nobody_in_admin(house, client):
    """T19: the phone's cookie opens nothing here."""
    client.get(f"/t/{Table.objects.get().code}/")
    assert client.get(reverse("admin:index")).status_code == 302
    assert "sessionid" not in client.cookies


def test_the_lists_cost_no_query_for_each_line(house, client):
    for number in range(100, 130):
        factories.table(house, number)
        factories.product(house, f"plat-{number}")
    client.force_login(person("alice", manager=[house]))
    for name in ("table", "product", "category", "optiongroup", "option", "order"):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(f"admin:ordering_{name}_changelist"))
        # Six of them are the banner's.
        assert len(queries) <= 18, (name, [query["sql"][:90] for query in queries])


def test_names_cannot_bring_a_script(house, client):
    """T14"""
    payload = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    product = factories.product(house, "evil", name={"fr": payload, "en": payload})
    house.tables.update(label=payload, zone=payload)
    client.force_login(person("alice", manager=[house]))
    for address in [*pages(), reverse("admin:ordering_product_change", args=[product.pk])]:
        found = client.get(address).content.decode()
        assert "<script>alert" not in found, address
        assert "<img src=x" not in found, address
