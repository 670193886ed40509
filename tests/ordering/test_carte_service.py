"""What is written to the carte outside of admin's forms."""

import pytest

from ordering.models import Option, Product, SetMenu
from ordering.services import carte
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("counted_versions")]


def test_it_sells_out_and_puts_back_and_makes_the_cached_carte_old_once():
    house = factories.restaurant()
    products = [factories.product(house, key) for key in ("soupe", "tarte")]
    options = factories.option_group(products[0], "sauce", {"poivre": 0}).options.all()
    things: list[Product | Option | SetMenu] = [*products, *options]
    for sold_out in (True, False):
        before = house.carte_version
        carte.set_sold_out(things=things, sold_out=sold_out)
        for thing in things:
            thing.refresh_from_db()
            assert thing.sold_out is sold_out
        house.refresh_from_db()
        assert house.carte_version == before + 1


def test_it_leaves_the_other_cartes_and_columns_alone():
    house, other = factories.restaurant(), factories.restaurant("chez-bob")
    product = factories.product(house)
    Product.objects.update(price=9_00)
    carte.set_sold_out(things=[product], sold_out=True)
    product.refresh_from_db()
    assert product.price == 9_00
    before = other.carte_version
    other.refresh_from_db()
    assert other.carte_version == before
