"""How the board writes what only staff read."""

from datetime import datetime

from django import template
from django.utils.formats import number_format

from ordering.models import Order
from ordering.services import serving
from pos_bridge import staff_words

register = template.Library()


@register.filter
def age(moment: datetime, now: datetime) -> str:
    """ "42 s", "12 min", "3 h 05 min"."""
    return staff_words.age(moment, now)


@register.filter
def house_serving(order: Order) -> str:
    """How the party wants to be served, in the house's language; of an order that was read with its lines."""
    courses = serving.of_order_lines(order.lines.all())
    return serving.in_house_words(order.serving, courses, order.restaurant.house_language)


@register.filter
def took(seconds: float | None) -> str:
    """ "4.2 s", "75 s", "12 min"; a dash where nothing came."""
    if seconds is None:
        return "—"
    if seconds < 10:
        return f"{number_format(seconds, 1)} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
