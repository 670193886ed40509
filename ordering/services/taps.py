"""A tap that adds is heard once: a phone whose answer was lost asks again with the key of the same tap (F02)."""

from django.db.models import Value
from django.db.models.functions import Concat, Left

from ordering.models import Guest

KEY = 16  # characters of a key
KEPT = 20  # taps of a phone; one that is asked again is among the last few


def is_heard(guest: Guest, tap: str) -> bool:
    """Whether the guest, as it was looked up, has tapped this before."""
    return bool(tap) and tap in guest.taps


def hear(guest: Guest, tap: str) -> bool:
    """Keep the key, in the transaction of what the tap does; False where it was there, or has just come twice.

    Without a key every tap is another one: a form without a script answers by leading on, and repeats nothing (F03).
    """
    if not tap:
        return True
    unheard = Guest.objects.filter(pk=guest.pk).exclude(taps__contains=tap)
    taps = Left(Concat(Value(f"{tap} "), "taps"), KEPT * (KEY + 1))
    return bool(unheard.update(taps=taps))
