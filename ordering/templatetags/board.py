"""How the board writes what only staff read."""

from datetime import datetime

from django import template

from pos_bridge import staff_words

register = template.Library()


@register.filter
def age(moment: datetime, now: datetime) -> str:
    """ "42 s", "12 min", "3 h 05 min"."""
    return staff_words.age(moment, now)
