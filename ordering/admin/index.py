"""The order in which admin's first page, and the list beside every page, name what there is: as a manager thinks."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ordering.models import (
    AllergenChange,
    Category,
    Course,
    Membership,
    Option,
    OptionGroup,
    Order,
    Product,
    Restaurant,
    SetMenu,
    Table,
    Visit,
)
from pos_bridge.models import Addition, Register

SECTIONS: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    (
        "carte",
        _("The carte"),
        (Category, Product, SetMenu, OptionGroup, Option, Course, AllergenChange),
    ),
    ("house", _("The house"), (Table, Restaurant)),
    ("orders", _("Orders"), (Order, Visit, Addition)),
    ("registers", _("Cash registers"), (Register,)),
    ("people", _("People"), (User, Membership)),
)
PLACES = {
    model: (section, place)
    for section, (_key, _name, models) in enumerate(SECTIONS)
    for place, model in enumerate(models)
}


def app_list(request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
    """Of what this person may see: section by section, or what Django keeps in one app, in the same order."""
    apps = admin.site._build_app_dict(request, app_label)
    found = sorted(
        (each for app in apps.values() for each in app["models"]),
        key=lambda each: PLACES[each["model"]],
    )
    if app_label is not None:
        return [{**app, "models": found} for app in apps.values()]
    return [
        {
            "name": name,
            "app_label": key,
            # Its own place on the first page: the template gives a row this id.
            "app_url": f"{reverse('admin:index')}#{key}-{inside[0]['object_name'].lower()}",
            "has_module_perms": True,
            "models": inside,
        }
        for key, name, models in SECTIONS
        if (inside := [each for each in found if each["model"] in models])
    ]
