"""What stands on every page of admin."""

from typing import Any

from django import template
from django.utils import timezone

from ordering.admin import banner
from ordering.admin.base import is_installer, roles

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


def _serves(request: Any) -> bool:
    user = getattr(request, "user", None)
    if user is None or not (user.is_active and user.is_staff):
        return False
    return is_installer(request) or bool(roles(request))
