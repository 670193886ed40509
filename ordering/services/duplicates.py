"""A second product made of a first."""

from itertools import count

from django.db import transaction
from django.db.models import Max

from ordering.models import Product, ProductOptionGroup, SetMenu
from ordering.services import carte

KEY_LETTERS = 64


def duplicate(*, product: Product) -> Product:
    """Another one with its texts, price, times and option groups.

    It has no id on the register, so that nobody orders the first by the name of the second; it stands under no
    category yet; and it claims nothing about allergens, diets and origin: nobody has looked at the new dish (P22).
    """
    with transaction.atomic():
        carte.changed(restaurant_id=product.restaurant_id)
        groups = list(product.option_groups.order_by("position", "pk"))
        made = Product.objects.get(pk=product.pk)
        made.pk = None
        made._state.adding = True
        made.key, number = _free_key(product)
        made.name = {language: f"{text} ({number})" for language, text in product.name.items()}
        made.register_id = ""
        made.allergens, made.diets, made.origin = None, [], ""
        made.sold_out, made.sold_out_until, made.portions = False, None, None
        last = Product.objects.filter(restaurant=product.restaurant_id).aggregate(m=Max("position"))
        made.position = last["m"] + 1
        made.save(force_insert=True)
        ProductOptionGroup.objects.bulk_create(
            ProductOptionGroup(product=made, group_id=asked.group_id, position=asked.position)
            for asked in groups
        )
    return made


def _free_key(product: Product) -> tuple[str, int]:
    """The next one that neither a product nor a set menu has: “soupe-2”."""
    taken = {
        key
        for model in (Product, SetMenu)
        for key in model._default_manager.filter(restaurant=product.restaurant_id).values_list(
            "key", flat=True
        )
    }
    for number in count(2):
        key = f"{product.key[: KEY_LETTERS - 1 - len(str(number))]}-{number}"
        if key not in taken:
            return key, number
    raise AssertionError("numbers do not end")
