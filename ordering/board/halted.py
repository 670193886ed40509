"""What the staff themselves have stopped or slowed down, above the room: a pause that is forgotten costs an evening."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering.board.pauses import place_names
from ordering.models import Restaurant
from ordering.services import pauses
from ordering.templatetags.diner import clock


@dataclass(frozen=True)
class Halt:
    """A sentence, and where it is taken back; none where only admin can."""

    words: str
    address: str = ""


def told(restaurant: Restaurant, now: datetime) -> list[Halt]:
    """No query where nothing is paused."""
    address = reverse("board:pauses", args=[restaurant.slug])
    found = []
    if not restaurant.ordering:
        found.append(
            Halt(
                _(
                    "Orders by phone are switched off for the whole house. A manager can switch them on in admin."
                )
            )
        )
    active = pauses.active(restaurant, now)
    names = place_names(restaurant) if active else {}
    for each in active:
        place = f"{each.scope}:{each.what}" if each.what else each.scope
        said = _("No orders by phone until %(time)s: %(place)s")
        if each.until >= pauses.tomorrow(restaurant, now):
            said = _("No orders by phone until tomorrow: %(place)s")
        values = {
            "place": names.get(place, each.what),
            "time": clock(each.until, restaurant.timezone),
        }
        found.append(Halt(said % values, address))
    if rate := pauses.slow_per_minute(restaurant, now):
        said = ngettext(
            "Slowed down: at most %(rate)s order a minute",
            "Slowed down: at most %(rate)s orders a minute",
            rate,
        )
        found.append(Halt(said % {"rate": rate}, address))
    return found
