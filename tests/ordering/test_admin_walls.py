"""Restaurants are kept apart in admin, by the one base class: Alice of A walks every page and finds nothing of B."""

import html
import re
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.forms import ModelChoiceField
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from ordering.admin.base import Narrowed
from ordering.admin.paths import PATHS, narrow
from ordering.models import (
    Category,
    CategoryItem,
    Choice,
    Course,
    Membership,
    Option,
    OptionGroup,
    Photo,
    Product,
    Restaurant,
    SetMenu,
    Table,
)
from pos_bridge.models import Addition, Attempt, Register
from tests import factories
from tests.ordering.admin_cast import installer, person

pytestmark = pytest.mark.django_db

Role = Membership.Role
# In everything of B that has a text, and in nothing of A.
MARK = "Zubenelgenubi"


def house(slug, mark):
    """A restaurant with one of everything, each named by the mark."""
    texts = {"fr": mark, "en": mark}
    made = factories.restaurant(slug, name=f"Chez {mark}")
    table = factories.table(made, 7, label=mark, zone=mark)
    category = Category.objects.create(restaurant=made, key="carte", name=texts)
    product = factories.product(made, "plat", category=category, name=texts)
    group = factories.option_group(product, "cuisson", {"saignant": 0, "frites": 1_50}, name=texts)
    group.options.update(name=texts)
    menu = SetMenu.objects.create(
        restaurant=made, key="menu", name=texts, price=20_00, vat=Decimal(10)
    )
    course = Course.objects.create(set_menu=menu, key="plat", name=texts)
    Choice.objects.create(course=course, product=product)
    CategoryItem.objects.create(category=category, set_menu=menu)
    Photo.objects.create(
        restaurant=made, name=f"{mark}.webp", content=b"", content_type="image/webp",
        sha256="0" * 64, width=1, height=1,
    )  # fmt: skip
    register = factories.register(
        made,
        base_url=f"https://{mark.lower()}.example",
        credentials={"shop": mark, "pub_key": f"key-of-{mark}"},
    )
    order = factories.order(factories.guest(table))
    order.lines.update(name=texts)
    addition = Addition.objects.create(
        order=order, register=register, number=4711, ticket={}, body=mark, detail=mark
    )
    Attempt.objects.create(
        addition=addition, number=1, worker=mark, started_at=timezone.now(), answer=mark
    )
    return made


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


@pytest.fixture
def bob(a, client):
    user = person("bob", service=[a])
    client.force_login(user)
    return user


def registered():
    return sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label)


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def of(model, restaurant):
    if model is User:
        return User.objects.filter(memberships__restaurant=restaurant)
    return narrow(model._default_manager.all(), [restaurant.pk])


def request_by(user):
    request = RequestFactory().get("/")
    request.user = user
    return request


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


# --- Roles -------------------------------------------------------------------------------------

READABLE_IN_SERVICE = {
    "ordering.Restaurant", "ordering.Table", "ordering.Category", "ordering.Product",
    "ordering.OptionGroup", "ordering.Option", "ordering.SetMenu", "ordering.Course",
    "ordering.Order", "ordering.Visit", "pos_bridge.Addition",
}  # fmt: skip


def test_service_reads_and_writes_nothing(a, bob, client):
    for model, _admin in registered():
        readable = model._meta.label in READABLE_IN_SERVICE
        expected = 200 if readable else 403
        assert client.get(page(model, "changelist")).status_code == expected, model
        assert client.get(page(model, "add")).status_code == 403, model
        for thing in of(model, a):
            assert client.get(page(model, "change", thing.pk)).status_code in {expected, 302}
            assert client.post(page(model, "change", thing.pk), {}).status_code in {302, 403}
            assert client.post(page(model, "delete", thing.pk), {"post": "yes"}).status_code in {
                302, 403,
            }  # fmt: skip
            assert of(model, a).filter(pk=thing.pk).exists()


def test_service_prints_no_card_and_renews_no_code(a, bob, client):
    table = a.tables.get()
    assert client.post(reverse("admin:ordering_table_cards")).status_code == 403
    assert client.get(reverse("admin:ordering_table_add_range")).status_code == 403
    actions = admin.site._registry[Table].get_actions(request_by(bob))
    assert not actions
    client.post(
        page(Table, "changelist"),
        {"action": "renew_codes", ACTION_CHECKBOX_NAME: table.pk, "post": "yes"},
    )
    assert Table.objects.get().code == table.code


@pytest.mark.parametrize("model", [Product, Option, SetMenu])
def test_service_says_what_is_sold_out(a, bob, client, model):
    version = a.carte_version
    for action, expected in (("sell_out", True), ("put_back", False)):
        client.post(
            page(model, "changelist"),
            {"action": action, ACTION_CHECKBOX_NAME: [thing.pk for thing in of(model, a)]},
        )
        assert set(of(model, a).values_list("sold_out", flat=True)) == {expected}
        version += 1
        a.refresh_from_db()
        assert a.carte_version == version
    assert LogEntry.objects.filter(user=bob, action_flag=CHANGE).exists()


def test_service_sees_no_key_and_no_code(a, bob, client):
    for model, _admin in registered():
        for address in [page(model, "changelist")] + [
            page(model, "change", thing.pk) for thing in of(model, a)
        ]:
            found = client.get(address, follow=True).content.decode()
            assert "key-of-" not in found
            assert a.tables.get().code not in found


def test_a_manager_makes_no_restaurant_and_gives_no_rights(a, b, alice, client):
    assert client.get(page(Restaurant, "add")).status_code == 403
    assert client.post(page(Restaurant, "delete", a.pk), {"post": "yes"}).status_code == 403
    assert client.get(page(Membership, "add")).status_code == 403
    assert client.get(page(User, "changelist")).status_code == 403
    assert client.get(page(User, "change", alice.pk)).status_code in {302, 403}


def test_a_manager_with_permission_rows_gets_no_further(a, b, alice, client):
    """What Django's own tables of permissions say plays no part."""
    from django.contrib.auth.models import Permission

    alice.user_permissions.set(Permission.objects.all())
    assert client.get(page(User, "changelist")).status_code == 403
    assert MARK not in client.get(page(Product, "changelist")).content.decode()


def test_staff_without_a_restaurant_sees_nothing(a, client):
    client.force_login(person("dan"))
    for model, _admin in registered():
        assert client.get(page(model, "changelist")).status_code == 403
    assert "Aldebaran" not in client.get(reverse("admin:index")).content.decode()


def test_a_member_who_is_not_staff_does_not_come_in(a, client):
    user = person("eve", manager=[a])
    User.objects.filter(pk=user.pk).update(is_staff=False)
    client.force_login(User.objects.get(pk=user.pk))
    assert client.get(page(Product, "changelist")).status_code == 302


def test_the_installer_sees_all(a, b, client):
    client.force_login(installer())
    found = client.get(page(Product, "changelist")).content.decode()
    assert MARK in found
    assert "Aldebaran" in found
    for model, _admin in registered():
        for thing in [*of(model, a), *of(model, b)]:
            assert client.get(page(model, "change", thing.pk)).status_code == 200


def test_the_installer_is_asked_for_which_restaurant(a, b, client):
    client.force_login(installer())
    asked = client.get(page(Product, "add")).content.decode()
    links = [html.unescape(link) for link in re.findall(r'href="(\S+\?restaurant=\d+)"', asked)]
    assert len(links) == 2
    assert "name_fr" in client.get(links[0]).content.decode()


# --- Orders are read and never changed ----------------------------------------------------------


@pytest.mark.parametrize("label", ["ordering.Order", "ordering.Visit", "pos_bridge.Addition"])
def test_nobody_changes_an_order(a, b, alice, client, label):
    [(model, _)] = [item for item in registered() if item[0]._meta.label == label]
    thing = of(model, a).get()
    for user in (alice, installer()):
        client.force_login(user)
        assert client.get(page(model, "change", thing.pk)).status_code == 200
        assert client.get(page(model, "add")).status_code == 403
        assert client.post(page(model, "change", thing.pk), {"covers": 9}).status_code == 403
        assert client.post(page(model, "delete", thing.pk), {"post": "yes"}).status_code == 403
        assert 'type="submit" value="Save' not in client.get(
            page(model, "change", thing.pk)
        ).content.decode().replace("Enregistrer", "Save")


def test_the_registers_own_words_are_for_the_installer(a, b, alice, client):
    addition = Addition.objects.get(order__restaurant=a)
    Addition.objects.filter(pk=addition.pk).update(detail="<b>detail</b>", body="the body")
    addition.attempts.update(answer="<script>alert(1)</script>")
    words = ("detail", "the body", "alert(1)")
    found = client.get(page(Addition, "change", addition.pk)).content.decode()
    assert not any(word in found for word in words)
    client.force_login(installer())
    found = client.get(page(Addition, "change", addition.pk)).content.decode()
    assert all(word in found for word in words)
    assert "<script>alert" not in found
    assert "<b>detail" not in found
