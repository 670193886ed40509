"""Restaurants are kept apart in admin, by the one base class: Alice of A walks every page and finds nothing of B."""

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.forms import ModelChoiceField
from django.urls import reverse

from ordering.admin.base import Narrowed
from ordering.admin.paths import PATHS
from ordering.models import (
    Category,
    Choice,
    Course,
    Membership,
    OptionGroup,
    Product,
    SetMenu,
    Table,
)
from pos_bridge.models import Register
from tests.ordering.admin_cast import (
    MARK,
    house,
    installer,
    of,
    page,
    person,
    registered,
    request_by,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

Role = Membership.Role


@pytest.fixture
def a():
    return house("chez-alice", "Aldebaran")


@pytest.fixture
def b():
    return house("chez-charlie", MARK)


@pytest.fixture
def alice(a, b, client):
    person("charlie", manager=[b])
    person("bob", service=[a])
    user = person("alice", manager=[a])
    client.force_login(user)
    return user


def test_it_registers_nothing_that_does_not_stand_on_the_base_class():
    for model, model_admin in registered():
        assert isinstance(model_admin, Narrowed), f"{model._meta.label}: {type(model_admin)}"
        for inline in getattr(model_admin, "inlines", []):
            assert issubclass(inline, Narrowed), f"{model._meta.label}: {inline}"
        assert model in PATHS or model is User, f"{model._meta.label} is nobody's: see paths.py"


def test_it_has_something_of_b_to_find_for_every_model(a, b, alice):
    for model, _admin in registered():
        assert of(model, b).exists(), model._meta.label


def test_it_lists_nothing_of_another_restaurant(a, b, alice, client):
    for model, _admin in registered():
        for query in ("", "?q=Zuben", f"?restaurant__id__exact={b.pk}", "?all=", "?_facets=True"):
            response = client.get(page(model, "changelist") + query, follow=True)
            assert MARK not in response.content.decode(), f"{model._meta.label} {query}"


def test_it_shows_no_page_of_another_restaurant(a, b, alice, client):
    for model, _admin in registered():
        for thing in of(model, b):
            for name in ("change", "delete", "history"):
                for query in ("", "?_popup=1", "?_to_field=id"):
                    address = page(model, name, thing.pk) + query
                    response = client.get(address, follow=True)
                    assert MARK not in response.content.decode(), address
                    first = client.get(address)
                    assert first.status_code in {302, 403, 404}, address


def test_it_changes_and_deletes_nothing_of_another_restaurant(a, b, alice, client):
    before = {model: list(of(model, b).order_by("pk").values()) for model, _ in registered()}
    for model, _admin in registered():
        for thing in of(model, b):
            for name in ("change", "delete"):
                response = client.post(page(model, name, thing.pk), {"post": "yes", "name_fr": "x"})
                assert response.status_code in {302, 403, 404}
    assert before == {
        model: list(of(model, b).order_by("pk").values()) for model, _ in registered()
    }


def test_it_shows_own_pages_without_a_word_of_another_restaurant(a, b, alice, client):
    seen = 0
    for model, _admin in registered():
        for thing in of(model, a):
            for name in ("change", "delete", "history"):
                response = client.get(page(model, name, thing.pk))
                if model is not User and not (name == "delete" and response.status_code == 403):
                    assert response.status_code == 200, page(model, name, thing.pk)
                    seen += 1
                assert MARK not in response.content.decode()
        assert MARK not in client.get(page(model, "add"), follow=True).content.decode()
    assert seen > 30
    assert MARK not in client.get(reverse("admin:index")).content.decode()


def test_it_offers_nothing_of_another_restaurant_in_any_foreign_key(a, b, alice):
    request = request_by(alice)
    offered = 0
    for model, model_admin in registered():
        if model is User:
            continue
        for thing in [None, *of(model, a)]:
            forms = [model_admin.get_form(request, thing, change=thing is not None)()]
            for inline in model_admin.get_inline_instances(request, thing):
                rows = inline.get_queryset(request)
                formset = inline.get_formset(request, thing)(instance=thing, queryset=rows)
                forms += [formset.empty_form, *formset.forms]
            for form in forms:
                for name, field in form.fields.items():
                    if isinstance(field, ModelChoiceField) and field.queryset is not None:
                        texts = " ".join(str(choice) for choice in field.queryset)
                        assert MARK not in texts, f"{model._meta.label}.{name}"
                        offered += field.queryset.count()
    assert offered


def test_it_completes_nothing_of_another_restaurant(a, b, alice, client):
    asked = 0
    for model, _admin in registered():
        fields = [*model._meta.concrete_fields, *PATHS]
        for field in fields:
            if not getattr(field, "remote_field", None):
                continue
            query = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field.name,
                "term": "",
            }
            response = client.get(reverse("admin:autocomplete"), query)
            assert response.status_code in {200, 403, 404}
            assert MARK not in response.content.decode(), query
            asked += response.status_code == 200
    assert asked


def test_its_actions_do_nothing_to_another_restaurant(a, b, alice, client):
    ran = 0
    request = request_by(alice)
    before = {model: list(of(model, b).order_by("pk").values()) for model, _ in registered()}
    for model, model_admin in registered():
        for name in model_admin.get_actions(request):
            response = client.post(
                page(model, "changelist"),
                {
                    "action": name,
                    ACTION_CHECKBOX_NAME: [thing.pk for thing in of(model, b)],
                    "select_across": "1",
                    "index": "0",
                    "post": "yes" if name == "renew_codes" else "",
                },
                follow=True,
            )
            assert MARK not in response.content.decode(), f"{model._meta.label} {name}"
            ran += 1
    assert ran > 8
    assert before == {
        model: list(of(model, b).order_by("pk").values()) for model, _ in registered()
    }


def test_it_prints_no_card_of_another_restaurant(a, b, alice, client):
    found = client.post(reverse("admin:ordering_table_cards")).content.decode()
    assert a.tables.get().code in found
    assert b.tables.get().code not in found
    assert MARK not in found


def test_it_adds_nothing_to_another_restaurant(a, b, alice, client):
    for model in (Product, Category, OptionGroup, SetMenu, Table, Register):
        count = of(model, b).count()
        address = page(model, "add") + f"?restaurant={b.pk}"
        assert client.get(address).status_code == 403
        assert client.post(address, {"restaurant": b.pk}).status_code == 403
        assert of(model, b).count() == count
    address = reverse("admin:ordering_table_add_range") + f"?restaurant={b.pk}"
    assert client.post(address, {"first": 50, "last": 51}).status_code == 403


def test_it_checks_no_connection_of_another_restaurant(a, b, alice, client):
    register = Register.objects.get(restaurant=b)
    address = reverse("admin:pos_bridge_register_check", args=[register.pk])
    assert client.post(address).status_code == 404


@pytest.mark.parametrize("who", ["alice", "installer"])
def test_it_refuses_a_thing_of_another_restaurant_in_an_inline(a, b, alice, client, who):
    """Also to the installer, who sees both: a course of A offers no product of B."""
    if who == "installer":
        client.force_login(installer())
    course = Course.objects.get(set_menu__restaurant=a)
    response = client.post(
        page(Course, "change", course.pk),
        {
            "name_fr": "Plat", "min": "1", "max": "1", "key": "plat", "position": "0",
            "choices-TOTAL_FORMS": "1", "choices-INITIAL_FORMS": "0",
            "choices-0-product": Product.objects.get(restaurant=b).pk,
            "choices-0-supplement": "0", "choices-0-position": "1",
        },
    )  # fmt: skip
    assert response.status_code == 200
    assert response.context["inline_admin_formsets"][0].formset.errors[0]["product"]
    assert not Choice.objects.filter(course=course, product__restaurant=b).exists()


def test_it_refuses_to_link_to_another_restaurant_by_popup(a, b, alice, client):
    response = client.post(
        page(Product, "add") + "?_popup=1&_to_field=id",
        {"name_fr": "Tarte", "price": "8", "vat": "10", "restaurant": b.pk, "_popup": "1",
         "allergens_state": "undeclared", "option_groups-TOTAL_FORMS": "0",
         "option_groups-INITIAL_FORMS": "0"},
    )  # fmt: skip
    assert response.status_code == 200
    assert Product.objects.get(key="tarte").restaurant == a


def test_its_addresses_cannot_ask_for_what_no_page_shows(a, b, alice, client):
    for address in (
        page(Table, "changelist") + "?code_hash__startswith=a",
        page(Register, "changelist") + "?credentials__contains=K",
        page(Product, "changelist") + "?restaurant__registers__credentials__contains=K",
        page(Table, "changelist") + "?restaurant__memberships__user__password__startswith=p",
    ):
        assert client.get(address).status_code == 400, address


def test_who_serves_elsewhere_links_and_changes_nothing_there(a, b, alice, client):
    """Alice serves at B: she reads B's carte now, and still builds nothing of it into A's."""
    Membership.objects.create(user=alice, restaurant=b, role=Role.SERVICE)
    theirs = Product.objects.get(restaurant=b)
    assert client.get(page(Product, "change", theirs.pk)).status_code == 200
    assert client.post(page(Product, "change", theirs.pk), {}).status_code == 403
    request = request_by(alice)
    inline = admin.site._registry[Course].get_inline_instances(request)[0]
    form = inline.get_formset(request, Course.objects.get(set_menu__restaurant=a))().empty_form
    assert MARK not in str(form["product"])
    assert client.get(page(Product, "add") + f"?restaurant={b.pk}").status_code == 403
    assert client.get(page(Product, "add")).status_code == 200  # for A, the only one she manages
