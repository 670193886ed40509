"""What each role's forms do on the board, and what they cannot (T22, T17). Who sees which address stands in
test_matrix.py.
"""

import re

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from ordering.board.access import for_manager
from ordering.models import Membership, Product, Restaurant, Table
from pos_bridge.models import Addition, Register
from tests import factories
from tests.ordering.admin_cast import house, installer, person

pytestmark = [pytest.mark.django_db, pytest.mark.once]

MEMBERS = {"service", "manager", "installer"}
# What a GET shows, and what a POST does, and who may.
PAGES = {
    "board": MEMBERS,
    "table": MEMBERS,
    "task": MEMBERS,
    "carte": MEMBERS,
    "thing": MEMBERS,
    "moves": MEMBERS,
}
POSTS = {
    "seat": MEMBERS,
    "left": MEMBERS,
    "free": MEMBERS,
    "covers": MEMBERS,
    "ordering": MEMBERS,
    "decide": MEMBERS,
    "sell": MEMBERS,
    "call": MEMBERS,
    "move": MEMBERS,
    "join": MEMBERS,
    "part": MEMBERS,
}
ROLES = ["service", "manager", "installer", "elsewhere", "no member", "not staff", "nobody"]


@pytest.fixture
def a():
    return house("chez-alice", "Aldebaran")


@pytest.fixture
def addresses(a):
    Addition.objects.update(state="held", reason="stale")
    addition = Addition.objects.get()
    table = {"number": a.tables.get().number}
    order = {"pk": addition.pk}
    thing = {"kind": "product", "pk": a.products.get().pk}
    party = {"code": addition.order.visit.code}
    parts = {
        "table": table, "seat": table, "left": table, "free": table, "covers": table,
        "ordering": table,
        "task": order, "decide": order, "thing": thing,
        "moves": party, "move": party, "join": party, "part": party,
    }  # fmt: skip
    return {
        name: reverse(f"board:{name}", kwargs={"slug": a.slug, **parts.get(name, {})})
        for name in (*PAGES, *POSTS)
    }


def as_(role, a, **options):
    client = Client(**options)
    if role == "nobody":
        return client
    if role == "installer":
        user = installer()
    elif role == "no member":
        user = person("dan")
    elif role == "elsewhere":
        user = person("charlie", manager=[factories.restaurant("chez-charlie")])
    elif role == "not staff":
        user = person("eve", manager=[a])
        user.is_staff = False
        user.save()
    else:
        user = person("bob", **{role: [a]})
    client.force_login(user)
    return client


def rows():
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.label != "sessions.Session"
    }


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_what_the_table_says(a, addresses, role):
    """Whoever is no member learns nothing: the login, or an address that does not exist."""
    client = as_(role, a)
    strange = 302 if role in {"nobody", "not staff"} else 404
    for name, who in PAGES.items():
        assert client.get(addresses[name]).status_code == (200 if role in who else strange), name
    before = rows()
    for name, who in POSTS.items():
        data = {"visit": a.tables.get().visits.get().pk, "covers": "4", "on": "0"}
        data["sell"] = f"today product {a.products.get().pk}"
        data |= {"decision": "by_hand", "state": "held", "tries": "0"}
        assert client.post(addresses[name], data).status_code == (
            303 if role in who else strange
        ), name
    assert (rows() == before) == (role not in MEMBERS)


def test_no_form_comes_from_another_site(a, addresses):
    """T17: token, and origin."""
    client = as_("manager", a, enforce_csrf_checks=True)
    before = rows()
    for name in POSTS:
        answer = client.post(addresses[name], {}, headers={"Origin": "https://evil.example"})
        assert answer.status_code == 403, name
        assert f'href="/board/{a.slug}/"' in answer.content.decode()
    assert rows() == before


def test_no_cache_keeps_a_page_of_the_board(a, addresses):
    """T29."""
    client = as_("service", a)
    for name, address in addresses.items():
        answer = client.post(address) if name in POSTS else client.get(address)
        assert answer.status_code == 404 or answer["Cache-Control"] == "no-store", name


def test_the_board_shows_no_key_and_no_code_and_changes_no_price(a, addresses):
    """T22: to managers neither: that is admin's, behind its own forms."""
    client = as_("manager", a)
    price = Product.objects.get().price
    codes = [Table.objects.get().code, "key-of-Aldebaran"]
    for name in PAGES:
        page = client.get(addresses[name]).content.decode()
        assert not any(code in page for code in codes), name
        assert not re.search(r'name="(?:price|vat|credentials|code|register_id)', page), name
    for name in POSTS:
        client.post(addresses[name], {"price": "1", "code": "x", "credentials": "x"})
    assert Product.objects.get().price == price
    assert Table.objects.get().code == codes[0]
    assert Register.objects.get().credentials["pub_key"] == "key-of-Aldebaran"
    assert (Restaurant.objects.count(), Membership.objects.count()) == (1, 1)


@pytest.mark.parametrize(("role", "status"), [("service", 403), ("manager", 200)])
def test_what_is_for_managers_is_refused_to_service(a, role, status):
    request = RequestFactory().get("/")
    request.user = person("bob", **{role: [a]})
    view = for_manager(lambda request, restaurant, role: HttpResponse(role))
    assert view(request, slug=a.slug).status_code == status
