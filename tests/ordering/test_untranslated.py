"""What is not written in a guest's language, as a list that leads to it; and the carte as a guest reads it."""

import pytest
from django.urls import reverse

from ordering.models import (
    Category,
    Course,
    Guest,
    Option,
    OptionGroup,
    Product,
    Restaurant,
    Visit,
)
from ordering.services.untranslated import untranslated
from tests import factories
from tests.ordering.admin_cast import MARK, errors, house, page, person, send

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def a():
    made = house("chez-alice", "Aldebaran")
    made.languages = ["fr", "en", "de"]
    made.save()
    return made


@pytest.fixture
def alice(a, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    user = person("alice", manager=[a])
    client.force_login(user)
    return user


def at(restaurant):
    return reverse("admin:ordering_restaurant_untranslated", args=[restaurant.pk])


def test_it_finds_each_text_of_each_kind(a):
    plat = a.products.get()
    Product.objects.filter(pk=plat.pk).update(
        name={"fr": "Plat", "de": "Gericht"}, description={"fr": "Du jour", "en": "", "de": "x"}
    )
    found = untranslated(a)
    assert [m.language for m in found] == sorted(
        (m.language for m in found), key=["en", "de"].index
    )
    english = [m for m in found if m.language == "en"]
    assert [(m.model, m.pk, m.text) for m in english] == [
        (Product, plat.pk, "Plat"), (Product, plat.pk, "Du jour"),
    ]  # fmt: skip
    german = [m.model for m in found if m.language == "de"]
    assert {Category, Course, Option, OptionGroup} <= set(german)
    assert Product not in german


def test_what_is_said_in_no_language_lacks_none(a):
    everything = {"fr": "x", "en": "x", "de": "x"}
    for model, way in ((Product, "restaurant"), (Category, "restaurant"), (OptionGroup, "restaurant"),
                       (Option, "group__restaurant"), (Course, "set_menu__restaurant")):  # fmt: skip
        model.objects.filter(**{way: a}).update(name=everything)
    a.set_menus.update(name=everything)
    assert untranslated(a) == []


def test_its_page_counts_and_leads_to_each(a, alice, client):
    plat = a.products.get()
    Product.objects.filter(pk=plat.pk).update(name={"fr": "<b>Plat", "de": "Gericht"})
    assert at(a) in client.get(page(Restaurant, "change", a.pk)).content.decode()
    found = client.get(at(a)).content.decode()
    assert "1 text is missing" in found
    assert "6 texts are missing" in found
    assert "nothing is missing" in found  # in French
    assert f'href="{page(Product, "change", plat.pk)}" lang="fr">&lt;b&gt;Plat</a>' in found


def test_nobody_else_reads_it(a, client):
    b = house("chez-charlie", MARK)
    client.force_login(person("alice", manager=[a], service=[b]))
    assert client.get(at(b)).status_code == 404
    assert MARK not in client.get(at(a)).content.decode()


def test_it_costs_the_same_for_a_hundred_products(a, alice, client, django_assert_max_num_queries):
    for number in range(100):
        factories.product(a, f"p{number}")
    with django_assert_max_num_queries(20):
        client.get(at(a))


def test_the_carte_is_seen_as_a_guest_reads_it_in_each_language_without_a_visit(a, alice, client):
    before = (Visit.objects.count(), Guest.objects.count())
    read = reverse("diner:read", args=[a.slug])
    assert f'href="{read}?lang=fr"' in client.get(page(Restaurant, "change", a.pk)).content.decode()
    for language in a.languages:
        found = client.get(f"{read}?lang={language}")
        assert found.status_code == 200
        assert f'hreflang="{language}" aria-current="true"' in found.content.decode()
    assert (Visit.objects.count(), Guest.objects.count()) == before


def test_a_dish_is_seen_as_a_guest_reads_it_once_it_stands_on_the_carte(a, alice, client):
    plat = a.products.get()
    read = reverse("diner:read_product", args=[a.slug, plat.key]) + "?lang=fr"
    assert read in client.get(page(Product, "change", plat.pk)).content.decode()
    assert client.get(read).status_code == 200
    plat.placed.all().delete()
    assert read not in client.get(page(Product, "change", plat.pk)).content.decode()


def test_what_was_typed_and_refused_is_no_address(a, alice, client):
    """The page shows its mistake, and not one of its own."""
    for address, name in (
        (page(Restaurant, "change", a.pk), "slug"),
        (page(Product, "change", a.products.get().pk), "key"),
    ):
        assert name in errors(send(client, address, **{name: "No Address!"}))
