"""Where alarms go: the setting ALARM_URLS, read. Its entries hold passwords and are never shown, only counted."""

import re
from dataclasses import dataclass

from django.conf import settings

from pos_bridge import alarms

# `slug=mailto://…` is for one restaurant; an Apprise address has a colon before any equals sign.
ENTRY = re.compile(r"(?:(?P<slug>[a-z0-9][a-z0-9-]{0,63})=)?(?P<url>.+)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """`position`: its place in the setting, from 1. `mark`: what the database knows it by."""

    position: int
    slug: str
    url: str
    mark: str


def addresses(slug: str | None) -> list[Address]:
    """Those that a restaurant's alarms go to; with None all of them: the whole installation is everybody's concern."""
    found: dict[str, Address] = {}
    for each in every():
        if slug is None or each.slug in {"", slug}:
            found.setdefault(each.mark, each)
    return list(found.values())


def every() -> list[Address]:
    """Each entry of the setting."""
    found = []
    for position, entry in enumerate(settings.ALARM_URLS, start=1):
        if parts := ENTRY.fullmatch(entry):
            mark = alarms.mark_of(parts["url"])
            found.append(Address(position, parts["slug"] or "", parts["url"], mark))
    return found
