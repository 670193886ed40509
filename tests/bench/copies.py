"""More restaurants, each a copy of the first: to import a thousand files would take longer than to measure."""

from typing import Any

from django.db import models

from ordering.models import Category, CategoryItem, Product, Restaurant, Table
from ordering.models.restaurant import new_code
from pos_bridge.encryption import lookup_hash
from pos_bridge.models import Register


def copy(first: Restaurant, *, upto: int) -> None:
    """With its tables, its register and its carte, until there are so many."""
    for place in range(Restaurant.objects.count(), upto):
        slug = f"bench-{place}"
        house = _of(first, slug=slug, name=f"Bistrot {place}")
        house.save(force_insert=True)
        for register in Register.objects.filter(restaurant=first):
            _of(register, restaurant=house).save(force_insert=True)
        _copies(Table, first, house, code=new_code)
        products = _copies(Product, first, house)
        categories = _copies(Category, first, house)
        items = CategoryItem.objects.filter(category__restaurant=first)
        CategoryItem.objects.bulk_create(
            _of(
                each,
                category_id=categories[each.category_id],
                product_id=products[each.product_id],
            )
            for each in items
            if each.product_id
        )


def _copies(
    model: type[models.Model], first: Restaurant, house: Restaurant, **made: Any
) -> dict[int, int]:
    """What the other house has of this, and which copy is whose: by primary key."""
    before = list(model._default_manager.filter(restaurant=first).order_by("pk"))
    after = model._default_manager.bulk_create(
        _of(each, restaurant=house, **{name: make() for name, make in made.items()})
        for each in before
    )
    return {old.pk: new.pk for old, new in zip(before, after, strict=True)}


def _of(row: Any, **others: Any) -> Any:
    """A copy that is not saved yet."""
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    fields.pop(row._meta.pk.attname)
    for name, value in others.items():
        fields.pop(row._meta.get_field(name).attname)
        fields[name] = value
    if "code" in others:
        fields["code_hash"] = lookup_hash(others["code"])
    return type(row)(**fields)
