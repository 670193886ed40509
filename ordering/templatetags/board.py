"""How the board writes what only staff read."""

from datetime import datetime

from django import template
from django.utils.formats import number_format

from pos_bridge import staff_words

register = template.Library()


@register.filter
def age(moment: datetime, now: datetime) -> str:
    """ "42 s", "12 min", "3 h 05 min"."""
    return staff_words.age(moment, now)


@register.filter
def took(seconds: float | None) -> str:
    """ "4.2 s", "75 s", "12 min"; a dash where nothing came."""
    if seconds is None:
        return "—"
    if seconds < 10:
        return f"{number_format(seconds, 1)} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
