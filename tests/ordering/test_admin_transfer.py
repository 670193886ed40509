"""A restaurant's file in the browser: its manager exports and imports it, and nobody else does."""

import copy
import html
import json
import logging
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse

from ordering.admin import transfer
from ordering.models import Product, Restaurant
from ordering.restaurant_file import sentences, write
from ordering.services.transfer import export_restaurant, report
from tests import factories
from tests.ordering.admin_cast import MARK, house, installer, page, person
from tests.ordering.test_restaurant_file_mistakes import small

pytestmark = pytest.mark.django_db

PAYLOAD = "<script>alert(1)</script>"


@pytest.fixture
def a():
    return house("chez-alice", "Aldebaran")


@pytest.fixture
def b():
    return house("chez-charlie", MARK)


@pytest.fixture(autouse=True)
def english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def alice(a, client):
    user = person("alice", manager=[a])
    client.force_login(user)
    return user


def of(name, restaurant):
    return reverse(f"admin:ordering_restaurant_{name}", args=[restaurant.pk])


NEW = "/admin/ordering/restaurant/import/"


def upload(client, address, data, **more):
    content = data if isinstance(data, bytes) else write(data).encode()
    return client.post(address, {"file": SimpleUploadedFile("x.json", content), **more})


def said(response):
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def changed(restaurant, **product):
    data = export_restaurant(restaurant)
    data["products"][0] |= product
    return data


# --- Export --------------------------------------------------------------------------------------


def test_a_manager_takes_the_file_home_without_secrets(a, alice, client, caplog):
    """T23, T30"""
    caplog.set_level(logging.INFO)
    address = of("export", a)
    assert address in client.get(page(Restaurant, "change", a.pk)).content.decode()
    response = client.get(address)
    assert response["Content-Disposition"] == 'attachment; filename="chez-alice.json"'
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert response.content.decode() == write(export_restaurant(a))
    assert json.loads(response.content)["register"]["credentials"] == {}
    for secret in ("key-of-", a.tables.get().code):
        assert secret not in response.content.decode()
    assert f"Export of chez-alice by person {alice.pk}" in caplog.text
    assert client.post(address).status_code == 405


def test_it_says_on_the_next_page_what_the_file_leaves_out(a, alice, client):
    a.set_menus.get().courses.get().choices.all().delete()
    assert "set_menus" not in json.loads(client.get(of("export", a)).content)
    found = said(client.get(page(Restaurant, "change", a.pk)))
    assert 'The set menu "menu" is left out: it has no courses.' in found


# --- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["bob", "charlie", "dan", "nobody"])
def test_nobody_else_gets_the_file_or_brings_one(a, b, client, who):
    memberships = {"bob": {"service": [a]}, "charlie": {"manager": [b], "service": [a]}}
    if who != "nobody":
        client.force_login(person(who, **memberships.get(who, {})))
    before = export_restaurant(a, with_secrets=True)
    for response in (
        client.get(of("export", a)),
        client.get(of("import", a)),
        upload(client, of("import", a), changed(a, price="1.00")),
        client.get(NEW),
        upload(client, NEW, small() | {"slug": "another"}),
    ):
        assert response.status_code in ({302} if who == "nobody" else {403, 404})
        assert "Aldebaran" not in response.content.decode()
    assert export_restaurant(a, with_secrets=True) == before
    assert Restaurant.objects.count() == 2
    if who == "bob":
        shown = client.get(page(Restaurant, "change", a.pk)).content.decode()
        assert of("export", a) not in shown
        assert of("import", a) not in shown


def test_a_restaurant_of_others_and_one_that_is_not_there_are_answered_alike(a, b, alice, client):
    for name in ("export", "import"):
        answers = [
            client.get(of(name, b)),
            client.get(reverse(f"admin:ordering_restaurant_{name}", args=[b.pk + 1000])),
        ]
        assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("slug", ["chez-charlie", "nowhere", 5, None])
def test_a_manager_imports_into_no_other_restaurant(a, b, alice, client, slug):
    """Nor learns anything of it: whatever else is wrong with the file, B is not looked at."""
    data = changed(a) | {"slug": slug, "languages": ["de"]}
    before = export_restaurant(b)
    found = said(upload(client, of("import", a), data))
    assert (
        'slug: this is another restaurant\'s file; the file of this one has "chez-alice"' in found
    )
    assert MARK not in found
    assert export_restaurant(b) == before
    assert Restaurant.objects.count() == 2


def test_a_form_of_another_site_imports_nothing(a, alice):
    """T17"""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for address in (of("import", a), NEW):
        file = SimpleUploadedFile("x.json", write(changed(a, price="1.00")).encode())
        response = client.post(address, {"file": file}, headers={"origin": "https://evil.example"})
        assert response.status_code == 403
    assert a.products.get().price == 8_00


# --- Import --------------------------------------------------------------------------------------


def test_a_manager_brings_the_file_back(a, alice, client):
    address = of("import", a)
    assert address in client.get(page(Restaurant, "change", a.pk)).content.decode()
    assert 'enctype="multipart/form-data"' in client.get(address).content.decode()
    # Twice: what was made by hand gets its places in the file's order first.
    upload(client, address, export_restaurant(a))
    assert "Nothing has changed." in said(upload(client, address, export_restaurant(a)))
    version = Restaurant.objects.get().carte_version
    found = said(upload(client, address, changed(a, price="9.50")))
    assert "The file was imported." in found
    assert "<li>products: 1 updated</li>" in found
    assert a.products.get().price == 9_50
    assert Restaurant.objects.get().carte_version > version
    assert LogEntry.objects.filter(user=alice, object_id=a.pk).exists()
    # The keys and the codes are as they were.
    assert a.registers.get().credentials["pub_key"] == "key-of-Aldebaran"


def test_it_lists_every_mistake_with_its_place_and_writes_nothing(a, alice, client):
    data = changed(a, price="9,50", vat=PAYLOAD)
    data["tables"].append({"number": 0})
    response = upload(client, of("import", a), data)
    assert PAYLOAD not in response.content.decode()
    found = said(response)
    assert "Nothing was imported." in found
    for words in ("products[0].price: ", "products[0].vat: ", "tables[1].number: "):
        assert f"<li>{words}" in found
    assert a.products.get().price == 8_00


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"{", "it may be cut off"),
        (b'{"slug": "caf\xe9"}', "the file is not UTF-8"),
        (b"[" * 10_000, "brackets are more than 32 levels deep"),
        (b"[]", "the file must hold one object"),
        (b"x" * 6_000_000, "the file has 6.0 MB; a restaurant file has at most 5 MB"),
    ],
    ids=range(6),
)
def test_it_says_why_a_file_cannot_be_read(a, alice, client, content, words):
    assert words in said(upload(client, of("import", a), content))


def test_it_leads_a_spreadsheet_to_its_page(a, alice, client):
    sheet = SimpleUploadedFile("Produits.XLSX", b"PK")
    assert of("sheet", a) in said(client.post(of("import", a), {"file": sheet}))
    assert of("sheet", a) not in said(upload(client, of("import", a), b"{"))


def test_it_asks_for_the_file(a, alice, client):
    assert "This field is required." in said(client.post(of("import", a), {"file": ""}))


def test_it_shows_the_first_of_very_many_mistakes(a, alice, client):
    data = export_restaurant(a)
    data["tables"] = [{"number": 0} for _ in range(500)]
    found = said(upload(client, of("import", a), data))
    assert found.count("tables[") == transfer.MISTAKES_SHOWN
    assert re.search(r"and \d+ more", found)


def test_it_says_when_the_database_is_busy(a, alice, client):
    def locked(execute, sql, *args):
        if sql.startswith('UPDATE "ordering_product"'):
            raise DatabaseError("the price of Aldebaran")
        return execute(sql, *args)

    with connection.execute_wrapper(locked):
        found = said(upload(client, of("import", a), changed(a, price="9.50")))
    assert "Nothing was imported; try again." in found
    assert "the price of" not in found
    assert a.products.get().price == 8_00


def test_the_report_and_the_mistakes_are_in_the_readers_language_p25(a, alice, client, monkeypatch):
    """Patched: a catalogue in which each sentence stands between « and »."""
    for module, name in ((sentences, "gettext"), (report, "gettext"), (report, "ngettext")):
        monkeypatch.setattr(module, name, lambda text, *_: f"«{text}»")
    address = of("import", a)
    wrong = said(upload(client, address, changed(a, price="12,50")))
    assert '<li>«products[0].price: «"12,50" is not «a price; write euros' in wrong
    assert "<li>«the file is empty»</li>" in said(upload(client, address, b""))
    done = said(upload(client, address, changed(a, price="9.50", photo="plat.jpg")))
    assert "<li>««products»: «1 updated»»</li>" in done
    assert "<li>«There is no photo" in done
    # What is not English is not called so.
    assert '<ul lang="en">' not in wrong + done


# --- What has to be accepted (T34) ---------------------------------------------------------------


def seen(response):
    [found] = re.findall(r'name="seen" value="([0-9a-f]{64})"', response.content.decode())
    return found


def test_it_asks_before_it_drops_an_allergen(a, alice, client):
    Product.objects.update(allergens=["milk"], sold_out=True)
    address, data = of("import", a), changed(a, allergens=None, sold_out=False)
    assert "I accept" not in said(client.get(address))
    asked = upload(client, address, data)
    found = said(asked)
    assert "I accept these changes" in found
    assert 'product "plat": it contains milk, and would not be declared any more' in found
    assert 'product "plat": it is sold out, and would be on sale again' in found
    assert Product.objects.get().allergens == ["milk"]
    # Without the box, or with the box and without having read, it asks again.
    for more in ({"seen": seen(asked)}, {"accept": "on"}, {"accept": "on", "seen": "0" * 64}):
        assert "I accept these changes" in said(upload(client, address, data, **more))
        assert Product.objects.get().allergens == ["milk"]
    found = said(upload(client, address, data, accept="on", seen=seen(asked)))
    assert "The file was imported." in found
    assert Product.objects.get().allergens is None


def test_what_was_accepted_of_one_file_is_not_accepted_of_another(a, alice, client):
    Product.objects.update(allergens=["milk", "nuts"])
    address = of("import", a)
    asked = upload(client, address, changed(a, allergens=["nuts"]))
    other = upload(client, address, changed(a, allergens=["milk"]), accept="on", seen=seen(asked))
    assert "would no longer be declared to contain nuts" in said(other)
    assert Product.objects.get().allergens == ["milk", "nuts"]


# --- A new restaurant ----------------------------------------------------------------------------


def test_the_installer_makes_a_restaurant_from_a_file(a, client):
    client.force_login(installer())
    assert NEW in client.get(page(Restaurant, "changelist")).content.decode()
    found = said(upload(client, NEW, small() | {"slug": "chez-dan", "name": PAYLOAD[:-9]}))
    assert "restaurant: 1 created" in found
    made = Restaurant.objects.get(slug="chez-dan")
    assert made.products.count() == 2
    assert LogEntry.objects.filter(object_id=made.pk).exists()
    # No key and no code comes back into the page.
    assert "CANARY" not in found


def test_a_new_restaurant_takes_the_place_of_none(a, client):
    client.force_login(installer())
    data = copy.deepcopy(small())
    found = said(upload(client, NEW, data))
    assert "slug: there is such a restaurant already" in found
    assert not a.products.filter(key="soupe").exists()


def test_the_installer_brings_a_file_to_its_restaurant(a, client):
    client.force_login(installer())
    assert "products: 1 updated" in said(upload(client, of("import", a), changed(a, price="9.50")))


def test_who_manages_two_brings_each_its_own(a, client):
    other = factories.restaurant("chez-dan")
    factories.table(other)
    factories.product(other)
    client.force_login(person("dan", manager=[a, other]))
    data = changed(other, price="9.50")
    assert "another restaurant's file" in said(upload(client, of("import", a), data))
    assert "products: 1 updated" in said(upload(client, of("import", other), data))
