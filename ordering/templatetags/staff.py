"""What stands on every page of admin."""

from typing import Any

from django import template
from django.utils import timezone

from ordering.admin import banner
from ordering.admin.base import is_installer, roles
from ordering.admin.paths import narrow
from ordering.diner import hours
from ordering.models import Membership, Restaurant
from ordering.slots import Slots

FEW = 5

register = template.Library()


@register.inclusion_tag("admin/tablee/_banner.html", takes_context=True)
def staff_banner(context: Any) -> dict[str, Any]:
    """What is wrong in this moment, for whoever is logged in and serves somewhere."""
    request = context["request"]
    return {"warnings": banner.warnings(request, timezone.now()) if _serves(request) else []}


@register.simple_tag(takes_context=True)
def may_decide(context: Any) -> bool:
    """Whether the list of the undelivered is this person's."""
    return _serves(context["request"])


@register.simple_tag(takes_context=True)
def own_restaurants(context: Any) -> list[Restaurant]:
    """Where this person works, as many as fit above a list."""
    request = context["request"]
    everywhere = Restaurant.objects.all()
    found = everywhere if is_installer(request) else narrow(everywhere, roles(request))
    return list(found[:FEW])


@register.simple_tag(takes_context=True)
def managed_restaurants(context: Any) -> list[Restaurant]:
    """Where this person may change tables and carte, as many as fit above a list."""
    request = context["request"]
    managed = [pk for pk, role in roles(request).items() if role == Membership.Role.MANAGER]
    everywhere = Restaurant.objects.all()
    return list((everywhere if is_installer(request) else narrow(everywhere, managed))[:FEW])


@register.filter
def served(slots: Slots) -> str:
    """ "Monday to Friday 12:00 – 14:00": when it is served, without when it is not."""
    open_days = [slot for slot in slots or [] if slot.get("days", True)]
    return ", ".join(f"{days} {times}" for days, times in hours.listed(open_days)[: len(open_days)])


def _serves(request: Any) -> bool:
    user = getattr(request, "user", None)
    if user is None or not (user.is_active and user.is_staff):
        return False
    return is_installer(request) or bool(roles(request))
