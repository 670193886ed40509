"""A second product of a first: it can be mended in a minute, and ordered by nobody by mistake."""

import pytest
from django.urls import reverse

from ordering.models import Product
from ordering.services.duplicates import duplicate
from tests import factories
from tests.ordering.admin_cast import MARK, house, page, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counted_versions")]

OWN = {
    "id", "key", "name", "register_id", "allergens", "diets", "origin", "sold_out", "position",
}  # fmt: skip


@pytest.fixture
def a():
    return house("chez-alice", "Aldebaran")


def at(product):
    return reverse("admin:ordering_product_duplicate", args=[product.pk])


def test_it_has_everything_but_what_is_its_own(a):
    plat = a.products.get(key="plat")
    Product.objects.filter(pk=plat.pk).update(
        description={"fr": "d"}, diets=["vegan"], alcohol=True, volume="33 cl", origin="France",
        course=2, served=[], photo="p.webp", allergens=["milk"], sold_out=True,
    )  # fmt: skip
    a.refresh_from_db()
    version = a.carte_version
    made = duplicate(product=Product.objects.get(pk=plat.pk))
    first, second = (Product.objects.filter(pk=pk).values_list().get() for pk in (plat.pk, made.pk))
    names = [field.attname for field in Product._meta.concrete_fields]
    differing = {n for n, one, other in zip(names, first, second, strict=True) if one != other}
    assert differing == OWN
    assert (made.key, made.name) == ("plat-2", {"fr": "Aldebaran (2)", "en": "Aldebaran (2)"})
    assert [row.group for row in made.option_groups.all()] == [
        row.group for row in plat.option_groups.all()
    ]
    assert not made.placed.exists()
    a.refresh_from_db()
    assert a.carte_version == version + 1


def test_nothing_is_ordered_or_believed_by_mistake_p22(a):
    """No id of another dish on the register; no declaration that nobody has made."""
    plat = a.products.get(key="plat")
    Product.objects.filter(pk=plat.pk).update(allergens=[], diets=["vegan"], origin="France")
    made = duplicate(product=Product.objects.get(pk=plat.pk))
    assert (made.register_id, made.allergens, made.diets, made.origin) == ("", None, [], "")


def test_its_key_is_free_and_fits(a):
    long = factories.product(a, "k" * 64)
    factories.product(a, "soupe-2")
    soup = factories.product(a, "soupe")
    assert duplicate(product=soup).key == "soupe-3"
    assert duplicate(product=long).key == "k" * 62 + "-2"
    assert duplicate(product=long).key == "k" * 62 + "-3"


def test_its_button_leads_to_the_new_one(a, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[a]))
    plat = a.products.get(key="plat")
    assert at(plat) in client.get(page(Product, "change", plat.pk)).content.decode()
    assert client.get(at(plat)).status_code == 405
    done = client.post(at(plat), follow=True)
    made = Product.objects.get(restaurant=a, key="plat-2")
    assert done.redirect_chain == [(page(Product, "change", made.pk), 302)]
    assert "cannot be ordered yet" in done.content.decode()


def test_nobody_duplicates_what_is_not_theirs(a, client):
    b = house("chez-charlie", MARK)
    client.force_login(person("alice", manager=[a], service=[b]))
    theirs = b.products.get()
    assert client.post(at(theirs)).status_code == 404
    assert b.products.count() == 1
    assert at(theirs) not in client.get(page(Product, "change", theirs.pk)).content.decode()
