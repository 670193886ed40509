"""P13, T34: a large carte and an odd one go through import, admin, phone, order, registers and export; nothing is lost
and no cent is off.
"""

from html import escape, unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from ordering.diner import kept
from ordering.models import (
    Category,
    OptionGroup,
    Order,
    Product,
    Restaurant,
    SetMenu,
    Table,
)
from ordering.restaurant_file import check
from ordering.services.transfer import export_restaurant, import_restaurant
from tests.ordering import generated_carte, whole_way
from tests.ordering.admin_cast import errors, page, person, send

pytestmark = [pytest.mark.django_db, pytest.mark.wire]


@pytest.fixture(params=["large", "odd"])
def data(request):
    """Imported."""
    made = getattr(generated_carte, request.param)()
    assert check(made) == []
    import_restaurant(data=made)
    return made


def exported(data):
    """What an export says now, with what only the database knows taken off."""
    found = export_restaurant(Restaurant.objects.get())
    assert found["register"].pop("credentials") == {}
    wanted = {**data, "register": {**data["register"]}}
    wanted["register"].pop("credentials")
    return found, wanted


def test_the_cartes_are_what_they_are_meant_to_be():
    large, odd = generated_carte.large(), generated_carte.odd()
    assert (len(large["products"]), len(large["set_menus"])) == (120, 4)
    assert {len(text) for text in generated_carte.ODD_TEXTS.values()} >= {200}
    prices = {product["price"] for product in odd["products"]}
    assert {"0.00", "0.01", "999999.99"} <= prices
    assert all(generated_carte.unrecoverable(rate) for rate in generated_carte.RATES)


def test_its_export_is_the_file_and_importing_it_changes_nothing(data):
    found, wanted = exported(data)
    assert found == wanted
    version = Restaurant.objects.get().carte_version
    bare = export_restaurant(Restaurant.objects.get())
    assert not import_restaurant(data=bare).changed
    assert Restaurant.objects.get().carte_version == version


@pytest.mark.once
def test_each_page_of_admin_opens_and_saves_without_changing_anything(data, client):
    """Of the large carte some: its rows are made alike."""
    client.force_login(person("alice", manager=[Restaurant.objects.get()]))
    few = 41 if len(data["products"]) == 120 else 1
    for model in (Product, OptionGroup, SetMenu, Category, Table, Restaurant):
        rows = list(model.objects.all())
        for row in {*rows[::few], *rows[:: few // 10 + 1][:4]}:
            answer = send(client, page(model, "change", row.pk))
            assert answer.status_code == 302, (row, errors(answer))
    found, wanted = exported(data)
    assert found == wanted


@pytest.mark.once
def test_its_products_go_through_a_spreadsheet_unchanged(data, client):
    client.force_login(person("alice", manager=[Restaurant.objects.get()]))
    restaurant = Restaurant.objects.get()
    for kind in ("csv", "xlsx"):
        files = reverse("admin:ordering_restaurant_sheet_file", args=[restaurant.pk, kind])
        looked = client.post(
            reverse("admin:ordering_restaurant_sheet", args=[restaurant.pk]),
            {"file": SimpleUploadedFile(f"products.{kind}", client.get(files).content)},
        )
        assert looked.context["preview"].changes == []


@pytest.mark.once
def test_the_phone_shows_all_of_it(data, django_assert_max_num_queries):
    """Cost: four queries cold and three warm, whatever the carte; F19: every text is escaped."""
    phone = whole_way.joined(Table.objects.get(number=12))
    kept.forget()
    with django_assert_max_num_queries(4):
        phone.get(phone.visit)
    with django_assert_max_num_queries(3):
        html = phone.get(phone.visit).content.decode()
    for item in (*data["products"], *data["set_menus"]):
        assert escape(item["name"]["fr"]) in html
        if text := item.get("description", {}).get("fr"):
            assert text in unescape(html)
    assert "<script>alert" not in html
    for product in data["products"]:
        answer = phone.get(f"{phone.visit}p/{product['key']}/")
        shown = answer.content.decode()
        assert escape(product["name"]["fr"]) in shown
        assert "<script>alert" not in shown
        wanted = whole_way.cents(product["price"])
        assert f'data-price="{wanted}"' in shown or product.get("option_groups")
    for menu in data["set_menus"]:
        shown = phone.get(f"{phone.visit}m/{menu['key']}/").content.decode()
        assert f'data-price="{whole_way.cents(menu["price"])}"' in shown
        for course in menu["courses"]:
            assert all(f'value="{choice["product"]}"' in shown for choice in course["choices"])


def test_all_of_it_is_ordered_and_no_cent_is_off(data):
    """P13: by hand, on the phone, in the order, and on each till."""
    phone = whole_way.joined(Table.objects.get(number=12))
    wanted = whole_way.everything(data)
    whole_way.put(phone, wanted)
    total = sum(each.total for each in wanted)
    assert whole_way.shown_total(phone) == total
    answer = phone.send()
    assert answer.status_code == 303, answer.content.decode()[-2_000:]
    order = Order.objects.get()
    lines = list(order.lines.all())
    assert order.total == sum(line.total for line in lines) == total
    for line, each in zip(lines, wanted, strict=True):
        inside = [line.name, *(option["name"] for option in line.options)]
        for choice in line.choices:
            inside += [choice["name"], *(option["name"] for option in choice["options"])]
        assert [texts["fr"] for texts in inside] == each.names
        assert (line.total, line.quantity) == (each.total, int(each.form["quantity"]))
    with whole_way.tills() as tills:
        for till in tills:
            whole_way.judged(till, order, total)
    found, file = exported(data)
    assert found == file
    assert "<script>alert" not in phone.get(answer["Location"]).content.decode()
