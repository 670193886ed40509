"""The way from each thing to its restaurant. What is not in this table is nobody's, and only a superuser sees it."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from ordering.models import (
    AllergenChange,
    Category,
    CategoryItem,
    Choice,
    Course,
    Guest,
    Membership,
    Option,
    OptionGroup,
    Order,
    OrderLine,
    Photo,
    PhotoSize,
    Product,
    ProductOptionGroup,
    Restaurant,
    SetMenu,
    Table,
    Visit,
)
from pos_bridge.models import Addition, Attempt, Register

PATHS: dict[type[models.Model], str] = {
    Restaurant: "",
    Membership: "restaurant",
    Table: "restaurant",
    Category: "restaurant",
    CategoryItem: "category__restaurant",
    Product: "restaurant",
    ProductOptionGroup: "product__restaurant",
    OptionGroup: "restaurant",
    Option: "group__restaurant",
    SetMenu: "restaurant",
    Course: "set_menu__restaurant",
    Choice: "course__set_menu__restaurant",
    Photo: "restaurant",
    PhotoSize: "photo__restaurant",
    AllergenChange: "restaurant",
    Visit: "table__restaurant",
    Guest: "visit__table__restaurant",
    Order: "restaurant",
    OrderLine: "order__restaurant",
    Register: "restaurant",
    Addition: "order__restaurant",
    Attempt: "addition__order__restaurant",
}


def narrow(queryset: models.QuerySet[Any], restaurants: Iterable[int]) -> models.QuerySet[Any]:
    """What of this belongs to these restaurants; nothing of what is nobody's."""
    path = PATHS.get(queryset.model)
    if path is None:
        return queryset.none()
    return queryset.filter(**{f"{path or 'pk'}__in": list(restaurants)})


def restaurant_of(thing: models.Model) -> Restaurant | None:
    """Whose it is; None of what is nobody's, or not anybody's yet."""
    path = PATHS.get(type(thing))
    if path is None:
        return None
    found: Any = thing
    for name in path.split("__") if path else ():
        try:
            found = getattr(found, name)
        except ObjectDoesNotExist:
            return None
        if found is None:
            return None
    return found if isinstance(found, Restaurant) and found.pk else None


def parent_name(model: type[models.Model]) -> str:
    """The field that holds what a thing stands in: an option's group, a product's restaurant."""
    return PATHS.get(model, "").partition("__")[0]
