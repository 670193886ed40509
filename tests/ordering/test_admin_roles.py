"""What each role may do in admin (T22), and that nobody changes what was ordered."""

import html
import re

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from ordering.models import (
    Act,
    Membership,
    Option,
    Order,
    Product,
    Restaurant,
    SetMenu,
    Table,
    Visit,
)
from ordering.services import acts
from pos_bridge.models import Addition, Register
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

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once,
    pytest.mark.usefixtures("counted_versions"),
]


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


READABLE_IN_SERVICE = {
    "ordering.AllergenChange",
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


def test_service_reads_in_words(a, bob, client):
    """Not what the columns hold: no braces, no cents."""
    product = Product.objects.get(restaurant=a)
    product.allergens, product.diets = ["milk"], ["vegan"]
    product.served = [{"days": ["mon"], "from": "12:00", "to": "14:00"}]
    product.save()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    found = html.unescape(client.get(page(Product, "change", product.pk)).content.decode())
    for words in ("Aldebaran", "8.00", "contains: milk", "vegan", "mon 12:00-14:00"):
        assert words in found
    for raw in ('{"fr"', '["milk"', '["vegan"', '{"days"', ">800<"):
        assert raw not in found, raw
    assert '<input type="text"' not in found


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


@pytest.mark.parametrize("model", [Product, Option, SetMenu])
def test_service_says_what_is_sold_out_until_tomorrow(a, bob, client, model):
    chosen = {ACTION_CHECKBOX_NAME: [thing.pk for thing in of(model, a)]}
    client.post(page(model, "changelist"), {"action": "sell_out_until_tomorrow", **chosen})
    assert not of(model, a).filter(sold_out_until=None).exists()
    assert not of(model, a).filter(sold_out=True).exists()
    listed = client.get(page(model, "changelist"), headers={"accept-language": "en"})
    assert "sold out until" in listed.content.decode()
    client.post(page(model, "changelist"), {"action": "put_back", **chosen})
    assert not of(model, a).exclude(sold_out_until=None).exists()


def test_service_sees_no_key_and_no_code(a, bob, client):
    for model, _admin in registered():
        for address in [page(model, "changelist")] + [
            page(model, "change", thing.pk) for thing in of(model, a)
        ]:
            found = client.get(address, follow=True).content.decode()
            assert "key-of-" not in found
            assert a.tables.get().code not in found


@pytest.mark.parametrize("role", ["service", "manager"])
def test_no_page_links_to_one_that_is_refused(a, client, role):
    client.force_login(person("dan", **{role: [a]}))
    links = {reverse("admin:index")}
    for model, _admin in registered():
        for address in [page(model, "changelist")] + [
            page(model, "change", thing.pk) for thing in of(model, a)
        ]:
            found = html.unescape(client.get(address, follow=True).content.decode())
            links |= set(re.findall(r'<a[^>]* href="(/admin/[^"#]*)"', found))
    assert len(links) > 20
    refused = {link for link in links if client.get(link, follow=True).status_code == 403}
    assert not refused


def test_service_reads_the_name_of_the_register_of_an_order(a, bob, client):
    order, register = a.orders.get(), a.registers.get()
    link = page(Register, "change", register.pk)
    for address in (
        page(Order, "change", order.pk),
        page(Addition, "change", order.additions.get().pk),
    ):
        client.force_login(bob)
        found = client.get(address).content.decode()
        assert str(register) in found
        assert link not in found
        client.force_login(
            User.objects.filter(username="alice").first() or person("alice", manager=[a])
        )
        assert link in client.get(address).content.decode()


def test_a_manager_makes_no_restaurant_and_gives_no_rights(a, b, alice, client):
    assert client.get(page(Restaurant, "add")).status_code == 403
    assert client.post(page(Restaurant, "delete", a.pk), {"post": "yes"}).status_code == 403
    assert client.get(page(Membership, "add")).status_code == 403
    assert client.get(page(User, "changelist")).status_code == 403
    assert client.get(page(User, "change", alice.pk)).status_code in {302, 403}


def test_a_manager_with_permission_rows_gets_no_further(a, b, alice, client):
    """What Django's own tables of permissions say plays no part."""
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


@pytest.mark.parametrize("role", ["service", "manager"])
def test_who_serves_frees_a_table(a, b, client, role):
    """P17: the old pages end, the next phone starts anew; a table of another house stays as it is."""
    client.force_login(person("dora", **{role: [a]}))
    visit, foreign = of(Visit, a).get(), of(Visit, b).get()
    chosen = {"action": "free_tables", ACTION_CHECKBOX_NAME: [visit.pk, foreign.pk]}
    client.post(page(Visit, "changelist"), chosen)
    visit.refresh_from_db()
    foreign.refresh_from_db()
    assert visit.ended_at is not None
    assert foreign.ended_at is None
    act = Act.objects.get()
    assert (str(act.person), act.table, acts.sentence(act)) == (
        "dora",
        visit.table,
        "a libéré la table",
    )
