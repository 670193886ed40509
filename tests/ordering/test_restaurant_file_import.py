"""What an import changes, what it leaves alone, and what it does not do unseen (T34)."""

import copy

import pytest
from django.utils import timezone

from ordering.models import (
    CartLine,
    CategoryItem,
    Guest,
    Option,
    Product,
    ProductOptionGroup,
    Restaurant,
    SetMenu,
    Table,
    Visit,
)
from ordering.restaurant_file import RestaurantFileError
from ordering.services.transfer import AcceptanceNeeded, export_restaurant, import_restaurant
from tests.ordering.test_restaurant_file_mistakes import changed, small

pytestmark = pytest.mark.django_db


def imported(data, **how):
    return import_restaurant(data=copy.deepcopy(data), **how)


def mistakes(data, **how):
    with pytest.raises(RestaurantFileError) as caught:
        imported(data, **how)
    return [str(mistake) for mistake in caught.value.mistakes]


def to_accept(data, **how):
    """What has to be accepted; and accepting it works."""
    before = export_restaurant(Restaurant.objects.get())
    with pytest.raises(AcceptanceNeeded) as caught:
        imported(data, **how)
    assert export_restaurant(Restaurant.objects.get()) == before
    imported(data, accept=True, **how)
    return caught.value.changes


# --- Creating and updating -----------------------------------------------------------------------


def test_it_fills_in_the_defaults_of_what_is_left_out():
    data = small()
    data["products"][1].pop("allergens")
    imported(data)
    rice = Product.objects.get(key="riz")
    assert (rice.register_id, rice.description, rice.served, rice.photo) == ("", {}, None, "")
    assert (rice.allergens, rice.diets, rice.course, rice.sold_out) == (None, [], None, False)
    place = Restaurant.objects.get()
    assert (place.timezone, place.limit_covers, place.hours) == ("Europe/Paris", 30, None)
    assert place.ordering
    assert len(Table.objects.get(number=2).code) == 22


def test_it_writes_nothing_at_all_where_anything_is_wrong():
    assert mistakes(changed(("products", 1, "price"), "4"))
    assert not Restaurant.objects.exists()
    imported(small())
    data = changed(("name",), "Another name")
    assert mistakes(changed(("products", 1, "price"), "4", data))
    assert Restaurant.objects.get().name == "Chez Alice"


def test_it_gives_what_is_left_out_its_default_again():
    imported(small())
    data = small()
    for name in ("description", "diets", "photo", "served", "course", "option_groups"):
        del data["products"][0][name]
    del data["tables"][0]["register_id"], data["tables"][0]["seats"]
    report = imported(data)
    assert str(report.counts["products"]) == "1 updated, 1 unchanged"
    assert str(report.counts["tables"]) == "1 updated, 1 unchanged"
    soup = Product.objects.get(key="soupe")
    assert (soup.description, soup.diets, soup.photo, soup.served, soup.course) == (
        {},
        [],
        "",
        None,
        None,
    )
    assert not soup.option_groups.exists()


def test_it_keeps_what_the_file_does_not_mention_after_what_it_does():
    imported(small())
    data = small()
    del data["tables"][0], data["products"][0]["option_groups"]
    data["option_groups"], data["set_menus"] = [], []
    data["categories"][0]["items"] = ["soupe", "riz"]
    data["products"].append({**data["products"][1], "key": "pain"})
    data["products"].append(data["products"].pop(0))
    report = imported(data)
    assert report.deleted == 0
    assert [table.number for table in Table.objects.order_by("position")] == [2, 1]
    assert list(Product.objects.values_list("key", flat=True)) == ["riz", "pain", "soupe"]
    assert SetMenu.objects.get().courses.get().choices.count() == 2
    assert Option.objects.count() == 2
    assert list(CategoryItem.objects.values_list("product__key", flat=True)) == ["soupe", "riz"]


def test_it_counts_a_thing_whose_list_alone_has_changed():
    imported(small())
    data = changed(("categories", 0, "items"), ["riz", "soupe"])
    data["set_menus"][0]["courses"][0]["choices"].pop()
    report = imported(data)
    assert str(report.counts["categories"]) == "1 updated"
    assert str(report.counts["courses"]) == "1 updated"
    assert str(report.counts["products"]) == "2 unchanged"
    assert report.changed


def test_it_makes_cached_pages_old_only_where_something_changed():
    imported(small())
    version = Restaurant.objects.get().carte_version
    imported(small())
    assert Restaurant.objects.get().carte_version == version
    imported(changed(("products", 1, "price"), "4.10"))
    assert Restaurant.objects.get().carte_version > version


def test_it_keeps_the_rows_that_it_changes():
    imported(small())
    before = set(Product.objects.values_list("pk", "key"))
    imported(changed(("products", 1, "price"), "4.10"))
    assert set(Product.objects.values_list("pk", "key")) == before


def test_it_leaves_other_restaurants_alone():
    imported(small())
    other = changed(("slug",), "chez-charlie")
    del other["tables"][0]["code"]
    imported(other)
    before = export_restaurant(Restaurant.objects.get(slug="chez-charlie"), with_secrets=True)
    bare = {**small(), "products": [], "option_groups": [], "set_menus": [], "categories": []}
    imported(bare, prune=True, accept=True)
    assert not Product.objects.filter(restaurant__slug="chez-alice").exists()
    after = export_restaurant(Restaurant.objects.get(slug="chez-charlie"), with_secrets=True)
    assert after == before


def test_it_keeps_texts_in_the_order_of_the_languages():
    data = changed(("products", 0, "name"), {"en": "Soup", "fr": "Soupe"})
    imported(data)
    name = export_restaurant(Restaurant.objects.get())["products"][0]["name"]
    assert list(name.items()) == [("fr", "Soupe"), ("en", "Soup")]


def test_it_refuses_a_first_language_that_the_rest_is_not_written_in():
    imported(small())
    data = {**small(), "languages": ["en"], "categories": [], "option_groups": []}
    data["products"] = [{"key": "riz", "name": {"en": "Rice"}, "price": "4.00", "vat": "5.5"}]
    data["products"][0]["allergens"], data["set_menus"] = [], []
    found = mistakes(data)
    assert (
        'languages[0]: the category "plats", which this file does not mention, has no text in "en"'
        in found
    )
    assert any('the option "pain/blanc"' in one for one in found)
    imported(data, prune=True, accept=True)


def test_it_refuses_a_key_that_the_rest_has():
    imported(small())
    data = {**small(), "set_menus": []}
    data["categories"][0]["items"] = []
    data["products"].append({**data["products"][1], "key": "menu"})
    assert mistakes(data) == [
        'products[2].key: the restaurant has a set menu "menu", which this file does not mention'
    ]
    assert imported(data, prune=True).counts["set menus"].deleted == 1


# --- Deleting ------------------------------------------------------------------------------------


def test_it_deletes_what_is_not_mentioned_only_when_it_is_told_to():
    imported(small())
    data = {**small(), "categories": [], "products": [], "option_groups": [], "set_menus": []}
    assert imported(data).changed is False
    report = imported(data, prune=True, accept=True)
    # A category, two products, a group with its options, a set menu with its courses.
    assert report.deleted == 5
    assert not Option.objects.exists()
    exported = export_restaurant(Restaurant.objects.get())
    assert "option_groups" not in exported
    assert exported["products"] == exported["categories"] == []


def test_it_deletes_options_and_courses_inside_of_what_stays():
    data = small()
    course = {**data["set_menus"][0]["courses"][0], "key": "dessert"}
    data["set_menus"][0]["courses"].append(course)
    imported(data)
    data["set_menus"][0]["courses"].pop(0)
    data["option_groups"][0]["options"].pop(0)
    assert imported(data).deleted == 0
    assert Option.objects.count() == 2
    report = imported(data, prune=True)
    assert (report.counts["options"].deleted, report.counts["courses"].deleted) == (1, 1)
    assert export_restaurant(Restaurant.objects.get())["set_menus"] == data["set_menus"]


def test_it_switches_off_a_table_that_has_a_history():
    data = small()
    data["tables"].append({"number": 3})
    imported(data)
    Visit.objects.create(table=Table.objects.get(number=2), covers=2, ended_at=timezone.now())
    report = imported({**small(), "tables": [{"number": 1}]}, prune=True)
    assert report.counts["tables"].deleted == 1
    assert report.notes == ["Table 2 has visits or orders: it was switched off, not deleted."]
    table = Table.objects.get(number=2)
    assert not table.enabled
    assert not table.ordering
    assert not Table.objects.filter(number=3).exists()
    # Once more there is nothing to say.
    report = imported({**small(), "tables": [{"number": 1}]}, prune=True)
    assert not report.changed
    assert report.notes == []


def test_it_has_a_cart_asked_again_whose_product_it_deletes():
    imported(small())
    visit = Visit.objects.create(table=Table.objects.get(number=1), covers=2)
    guest = Guest.objects.create(visit=visit, secret_hash="x", number=1)
    rice = Product.objects.get(key="riz")
    CartLine.objects.create(visit=visit, guest=guest, product=rice, quantity=1, shown_price=400)
    data = small()
    data["categories"][0]["items"].remove("riz")
    data["set_menus"][0]["courses"][0]["choices"].pop()
    data["products"].pop()
    imported(data, prune=True, accept=True)
    visit.refresh_from_db()
    assert visit.cart_version == 1
    assert not visit.cart_lines.exists()


def test_it_has_a_cart_asked_again_whose_set_menu_it_deletes():
    imported(small())
    visit = Visit.objects.create(table=Table.objects.get(number=1), covers=2)
    guest = Guest.objects.create(visit=visit, secret_hash="x", number=1)
    menu = Restaurant.objects.get().set_menus.get()
    CartLine.objects.create(visit=visit, guest=guest, set_menu=menu, quantity=1, shown_price=400)
    data = {**small(), "set_menus": []}
    for category in data["categories"]:
        category["items"] = [item for item in category["items"] if item != "menu"]
    imported(data, prune=True, accept=True)
    visit.refresh_from_db()
    assert visit.cart_version == 1
    assert not visit.cart_lines.exists()


# --- Allergens and sold out ----------------------------------------------------------------------

AGAIN = "it is sold out, and would be on sale again"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (["milk", "eggs"], ["milk"], "it would no longer be declared to contain eggs"),
        (["milk", "eggs"], [], "it would no longer be declared to contain milk and eggs"),
        (["milk"], ["eggs"], "it would no longer be declared to contain milk"),
        (["milk"], None, "it contains milk, and would not be declared any more"),
        (["milk"], ..., "it contains milk, and would not be declared any more"),
        ([], None, "none of the 14, and would not be declared any more"),
        (None, [], "not declared, and would be declared as none of the 14"),
        (None, ["milk"], None),
        ([], ["milk"], None),
        (["milk"], ["eggs", "milk"], None),
        (None, ..., None),
    ],
)
@pytest.mark.parametrize(
    "path", [("products", 0, "allergens"), ("option_groups", 0, "options", 0, "allergens")]
)
def test_it_does_not_lessen_a_declaration_unseen(path, before, after, said):
    imported(changed(path, before))
    data = changed(path, before)
    changed(path, after, data)
    if said is None:
        imported(data)
    else:
        (change,) = to_accept(data)
        assert said in change
        thing = 'product "soupe"' if path[0] == "products" else 'option "pain/blanc"'
        assert change.startswith(thing)


@pytest.mark.parametrize(
    ("path", "thing"),
    [
        (("products", 1), 'product "riz"'),
        (("option_groups", 0, "options", 1), 'option "pain/noir"'),
        (("set_menus", 0), 'set menu "menu"'),
    ],
)
def test_it_does_not_put_back_on_sale_unseen(path, thing):
    imported(changed((*path, "sold_out"), True))
    assert to_accept(small()) == [f"{thing}: it is sold out, and would be on sale again"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"sold_out_until": "2999-01-01"}, {}, "it is sold out, and would be on sale again"),
        ({"sold_out_until": "2999-01-01"}, {"portions": 0}, None),
        ({"sold_out_until": "2020-01-01"}, {}, None),
        ({"portions": 0}, {}, "it is sold out, and would be on sale again"),
        ({"portions": 0}, {"sold_out": True}, None),
        ({"sold_out": True}, {"sold_out_until": "2999-01-01"}, f"{AGAIN} on 2999-01-01"),
        ({"portions": 0}, {"sold_out_until": "2999-01-01"}, f"{AGAIN} on 2999-01-01"),
        (
            {"sold_out_until": "2999-01-02"},
            {"sold_out_until": "2999-01-01"},
            f"{AGAIN} on 2999-01-01",
        ),
        ({"sold_out_until": "2999-01-01"}, {"sold_out_until": "2999-01-02"}, None),
        ({"portions": 3}, {}, "it has 3 portions left, and would not be counted any more"),
        ({"portions": 3}, {"portions": 4}, "it has 3 portions left, and would have 4"),
        ({"portions": 3}, {"portions": 2}, None),
    ],
)
def test_it_sells_no_more_than_there_is_unseen(before, after, said):
    data = small()
    data["products"][1].update(before)
    imported(data)
    data = small()
    data["products"][1].update(after)
    if said is None:
        imported(data)
    else:
        assert to_accept(data) == [f'product "riz": {said}']


def test_it_sells_no_more_set_menus_than_there_are_unseen():
    data = small()
    data["set_menus"][0]["portions"] = 3
    imported(data)
    data["set_menus"][0]["portions"] = 4
    assert to_accept(data) == ['set menu "menu": it has 3 portions left, and would have 4']


def test_it_does_not_delete_declarations_and_what_is_sold_out_unseen():
    data = small()
    data["set_menus"][0]["sold_out"] = True
    data["option_groups"][0]["options"][0]["sold_out"] = True
    imported(data)
    bare = {**small(), "categories": [], "products": [], "option_groups": [], "set_menus": []}
    assert to_accept(bare, prune=True) == [
        'product "soupe": it would be deleted with its declaration, “contains celery”',
        'product "riz": it would be deleted with its declaration, “contains none of the 14”',
        'option "pain/blanc": it is sold out, and would be deleted',
        'set menu "menu": it is sold out, and would be deleted',
    ]


def test_it_does_not_take_off_what_is_always_added_unseen():
    data = changed(("option_groups", 0, "kind"), "automatic")
    data["option_groups"][0]["options"][0]["allergens"] = ["peanuts"]
    imported(data)
    data["products"][0]["option_groups"] = []
    assert to_accept(data) == [
        'product "soupe": "pain", which is always added to it and contains peanuts, '
        "would no longer be"
    ]
    assert not ProductOptionGroup.objects.exists()


def test_it_does_not_ask_about_what_was_always_added_unseen():
    """P22: who may leave the bread out is told that the soup is without."""
    data = changed(("option_groups", 0, "kind"), "automatic")
    data["option_groups"][0]["options"][0]["allergens"] = ["peanuts"]
    imported(data)
    data["option_groups"][0]["kind"] = "choice"
    assert to_accept(data) == [
        'product "soupe": "pain", which is always added to it and contains peanuts, '
        "would no longer be"
    ]


@pytest.mark.parametrize("change", ["taken off", "asked", "deleted"])
def test_it_does_not_take_off_what_is_always_added_and_not_declared_unseen(change):
    """P22: without the bread that nobody has declared, the soup would be declared."""
    data = changed(("option_groups", 0, "kind"), "automatic")
    data["option_groups"][0]["options"][0]["allergens"] = []
    imported(data)
    said = (
        'product "soupe": "pain", which is always added to it and is not declared, '
        "would no longer be"
    )
    if change == "taken off":
        data["products"][0]["option_groups"] = []
    elif change == "asked":
        data["option_groups"][0]["kind"] = "choice"
    else:
        del data["option_groups"][0]["options"][1]
        said = 'option "pain/noir": it is always added and is not declared, and would be deleted'
    assert to_accept(data, prune=change == "deleted") == [said]


def test_it_asks_nothing_of_a_new_restaurant():
    data = changed(("products", 0, "allergens"), [])
    assert imported(data).changed
