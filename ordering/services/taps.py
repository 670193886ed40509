"""A tap that adds is heard once: a phone whose answer was lost asks again with the key of the same tap (F02)."""

from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Left, Substr

from ordering.models import Guest

KEY = 16  # characters of a key
# The keys of a phone that are kept. Its script asks again for two minutes, for 100 taps at the most (app.js): that many
# more may be heard while all of them wait. The last ones stand in a column that code of before reads and writes too.
KEPT, LAST = 200, 20


class Heard(Exception):
    """What this tap adds has been added."""


def is_heard(guest: Guest, tap: str) -> bool:
    """Whether the guest, as it was looked up, has tapped this before."""
    return bool(tap) and (tap in guest.taps or tap in guest.taps_before)


def hear(guest: Guest, tap: str) -> None:
    """Keep the key, in the transaction of what the tap does. Raises Heard where it has just come twice.

    Without a key every tap is another one: a form without a script answers by leading on, and repeats nothing (F03).
    """
    if not tap:
        return
    heard = Q(taps__contains=tap) | Q(taps_before__contains=tap)
    width = LAST * (KEY + 1)
    taps = Concat(Value(f"{tap} "), "taps")
    before = Concat(Substr(taps, width + 1), F("taps_before"))
    kept = (
        Guest.objects.filter(pk=guest.pk)
        .exclude(heard)
        .update(taps=Left(taps, width), taps_before=Left(before, (KEPT - LAST) * (KEY + 1)))
    )
    if not kept:
        raise Heard
