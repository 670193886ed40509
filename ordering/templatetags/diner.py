"""How the diner's pages write money, hours, allergens and languages."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from ordering.diner.compiled import Group, Option
from ordering.diner.pages import colour_version
from ordering.diner.said import Said, Texts
from ordering.diner.said import said as say
from ordering.models import ALLERGENS, DIETS, Guest, Restaurant
from ordering.services.problems import Problem
from ordering.texts import MINUS, NO_BREAK, amount

register = template.Library()

GUEST_COLOURS = 8

register.filter("price", amount)


@register.filter
def supplement(cents: int) -> str:
    """ "+ 2,50 €"; nothing where it costs nothing."""
    if not cents:
        return ""
    return f"{'+' if cents > 0 else MINUS}{NO_BREAK}{amount(abs(cents))}"


@register.filter
def choice_total(choice: Mapping[str, Any]) -> int:
    """Cents TTC that a choice of a set menu was dearer, its options included, as an order's line holds it."""
    return int(choice["supplement"] + sum(option["price"] for option in choice["options"]))


@register.filter
def said(texts: Texts, language: str) -> Said:
    """A text of the carte in this language, else in the house's own."""
    return say(texts, language)


@register.filter
def at(wrongs: Mapping[str, Any] | None, field: str) -> list[Any]:
    """What is wrong with a field of the page (ordering/diner/beside.py)."""
    return (wrongs or {}).get(field, [])


@register.filter
def unsaid(wrong: list[Problem], said: list[Problem]) -> list[Problem]:
    """Of what is wrong, what is not said already."""
    codes = {each.code for each in said}
    return [each for each in wrong if each.code not in codes]


@register.filter
def clock(moment: datetime, timezone: str) -> str:
    """ "20:14" on the restaurant's wall."""
    return f"{moment.astimezone(ZoneInfo(timezone)):%H:%M}"


@register.filter
def allergens(declared: list[str] | None) -> str:
    """One of three wordings: unknown is never "without" (P22)."""
    if declared is None:
        return _("Allergens not declared, please ask the team")
    if not declared:
        return _("None of the 14 allergens")
    return _("Contains: %(allergens)s") % {"allergens": named_allergens(declared)}


@register.filter
def named_allergens(declared: Iterable[str]) -> str:
    return ", ".join(str(ALLERGENS.get(name, name)) for name in declared)


@register.filter
def diets(found: Iterable[str]) -> str:
    return capfirst(", ".join(str(DIETS.get(name, name)) for name in found))


@register.filter
def phone(number: int) -> str:
    """Whose lines these are, as far as anybody knows."""
    names = {
        1: _("First phone"),
        2: _("Second phone"),
        3: _("Third phone"),
        4: _("Fourth phone"),
        5: _("Fifth phone"),
        6: _("Sixth phone"),
    }
    return names.get(number) or _("Phone %(number)s") % {"number": number}


@register.filter
def guest_name(guest: Guest) -> str:
    """The name that the guest wanted, else which phone it is."""
    return guest.name or phone(guest.number)


@register.filter
def initial(guest: Guest) -> str:
    """What stands on the guest's plate: never the colour alone."""
    return guest.name[:1].upper() or str(guest.number)


@register.filter
def guest_colour(guest: Guest) -> int:
    """Which of the colours of look.css, from 1: by the order of joining, and then from the beginning again."""
    return (guest.number - 1) % GUEST_COLOURS + 1


@register.simple_tag
def brand_url(restaurant: Restaurant) -> str:
    """The stylesheet with the restaurant's colour; another colour is another address."""
    return reverse("diner:brand", args=[restaurant.slug, colour_version(restaurant)])


@register.simple_tag
def chosen_attribute(group: Group, option: Option, chosen: set[str]) -> str:
    """The attribute of what was chosen before."""
    return " checked" if f"{group.key}/{option.key}" in chosen else ""
