"""A manager sets up a carte by hand; what is wrong is refused beside the field (P25), and by the database as well."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ordering.models import (
    Category,
    CategoryItem,
    Choice,
    Course,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    SetMenu,
)
from ordering.services.transfer import export_restaurant
from tests import factories
from tests.ordering.admin_cast import errors, form_data, person, send
from tests.ordering.diner_phone import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    made = factories.restaurant()
    factories.register(made)
    return made


@pytest.fixture(autouse=True)
def alice(house, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))


def page(name, *args):
    return reverse(f"admin:ordering_{name}", args=args)


PRODUCT = {"name_fr": "Tarte Tatin", "name_en": "", "price": "8,50", "vat": "10"}


def add_product(client, **changes):
    return send(client, page("product_add"), **{**PRODUCT, **changes})


# --- Made by hand -------------------------------------------------------------------------------


def test_it_makes_a_whole_carte(house, client):
    group = send(
        client, page("optiongroup_add"),
        name_fr="Cuisson", name_en="How cooked", min="1", max="1",
        options__TOTAL_FORMS="2",
        options__0__name_fr="Saignant", options__0__price="0", options__0__allergens_state="none",
        options__1__name_fr="À point", options__1__price="0,00",
        options__1__allergens_state="undeclared",
    )  # fmt: skip
    assert group.status_code == 302
    cooked = OptionGroup.objects.get()
    assert [option.key for option in cooked.options.all()] == ["saignant", "a-point"]
    assert [option.allergens for option in cooked.options.all()] == [[], None]

    add_product(
        client, name_fr="Bavette", price="19,90", register_id="1007",
        allergens_state="contains", allergens_contains=["milk"], diets=["homemade"],
        served="mar–ven 12:00-14:00",
        option_groups__TOTAL_FORMS="1", option_groups__0__group=str(cooked.pk),
    )  # fmt: skip
    steak = Product.objects.get()
    assert (steak.key, steak.price, steak.vat) == ("bavette", 19_90, Decimal(10))
    assert steak.allergens == ["milk"]
    assert steak.diets == ["homemade"]
    assert steak.served == [{"days": ["tue", "wed", "thu", "fri"], "from": "12:00", "to": "14:00"}]
    assert ProductOptionGroup.objects.get().group == cooked
    add_product(client)

    send(
        client, page("setmenu_add"), name_fr="Menu du midi", price="24", vat="10",
        courses__TOTAL_FORMS="2",
        courses__0__name_fr="Plat", courses__0__min="1", courses__0__max="1",
        courses__1__name_fr="Dessert", courses__1__min="0", courses__1__max="1",
    )  # fmt: skip
    menu = SetMenu.objects.get()
    main = menu.courses.get(key="plat")
    send(
        client, page("course_change", main.pk), choices__TOTAL_FORMS="1",
        choices__0__product=str(steak.pk), choices__0__supplement="2,00",
    )  # fmt: skip
    assert main.choices.get().supplement == 2_00

    send(
        client, page("category_add"), name_fr="Plats", items__TOTAL_FORMS="2",
        items__0__product=str(steak.pk), items__1__set_menu=str(menu.pk),
    )  # fmt: skip
    assert [str(item) for item in Category.objects.get().items.all()] == [
        "Bavette", "Menu du midi",
    ]  # fmt: skip
    # What is made by hand can travel as a file.
    assert export_restaurant(house)


def test_every_change_makes_the_cached_carte_old(house, client):
    def version():
        house.refresh_from_db()
        return house.carte_version

    before = version()
    add_product(client)
    assert version() > before
    tart, before = Product.objects.get(), version()
    send(client, page("product_change", tart.pk), price="9")
    assert version() > before
    before = version()
    client.post(page("product_changelist"), {"action": "sell_out", "_selected_action": tart.pk})
    assert version() > before
    before = version()
    send(client, page("category_add"), name_fr="Desserts", items__TOTAL_FORMS="1",
         items__0__product=str(tart.pk))  # fmt: skip
    assert version() > before
    before = version()
    category = Category.objects.get()
    send(client, page("category_change", category.pk), items__0__DELETE="on")
    assert not category.items.exists()
    assert version() > before
    before = version()
    client.post(page("product_delete", tart.pk), {"post": "yes"})
    assert version() > before
    before = version()
    client.post(
        page("category_changelist"),
        {"action": "delete_selected", "_selected_action": category.pk, "post": "yes"},
    )
    assert not Category.objects.exists()
    assert version() > before


def test_a_change_touches_only_what_was_changed(house, client):
    """Counters move while a manager's page is open: saving it must not put them back."""
    with CaptureQueriesContext(connection) as queries:
        send(client, page("restaurant_change", house.pk), name="Chez Alice et Bob")
    [written] = [
        query["sql"]
        for query in queries
        if query["sql"].startswith('UPDATE "ordering_restaurant"') and "Bob" in query["sql"]
    ]
    assert "order_count" not in written
    assert "languages" not in written


def test_what_was_sold_meanwhile_is_not_put_back(house, client):
    """F16: orders count portions down, and waiters say that it ran out, while a manager's page is open."""
    product = factories.product(house, "soupe", portions=5)
    group = factories.option_group(product, "pain", {"noir": 0, "blanc": 0})
    noir = group.options.get(key="noir")
    type(noir).objects.update(portions=5)
    pages = [page("product_change", product.pk), page("optiongroup_change", group.pk)]
    opened = [form_data(client.get(address)) for address in pages]
    for model in (type(product), type(noir)):
        model.objects.update(portions=2, sold_out=True)
    for address, data in zip(pages, opened, strict=True):
        data["name_en"] = data["options-0-name_en"] = "Another"
        assert client.post(address, data).status_code == 302
    for thing in (product, noir):
        thing.refresh_from_db()
        assert thing.name["en"] == "Another"
        assert (thing.portions, thing.sold_out) == (2, True)
    # What somebody writes there counts.
    send(client, pages[0], portions="9", sold_out=None)
    send(client, pages[1], options__0__portions="", options__0__sold_out=None)
    for thing, portions in ((product, 9), (noir, None)):
        thing.refresh_from_db()
        assert (thing.portions, thing.sold_out) == (portions, False)


def test_it_locks_the_restaurant_before_its_dishes(house, client):
    """F16: as an order does that counts portions, so that neither waits for the other for ever."""
    product = factories.product(house, "soupe")
    group = factories.option_group(product, "pain", {"noir": 0})
    for address, changes in [
        (page("product_change", product.pk), {"name_fr": "Potage"}),
        (page("optiongroup_change", group.pk), {"options__0__name_fr": "Complet"}),
        (page("option_change", group.options.get().pk), {"name_fr": "Seigle"}),
    ]:
        with CaptureQueriesContext(connection) as queries:
            send(client, address, **changes)
        updates = [each["sql"] for each in queries if each["sql"].startswith("UPDATE")]
        rows = [sql.split('"')[1] for sql in updates if '"ordering_' in sql[:20]]
        assert len(set(rows)) > 1
        assert rows[0] == "ordering_restaurant"


def test_new_things_come_last(house, client):
    for name in ("Soupe", "Tarte", "Café"):
        add_product(client, name_fr=name)
        send(client, page("category_add"), name_fr=name)
    assert [product.key for product in Product.objects.all()] == ["soupe", "tarte", "cafe"]
    assert [category.key for category in Category.objects.all()] == ["soupe", "tarte", "cafe"]
    first = Category.objects.get(key="soupe")
    send(client, page("category_change", first.pk), position="9")
    assert Category.objects.last() == first


def test_it_makes_keys_that_are_free(house, client):
    for _ in range(2):
        add_product(client, name_fr="Œuf mayo")
        add_product(client, name_fr="担担面")
    assert [product.key for product in Product.objects.all()] == [
        "oeuf-mayo", "product", "oeuf-mayo-2", "product-2",
    ]  # fmt: skip
    send(
        client, page("optiongroup_add"), name_fr="辣度", options__TOTAL_FORMS="2",
        options__0__name_fr="微辣", options__0__price="0", options__0__allergens_state="none",
        options__1__name_fr="很辣", options__1__price="0", options__1__allergens_state="none",
    )  # fmt: skip
    assert [option.key for option in Option.objects.all()] == ["option", "option-2"]


def test_it_asks_in_the_languages_of_the_restaurant(house, client):
    house.languages = ["zh-Hans", "fr", "en"]
    house.save()
    found = client.get(page("product_add")).content.decode()
    assert [found.index(f'name="name_{code}"') for code in house.languages] == sorted(
        found.index(f'name="name_{code}"') for code in house.languages
    )
    said = errors(add_product(client))
    assert "zh-Hans" in said["name"]


def test_saving_a_page_as_it_stands_changes_nothing(house, client):
    product = factories.product(house, allergens=["milk"], diets=["vegan"], vat=Decimal("5.5"),
                                served=[{"days": ["mon"], "from": "12:00", "to": "14:00"}])  # fmt: skip
    factories.option_group(product, "sauce", {"poivre": 1_50, "rien": -50})
    before = export_restaurant(house)
    for name, model in (("product", Product), ("optiongroup", OptionGroup), ("option", Option),
                        ("category", Category)):  # fmt: skip
        for thing in model.objects.all():
            response = send(client, page(f"{name}_change", thing.pk))
            assert response.status_code == 302, errors(response)
    assert send(client, page("restaurant_change", house.pk)).status_code == 302
    assert export_restaurant(house) == before


@pytest.mark.parametrize(
    "typed", ["creme brulee", "CRÈME", "brûlée", "burnt", "oeuf", "4711", "dessert-1"]
)
def test_it_is_found_by_any_of_its_names(house, client, typed):
    factories.product(
        house, "dessert-1", register_id="4711",
        name={"fr": "Crème brûlée aux œufs", "en": "Burnt cream"},
    )  # fmt: skip
    factories.product(house, "soupe", name={"fr": "Soupe"}, register_id="1")
    found = client.get(page("product_changelist"), {"q": typed}).context["cl"].result_list
    assert [product.key for product in found] == ["dessert-1"]


# --- Refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "typed", "word"),
    [
        ("price", "12,5O", "12,5O"),
        ("price", "-1", "zero"),
        ("price", "", "required"),
        ("vat", "31", "30"),
        ("vat", "-1", "0"),
        ("vat", "dix", "number"),
        ("name_fr", "", "required"),
        ("register_id", "12A", "12A"),
        ("register_id", "١٢", "register"),
        ("key", "Plat du Jour", "hyphens"),
        ("served", "midi", "midi"),
        ("course", "0", "1"),
        ("allergens_state", "contains", "Tick"),
        ("diets", ["tasty"], "tasty"),
        ("photo", "../secret", "secret"),
    ],
)
def test_it_refuses_a_wrong_product_beside_the_field(client, name, typed, word):
    response = add_product(client, **{name: typed})
    field = name.removesuffix("_fr").removesuffix("_state")
    assert word in errors(response)[field]
    assert not Product.objects.exists()


def test_a_time_that_is_a_whole_day_is_saved_and_said(client):
    """A restaurant file may mean it; who types it has more often slipped. Who changes another field hears nothing."""
    saved = add_product(client, served="mon 17:00-17:00\ntue 17:00-19:00")
    saved = client.get(saved["Location"])
    assert words(saved).count("is a whole day, from 17:00 to 17:00 on the next.") == 1
    made = Product.objects.get()
    assert made.served is not None
    assert made.served[0] == {"days": ["mon"], "from": "17:00", "to": "17:00"}
    again = send(client, page("product_change", made.pk), price="9")
    assert "is a whole day" not in words(client.get(again["Location"]))


def test_what_is_typed_like_nothing_else_is_saved_and_said(house, client):
    """P25: a lost comma, a rate of VAT and a number of another dish cannot be told from what is meant."""
    add_product(client, register_id="12", key="tarte")
    address = page("product_change", Product.objects.get(key="tarte").pk)

    def said(**changes):
        found = words(client.get(send(client, address, **changes)["Location"]))
        return [word for word in ("comma", "by the same id", "VAT; the rates") if word in found]

    factories.set_menu(house, "midi", {"plat": {"tarte": 0}}, register_id="14", vat=Decimal("5.5"))
    assert said(price="850") == ["comma"]
    assert said(price="8,50") == ["comma"]
    assert said(price="9,50") == []
    assert said(register_id="14", vat="20") == ["by the same id", "VAT; the rates"]
    assert said(register_id="15", vat="5,5 %") == []
    assert said(name_fr="Tarte fine") == []


def test_the_history_and_the_page_that_deletes_speak_the_reader_s_language(house, client):
    add_product(client)
    product = Product.objects.get()
    send(client, page("product_change", product.pk), price="9.50", served="mon 12:00-14:00")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    said = words(client.get(page("product_history", product.pk)))
    assert "Modification de prix et heures de service." in said
    deleting = words(client.get(page("product_delete", product.pk)))
    assert "8,50 → 9,50" in deleting
    assert "950" not in deleting


def test_it_refuses_a_key_that_is_taken_also_by_a_set_menu(house, client):
    add_product(client, key="tarte")
    assert "key" in errors(add_product(client, key="tarte"))
    assert "key" in errors(
        send(client, page("setmenu_add"), name_fr="T", price="1", vat="10", key="tarte")
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.product(house, "tarte")


def test_it_refuses_an_option_with_a_price_and_no_id(house, client):
    response = send(
        client, page("optiongroup_add"), name_fr="Sauce", options__TOTAL_FORMS="1",
        options__0__name_fr="Poivre", options__0__price="1,50", options__0__allergens_state="none",
    )  # fmt: skip
    assert "id" in errors(response)["options-0-register_id"]
    group = OptionGroup.objects.create(restaurant=house, key="sauce", name={"fr": "Sauce"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Option.objects.create(group=group, key="poivre", name={"fr": "Poivre"}, price=1_50)


def test_it_refuses_an_option_whose_id_the_register_cannot_have(client):
    response = send(
        client, page("optiongroup_add"), name_fr="Sauce", options__TOTAL_FORMS="1",
        options__0__name_fr="Poivre", options__0__price="1", options__0__register_id="P1",
        options__0__allergens_state="none",
    )  # fmt: skip
    assert "P1" in errors(response)["options-0-register_id"]


def test_it_takes_any_id_while_there_is_no_register(house, client):
    house.registers.all().delete()
    assert add_product(client, register_id="A-12").status_code == 302


def test_it_refuses_at_least_above_at_most(house, client):
    response = send(client, page("optiongroup_add"), name_fr="Sauce", min="3", max="2")
    assert "min" in errors(response)
    with pytest.raises(IntegrityError), transaction.atomic():
        OptionGroup.objects.create(restaurant=house, key="s", name={"fr": "S"}, min=3, max=2)
    menu = SetMenu.objects.create(
        restaurant=house, key="midi", name={"fr": "Midi"}, price=1, vat=Decimal(10)
    )
    course = Course.objects.create(set_menu=menu, key="plat", name={"fr": "Plat"})
    response = send(client, page("course_change", course.pk), min="3", max="2")
    assert "min" in errors(response)
    with pytest.raises(IntegrityError), transaction.atomic():
        Course.objects.filter(pk=course.pk).update(min=3, max=2)


def test_it_refuses_a_question_with_too_few_answers(client):
    address = page("optiongroup_add")
    found = send(client, address, name_fr="Sauce").content.decode()
    assert "A group needs at least one option." in found
    found = send(
        client, address, name_fr="Sauce", min="2", max="2", options__TOTAL_FORMS="1",
        options__0__name_fr="Poivre", options__0__price="0", options__0__allergens_state="none",
    ).content.decode()  # fmt: skip
    assert "there are only 1 options to choose" in found
    assert not OptionGroup.objects.exists()


def test_it_refuses_at_most_none(client):
    assert errors(send(client, page("optiongroup_add"), name_fr="Sauce", min="0", max="0"))


def test_it_refuses_a_line_of_a_category_that_is_nothing_or_two_things(house, client):
    product = factories.product(house)
    menu = SetMenu.objects.create(
        restaurant=house, key="midi", name={"fr": "Midi"}, price=1, vat=Decimal(10)
    )
    response = send(
        client, page("category_add"), name_fr="Plats", items__TOTAL_FORMS="1",
        items__0__product=str(product.pk), items__0__set_menu=str(menu.pk),
    )  # fmt: skip
    assert "items-0-product" in errors(response)
    response = send(client, page("category_add"), name_fr="P", items__TOTAL_FORMS="1",
                    items__0__position="3")  # fmt: skip
    assert "items-0-product" in errors(response)
    category = Category.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        CategoryItem.objects.create(category=category, product=product, set_menu=menu)


def test_it_refuses_a_supplement_below_nothing(house, client):
    product = factories.product(house)
    menu = SetMenu.objects.create(
        restaurant=house, key="midi", name={"fr": "Midi"}, price=1, vat=Decimal(10)
    )
    course = Course.objects.create(set_menu=menu, key="plat", name={"fr": "Plat"})
    response = send(
        client, page("course_change", course.pk), choices__TOTAL_FORMS="1",
        choices__0__product=str(product.pk), choices__0__supplement="-1",
    )  # fmt: skip
    assert "choices-0-supplement" in errors(response)
    with pytest.raises(IntegrityError), transaction.atomic():
        Choice.objects.create(course=course, product=product, supplement=-1)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("languages", "français"), ("languages", "fr, fr"), ("languages", ""),
        ("timezone", "Paris"), ("colour", "red"), ("slug", "Chez Alice"), ("hours", "toujours"),
        ("limit_covers", "0"), ("limit_covers", "40000"), ("limit_quantity", "-1"),
        ("limit_lines", "many"), ("limit_amount_per_cover", "12,5O"),
        ("limit_orders_per_hour", "0"), ("name", ""),
    ],
)  # fmt: skip
def test_it_refuses_a_wrong_restaurant_beside_the_field(house, client, name, typed):
    response = send(client, page("restaurant_change", house.pk), **{name: typed})
    assert name in errors(response)


def test_it_refuses_a_language_of_the_house_in_which_names_are_missing(house, client):
    factories.product(house, name={"fr": "Soupe"})
    said = errors(send(client, page("restaurant_change", house.pk), languages="en, fr"))
    assert "Soupe" in said["languages"]
    assert send(client, page("restaurant_change", house.pk), languages="fr, de").status_code == 302
