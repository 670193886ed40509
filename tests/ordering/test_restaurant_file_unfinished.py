"""What is made by hand and not finished, or no longer spoken, is left out of the file: its import takes the rest."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from ordering.models import Category, CategoryItem, Choice, Course, OptionGroup, SetMenu
from ordering.restaurant_file import check
from ordering.services.transfer import export_with_warnings, import_restaurant
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    made = factories.restaurant(languages=["fr", "en"])
    factories.table(made)
    factories.product(made)
    return made


def exported(house):
    """The data, which its own import takes, and the warnings."""
    house.refresh_from_db()
    data, warnings = export_with_warnings(house)
    assert [str(mistake) for mistake in check(data)] == []
    import_restaurant(data=data)
    again, _warnings = export_with_warnings(house)
    assert again == data
    return data, warnings


def set_menu(house, key="menu", **courses):
    texts = {"fr": key}
    menu = SetMenu.objects.create(
        restaurant=house, key=key, name=texts, price=20_00, vat=Decimal(10)
    )
    for name, products in courses.items():
        course = Course.objects.create(set_menu=menu, key=name, name={"fr": name})
        for product in products:
            Choice.objects.create(course=course, product=product)
    CategoryItem.objects.create(category=Category.objects.get(), set_menu=menu)
    return menu


def test_it_leaves_out_the_texts_of_a_language_that_the_restaurant_gave_up(house):
    factories.option_group(house.products.get(), "sauce", {"poivre": 0})
    house.products.update(
        name={"fr": "Soupe", "de": "Suppe", "en": "Soup"},
        description={"fr": "Chaude", "de": "Heiß"},
    )
    data, warnings = exported(house)
    assert data["products"][0]["name"] == {"fr": "Soupe", "en": "Soup"}
    assert data["products"][0]["description"] == {"fr": "Chaude"}
    assert warnings == []


def test_it_leaves_out_a_description_that_is_only_in_a_language_given_up(house):
    house.products.update(description={"de": "Heiß"})
    data, warnings = exported(house)
    assert "description" not in data["products"][0]
    assert warnings == []


def test_it_leaves_out_a_description_without_the_first_language_and_says_so(house):
    house.products.update(description={"en": "Hot"})
    data, warnings = exported(house)
    assert "description" not in data["products"][0]
    [warning] = warnings
    assert 'The description of "soupe" in products is left out' in warning
    assert "not in fr" in warning


def test_it_leaves_out_a_course_without_choices_and_says_so(house):
    set_menu(house, plat=[house.products.get()], dessert=[])
    data, warnings = exported(house)
    assert [course["key"] for course in data["set_menus"][0]["courses"]] == ["plat"]
    assert warnings == [
        'The course "dessert" of the set menu "menu" is left out: nothing can be chosen in it.'
    ]
    # The one in the restaurant stays: what a file does not mention is not deleted.
    assert Course.objects.filter(key="dessert").exists()


def test_it_leaves_out_a_set_menu_without_courses_also_where_it_stands(house):
    set_menu(house, "vide")
    set_menu(house, "creux", dessert=[])
    data, warnings = exported(house)
    assert "set_menus" not in data
    assert data["categories"][0]["items"] == ["soupe"]
    assert len(warnings) == 3
    assert 'The set menu "creux" is left out: it has no courses.' in warnings


def test_it_leaves_out_an_option_group_without_options_also_where_it_is_asked(house):
    soup = house.products.get()
    factories.option_group(soup, "sauce", {})
    data, warnings = exported(house)
    assert "option_groups" not in data
    assert "option_groups" not in data["products"][0]
    assert warnings == ['The option group "sauce" is left out: it has no options.']
    assert OptionGroup.objects.exists()


def test_the_command_warns_of_what_it_leaves_out(house):
    set_menu(house, plat=[house.products.get()], dessert=[])
    err = StringIO()
    call_command("export_restaurant", house.slug, stdout=StringIO(), stderr=err)
    assert err.getvalue().startswith('Warning: The course "dessert" of the set menu "menu" is left')
