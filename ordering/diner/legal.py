"""The law's other words, at the foot of the carte: the house's own, or the usual ones where it says nothing."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ordering.diner.compiled import Carte
from ordering.diner.said import Said, said
from ordering.models import Restaurant


def texts(restaurant: Restaurant, carte: Carte, language: str) -> list[Said]:
    """In the order in which they stand there. The usual ones speak the language of the interface."""
    usual = {"prices": _("Net prices in euros, taxes and service included.")}
    if carte.has_homemade:
        usual["homemade"] = _("“Homemade” dishes are prepared here from raw ingredients.")
    if carte.has_alcohol:
        usual["alcohol"] = _(
            "Alcohol abuse is dangerous for your health: drink in moderation. "
            "No alcohol is sold to anyone under 18."
        )
    found = [
        said(getattr(restaurant, f"legal_{name}"), language)
        or Said(usual.get(name, ""), get_language() or "")
        for name in ("prices", "origin", "homemade", "alcohol", "note")
    ]
    return [text for text in found if text]
