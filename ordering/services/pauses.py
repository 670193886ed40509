"""Pausing orders by phone (the house, a zone, a category), and slower instead of closed.

A pause stands on the restaurant's row, which every page of a phone reads anyway: it begins and ends without a query,
and ends by itself. It makes the cached carte old; which categories are paused is part of the cache's key.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ordering.models import Category, CategoryItem, Product, Restaurant, SetMenu, Table
from ordering.services import acts, carte
from ordering.services.days import DAY_BEGINS, service_day
from ordering.services.problems import Problem
from ordering.texts import house as house_text
from ordering.texts import in_language

By = AbstractBaseUser | AnonymousUser
HOUSE, ZONE, CATEGORY = "house", "zone", "category"
# Minutes that are offered; None: until five in the morning, when the next day of service begins.
LENGTHS: tuple[int | None, ...] = (15, 30, 60, None)
# What guests are told before until when, where the staff write nothing of their own.
READY = {
    "busy": _("The kitchen has its hands full."),
    "kitchen_closed": _("The kitchen is closed."),
    "private": _("We have a private party."),
    "team": _("The team takes your order at the table."),
}
LONGEST = 200


@dataclass(frozen=True)
class Pause:
    """`what`: the zone's name, the category's key, or "" for the house. `text`: a key of READY, or {language: text}."""

    scope: str
    what: str
    until: datetime
    text: str | dict[str, str]

    def problem(self, restaurant: Restaurant, now: datetime) -> Problem:
        """In the reader's language: why, and until when."""
        said = in_language(self.text) if isinstance(self.text, dict) else str(READY[self.text])
        code = "paused" if self.scope != CATEGORY else "category_paused"
        if self.until >= tomorrow(restaurant, now):
            return Problem(f"{code}_today", params={"text": said})
        local = self.until.astimezone(ZoneInfo(restaurant.timezone))
        return Problem(code, params={"text": said, "time": f"{local:%H:%M}"})


def tomorrow(restaurant: Restaurant, now: datetime) -> datetime:
    """When the next day of service begins."""
    day = service_day(restaurant, now) + timedelta(days=1)
    return datetime.combine(day, time(), ZoneInfo(restaurant.timezone)) + DAY_BEGINS


def active(restaurant: Restaurant, now: datetime) -> list[Pause]:
    """What is paused now. No query."""
    found = [
        Pause(each["scope"], each["what"], datetime.fromisoformat(each["until"]), each["text"])
        for each in restaurant.pauses
    ]
    # One that ends later than any that can be made is from before the clock was set back (F38).
    latest = tomorrow(restaurant, now) + timedelta(hours=1)
    return [each for each in found if now < each.until <= latest]


def of_table(table: Table, now: datetime) -> Pause | None:
    """Why nothing can be ordered at this table now, because somebody has said so."""
    places = {(HOUSE, ""), (ZONE, table.zone)}
    return next(
        (each for each in active(table.restaurant, now) if (each.scope, each.what) in places), None
    )


def categories(restaurant: Restaurant, now: datetime) -> Mapping[str, Pause]:
    """The paused categories by their keys."""
    return {each.what: each for each in active(restaurant, now) if each.scope == CATEGORY}


def problems(
    restaurant: Restaurant, items: Iterable[Product | SetMenu], now: datetime
) -> dict[Product | SetMenu, Problem]:
    """What of this stands in paused categories alone, by itself or inside a set menu: who pauses the desserts has
    nobody to make them. One query, and none where no category is paused.
    """
    paused = categories(restaurant, now)
    if not paused:
        return {}
    items = set(items)
    placed = CategoryItem.objects.filter(
        Q(product__in=[item.pk for item in items if isinstance(item, Product)])
        | Q(set_menu__in=[item.pk for item in items if isinstance(item, SetMenu)])
    )
    stands: dict[tuple[bool, int], set[str]] = {}
    for product, menu, key in placed.values_list("product_id", "set_menu_id", "category__key"):
        stands.setdefault((menu is not None, menu or product), set()).add(key)
    return {
        item: paused[min(keys)].problem(restaurant, now)
        for item in items
        if (keys := stands.get((isinstance(item, SetMenu), item.pk), set())) and keys <= set(paused)
    }


def pause(
    *,
    by: By,
    restaurant: Restaurant,
    scope: str,
    what: str = "",
    minutes: int | None,
    ready: str = "busy",
    text: str = "",
) -> datetime:
    """Take no orders for so many minutes, or until the next day of service (None). Until when it is.

    `text`: of the staff's own, in the house's language; it goes before the ready one. Raises ValueError for a zone or
    a category that is not there, and for a length or a text that is not offered.
    """
    name = _name(restaurant, scope, what)
    if minutes not in LENGTHS or ready not in READY or name is None:
        raise ValueError(f"{scope} {what!r}, {minutes} min, {ready!r}")
    own = cleaned(text)
    with transaction.atomic():
        now = timezone.now()
        found = _locked(restaurant)
        end = tomorrow(found, now)
        until = end if minutes is None else min(end, now + timedelta(minutes=minutes))
        entry: dict[str, Any] = {
            "scope": scope,
            "what": what,
            "until": until.isoformat(),
            "text": {found.house_language: own} if own else ready,
        }
        _write(restaurant, [*_others(found, scope, what, now), entry])
        acts.record(
            by=by,
            restaurant=restaurant,
            what=f"{scope}_paused{'_today' if until == end else ''}",
            of=name,
            until=f"{until.astimezone(ZoneInfo(found.timezone)):%H:%M}",
        )
    return until


def resume(*, by: By, restaurant: Restaurant, scope: str, what: str = "") -> bool:
    """Take orders again before the pause is over. False where nothing was paused any more."""
    with transaction.atomic():
        now = timezone.now()
        found = _locked(restaurant)
        others = _others(found, scope, what, now)
        if len(others) == len(active(found, now)):
            return False
        _write(restaurant, others)
        # What is not there any more has no other name.
        name = _name(restaurant, scope, what) or what
        acts.record(by=by, restaurant=restaurant, what=f"{scope}_resumed", of=name)
    return True


def cleaned(text: str) -> str:
    """One line of at most 200 characters, as a person typed it."""
    line = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(line.split())[:LONGEST]


# --- Slower instead of closed ---------------------------------------------------------------------


def slow_down(
    *, by: By, restaurant: Restaurant, waiting_minutes: int, per_minute: int | None
) -> None:
    """Tell guests how long it takes at the moment (0: nothing), and take so many orders of the house in a minute (None:
    any). Until changed, and at most for this day of service. Raises ValueError.
    """
    if not 0 <= waiting_minutes <= 240 or not 1 <= (per_minute or 1) <= 999:
        raise ValueError(f"{waiting_minutes} min, {per_minute} in a minute")
    with transaction.atomic():
        Restaurant.objects.filter(pk=restaurant.pk).update(
            waiting_minutes=waiting_minutes,
            slow_per_minute=per_minute,
            slower_day=service_day(restaurant, timezone.now()),
        )
        acts.record(
            by=by,
            restaurant=restaurant,
            what="slowed_down",
            minutes=waiting_minutes,
            orders=per_minute or "∞",
        )


def waiting_minutes(restaurant: Restaurant, now: datetime) -> int:
    """What guests are told to wait at the moment; 0: nothing is said."""
    return restaurant.waiting_minutes if _is_slower(restaurant, now) else 0


def slow_per_minute(restaurant: Restaurant, now: datetime) -> int | None:
    """How many orders of the house are taken in a minute; None: any."""
    return restaurant.slow_per_minute if _is_slower(restaurant, now) else None


def _is_slower(restaurant: Restaurant, now: datetime) -> bool:
    return restaurant.slower_day == service_day(restaurant, now)


def _name(restaurant: Restaurant, scope: str, what: str) -> str | None:
    """What the house calls it, for the journal; None where it is not there."""
    if scope == ZONE:
        there = bool(what) and Table.objects.filter(restaurant=restaurant, zone=what).exists()
        return what if there else None
    if scope == CATEGORY:
        category = Category.objects.filter(restaurant=restaurant, key=what).first()
        return house_text(category.name) if category else None
    return "" if scope == HOUSE and not what else None


def _locked(restaurant: Restaurant) -> Restaurant:
    """Its row as nobody else can change it until the transaction ends; its cached carte is old with it."""
    carte.changed(restaurant_id=restaurant.pk)
    return Restaurant.objects.get(pk=restaurant.pk)


def _others(restaurant: Restaurant, scope: str, what: str, now: datetime) -> list[dict[str, Any]]:
    return [
        {"scope": each.scope, "what": each.what, "until": each.until.isoformat(), "text": each.text}
        for each in active(restaurant, now)
        if (each.scope, each.what) != (scope, what)
    ]


def _write(restaurant: Restaurant, entries: list[dict[str, Any]]) -> None:
    Restaurant.objects.filter(pk=restaurant.pk).update(pauses=entries)
    restaurant.pauses = entries
