"""The room as tiles: each table with its state as a word, a colour and a sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering.board.need import Need
from ordering.models import Restaurant, Table
from ordering.services import floor
from ordering.services.floor import Seen, State
from ordering.templatetags.diner import clock

# What needs a person goes before whatever else the table is doing.
OF_NEED = {"bad": "alarm", "wait": "call"}


@dataclass(frozen=True)
class Tile:
    """`state` is the colour and the sign, `word` says the same; `party` who sits there, or how many could."""

    table: Table
    state: str
    word: str
    party: str

    @property
    def icon(self) -> str:
        return f"board/icons/{self.state}.html"


def tiles(restaurant: Restaurant, needs: Sequence[Need], now: datetime) -> list[Tile]:
    """Of all tables, in as many queries as of one. The room comes as `floor.room` orders it."""
    wanted: dict[int, Need] = {}
    for need in needs:
        if need.table is not None:
            first = wanted.setdefault(need.table.pk, need)
            if first.colour != "bad" and need.colour == "bad":
                wanted[need.table.pk] = need
    return [
        _tile(seen, wanted.get(seen.table.pk), restaurant.timezone)
        for seen in floor.room(restaurant, now)
    ]


def _tile(seen: Seen, need: Need | None, zone: str) -> Tile:
    state = OF_NEED.get(need.colour, "call") if need else seen.state.value
    word = capfirst(need.word) if need else words(seen, zone)
    return Tile(seen.table, state, word, _party(seen))


def words(seen: Seen, zone: str) -> str:
    """The table's state, by the clock on the wall: an age would be another one every second."""
    time = clock(seen.since, zone) if seen.since else ""
    if seen.state == State.ON_ITS_WAY:
        return _("On its way, %(time)s") % {"time": time}
    if seen.state == State.ON_TILL:
        return _("On the till, %(time)s") % {"time": time}
    if seen.state == State.CHOOSING:
        return _("Choosing")
    if seen.state == State.SEATED:
        return _("Seated, %(time)s") % {"time": time}
    return _("Free")


def _party(seen: Seen) -> str:
    if seen.parties:
        return ngettext("%(count)s cover", "%(count)s covers", seen.covers) % {"count": seen.covers}
    seats = seen.table.seats
    return ngettext("%(count)s seat", "%(count)s seats", seats) % {"count": seats} if seats else ""
