"""What the register cannot be told, found when the carte is saved (P25)."""

from collections.abc import Iterator

from django.db import models
from django.utils.translation import gettext as _

from ordering.models import OptionGroup, Product, Restaurant, SetMenu, Table
from ordering.services import trial_lines
from ordering.services.findings import Finding, House, Level, house_of, unsupported
from ordering.services.rehearsal import tables
from ordering.texts import house as house_text


def unsupported_of(thing: models.Model) -> list[Finding]:
    """What of a thing that was just saved the register in use cannot be told; nothing where it has no id yet. Of an
    option group: what of the products that ask it.
    """
    restaurant = getattr(thing, "restaurant", None)
    house = house_of(restaurant) if isinstance(restaurant, Restaurant) else None
    if house is None:
        return []
    products: list[int] = []
    menus: list[int] = []
    match thing:
        case Product():
            products = [thing.pk]
        case OptionGroup():
            products = list(thing.products.values_list("product", flat=True))
        case SetMenu():
            menus = [thing.pk]
        case Table():
            return [
                each for each in tables(house) if each.thing == thing and each.level == Level.BAD
            ]
        case _:
            return []
    return list(_not_told(house, products, menus))


def unsupported_in(restaurant: Restaurant) -> list[Finding]:
    """The same of the whole carte, after a file was imported."""
    house = house_of(restaurant)
    return list(_not_told(house, None, None)) if house else []


def _not_told(
    house: House, products: list[int] | None, menus: list[int] | None
) -> Iterator[Finding]:
    """Of these, or of all."""
    for product in trial_lines.products_of(house.restaurant, products):
        if product.register_id:
            about = _("Product “%(name)s”") % {"name": house_text(product.name)}
            trials = list(trial_lines.of_product(product, house.language))
            yield from unsupported(house, about, trials, product)
    for menu in trial_lines.menus_of(house.restaurant, menus):
        if menu.register_id:
            about = _("Set menu “%(name)s”") % {"name": house_text(menu.name)}
            trials = list(trial_lines.of_menu(menu, house.language))
            yield from unsupported(house, about, trials, menu)
