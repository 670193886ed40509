"""Writes to the carte that do not belong to a form of admin."""

from django.db.models import F

from ordering.models import Restaurant


def changed(*, restaurant_id: int) -> None:
    """Make every cached page of this carte old. Called after each change of anything that a carte shows."""
    Restaurant.objects.filter(pk=restaurant_id).update(carte_version=F("carte_version") + 1)
