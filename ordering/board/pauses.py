"""Pausing and slowing down the orders by phone, and the word of the day."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering.board import pages
from ordering.board.access import Role, for_staff
from ordering.diner.pages import takes_a_form
from ordering.models import Category, Restaurant
from ordering.services import pauses, presence
from ordering.texts import in_language

TOMORROW = "tomorrow"
WAITS = (0, 10, 15, 20, 25, 30, 40, 50, 60, 90)
PER_MINUTE = (1, 2, 3, 5, 8, 12, 20)


class PauseForm(forms.Form):
    """`place` is "house", "zone:" and its name, or "category:" and its key."""

    place = forms.CharField()
    minutes = forms.CharField()
    ready = forms.CharField(required=False)
    text = forms.CharField(required=False)

    def where(self) -> tuple[str, str]:
        scope, _colon, what = self.cleaned_data["place"].partition(":")
        return scope, what

    def length(self) -> int | None:
        """Raises ValueError for what is no number."""
        minutes = self.cleaned_data["minutes"]
        return None if minutes == TOMORROW else int(minutes)


class SlowForm(forms.Form):
    waiting = forms.IntegerField(min_value=0, max_value=240)
    per_minute = forms.IntegerField(min_value=1, max_value=999, required=False)


@for_staff
def page(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    now = timezone.now()
    return pages.show(
        request, restaurant, role, "board/pauses.html",
        active=[_shown(each, restaurant) for each in pauses.active(restaurant, now)],
        places=_places(restaurant), lengths=_lengths(), ready=pauses.READY.items(),
        waits=WAITS, waiting=pauses.waiting_minutes(restaurant, now),
        rates=PER_MINUTE, rate=pauses.slow_per_minute(restaurant, now),
        word=presence.word_now(restaurant),
    )  # fmt: skip


@takes_a_form
@for_staff
def pause(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    form = PauseForm(request.POST)
    try:
        if not form.is_valid():
            raise ValueError
        scope, what = form.where()
        until = pauses.pause(
            by=request.user, restaurant=restaurant, scope=scope, what=what, minutes=form.length(),
            ready=form.cleaned_data["ready"] or "busy", text=form.cleaned_data["text"],
        )  # fmt: skip
    except ValueError:
        return _done(request, restaurant, _("Nothing was changed: please choose again."), ok=False)
    time = f"{until.astimezone(ZoneInfo(restaurant.timezone)):%H:%M}"
    return _done(request, restaurant, _("Paused until %(time)s.") % {"time": time})


@takes_a_form
@for_staff
def resume(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    scope, _colon, what = request.POST.get("place", "").partition(":")
    if pauses.resume(by=request.user, restaurant=restaurant, scope=scope, what=what):
        return _done(request, restaurant, _("The pause is over."))
    return _done(request, restaurant, _("It was over already."), ok=False)


@takes_a_form
@for_staff
def slow(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    form = SlowForm(request.POST)
    if not form.is_valid():
        return _done(request, restaurant, _("Nothing was changed: please choose again."), ok=False)
    pauses.slow_down(
        by=request.user,
        restaurant=restaurant,
        waiting_minutes=form.cleaned_data["waiting"],
        per_minute=form.cleaned_data["per_minute"],
    )
    return _done(request, restaurant, _("Done: it holds until you change it, or until tomorrow."))


@takes_a_form
@for_staff
def renew_word(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    word = presence.renew(by=request.user, restaurant=restaurant)
    return _done(request, restaurant, _("The new word is “%(word)s”.") % {"word": word})


def _done(
    request: HttpRequest, restaurant: Restaurant, said: str, *, ok: bool = True
) -> HttpResponse:
    return pages.done(request, reverse("board:pauses", args=[restaurant.slug]), said, ok=ok)


def _shown(pause: pauses.Pause, restaurant: Restaurant) -> dict[str, Any]:
    place = f"{pause.scope}:{pause.what}" if pause.what else pause.scope
    return {
        "place": place,
        "name": place_names(restaurant).get(place, pause.what),
        "said": pause.problem(restaurant, timezone.now()),
    }


def place_names(restaurant: Restaurant) -> dict[str, str]:
    """What can be paused, by its key in the form."""
    return dict(_places(restaurant))


def _places(restaurant: Restaurant) -> list[tuple[str, str]]:
    zones = restaurant.tables.exclude(zone="").values_list("zone", flat=True).distinct()
    found = [(pauses.HOUSE, _("The whole house"))]
    found += [
        (f"{pauses.ZONE}:{zone}", _("Zone: %(zone)s") % {"zone": zone})
        for zone in sorted(set(zones))
    ]
    categories = Category.objects.filter(restaurant=restaurant).order_by("position", "pk")
    found += [
        (
            f"{pauses.CATEGORY}:{each.key}",
            _("Category: %(name)s") % {"name": in_language(each.name)},
        )
        for each in categories
    ]
    return found


def _lengths() -> list[tuple[str, str]]:
    return [
        (TOMORROW, _("until tomorrow"))
        if minutes is None
        else (
            str(minutes),
            ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes},
        )
        for minutes in pauses.LENGTHS
    ]
