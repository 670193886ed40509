"""What is typed wrong and cannot be told from what is meant: a lost comma, another's number, an odd rate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from ordering.admin.fields import PercentField, amount_text
from ordering.models import Product, SetMenu

LEAP = 5  # times: no price of a carte becomes so much more, or so much less, in one step
SHOWN = 3


def say(request: HttpRequest, form: forms.ModelForm[Any]) -> None:
    """Warn of what was typed just now, on the next page. It is saved all the same: it may be meant."""
    thing = form.instance
    if not isinstance(thing, Product | SetMenu):
        return
    for name, look in {"price": _leap, "register_id": _same_number, "vat": _other_rate}.items():
        if name in form.changed_data and (said := look(thing, form)):
            messages.warning(request, said)


def _leap(thing: Product | SetMenu, form: forms.ModelForm[Any]) -> str:
    before, now = form.initial.get("price"), thing.price
    if not before or not now or max(before, now) < LEAP * min(before, now):
        return ""
    return gettext(
        "“%(name)s” cost %(before)s and costs %(now)s now. Look whether the comma is where it should be."
    ) % {"name": thing, "before": amount_text(before), "now": amount_text(now)}


def _same_number(thing: Product | SetMenu, _form: forms.ModelForm[Any]) -> str:
    same = [] if not thing.register_id else _others(thing, register_id=thing.register_id)
    if not same:
        return ""
    return gettext(
        "The register knows “%(name)s” by the same id as this: %(others)s. For it and for the kitchen they are one "
        "article. If that is not meant, give one of them another id."
    ) % {"name": thing, "others": ", ".join(map(str, same[:SHOWN]))}


def _other_rate(thing: Product | SetMenu, _form: forms.ModelForm[Any]) -> str:
    rates = {other.vat for other in _others(thing)}
    if not rates or thing.vat in rates:
        return ""
    written = PercentField().prepare_value
    return gettext(
        "“%(name)s” is the only one with %(rate)s %% VAT; the rates of the others are: %(rates)s. Look whether it is "
        "right."
    ) % {
        "name": thing,
        "rate": written(thing.vat),
        "rates": ", ".join(f"{written(rate)}\N{NO-BREAK SPACE}%" for rate in sorted(rates)),
    }


def _others(thing: Product | SetMenu, **like: Any) -> list[Any]:
    """What else the restaurant sells."""
    products = Product.objects.filter(restaurant=thing.restaurant_id, **like)
    menus = SetMenu.objects.filter(restaurant=thing.restaurant_id, **like)
    return [each for each in (*products, *menus) if each != thing]
