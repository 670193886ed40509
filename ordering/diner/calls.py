"""Calling somebody to the table: a page that works without a script, and keeps itself up to date with one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ordering import access
from ordering.diner import pages
from ordering.diner.forms import CallForm
from ordering.diner.pages import Guest, Restaurant, Table
from ordering.models import Call
from ordering.services import calls
from ordering.services.problems import Problem, Refused

# Seconds between two questions, while somebody is waited for; without a script the page is loaded again.
EVERY, EVERY_WITHOUT_SCRIPT = 5, 20


@dataclass(frozen=True)
class Shown:
    """A call, and whether it has waited for so long that the table had better speak to somebody."""

    call: Call
    alone: bool

    @property
    def seen(self) -> str:
        return f"{self.call.code}.{self.call.pay}.{self.call.parts}.{self.call.answered_at}.{self.alone}"


@require_safe
@pages.for_guest
def page(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    return _page(request, guest, language)


@pages.takes_a_form
@pages.for_guest
def call(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    form = CallForm(request.POST)
    if not form.is_valid():
        return _page(request, guest, language, problems=form.words())
    if form.step_by():
        return _page(request, guest, language, parts=form.stepped(guest.visit.covers))
    kind = Call.Kind(form.cleaned_data["kind"])
    # Of nothing else: an order that a waiter is called for is called for once.
    order = form.cleaned_data["order"] if kind == Call.Kind.ORDER else ""
    try:
        calls.call(
            guest=guest,
            kind=kind,
            pay=form.cleaned_data["pay"],
            parts=form.cleaned_data["parts"] or 1,
            order=access.order_of(guest, order) if order else None,
        )
    except Refused as refused:
        return _page(request, guest, language, problems=refused.problems)
    return pages.go(request, f"/v/{guest.visit.code}/calls/")


@pages.takes_a_form
@pages.for_guest
def withdraw(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """Nobody is needed any more. Where somebody has come meanwhile, the page shows it."""
    if found := access.call_of(guest, request.POST.get("call", "")):
        calls.withdraw(call=found)
    return pages.go(request, f"/v/{guest.visit.code}/calls/")


@require_safe
def questions(request: HttpRequest, slug: str) -> HttpResponse:
    """For a phone that has scanned a card and joined no party: a question about allergens (P22)."""
    table = access.scanned_table(request, slug)
    if table is None:
        return pages.private(pages.go(request, f"/r/{slug}/carte/"))
    return pages.private(_questions(request, table))


@pages.takes_a_form
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    table = access.scanned_table(request, slug)
    if table is None:
        return pages.private(pages.go(request, f"/r/{slug}/carte/"))
    try:
        calls.ask(table=table, secret=access.guest_secret(request) or "")
    except Refused as refused:
        return pages.private(_questions(request, table, refused.problems))
    return pages.private(pages.go(request, f"/r/{slug}/calls/"))


def _page(
    request: HttpRequest,
    guest: Guest,
    language: str,
    *,
    problems: Sequence[Problem | str] = (),
    parts: int = 1,
) -> HttpResponse:
    now = timezone.now()
    visit = guest.visit
    return _show(
        request, visit.table.restaurant, language, _shown(calls.of_visit(visit, now), now),
        problems=problems, parts=min(parts, visit.covers), guest=guest, visit=visit, table=visit.table,
        here=f"/v/{visit.code}/calls/", back=f"/v/{visit.code}/",
    )  # fmt: skip


def _questions(
    request: HttpRequest, table: Table, problems: Sequence[Problem | str] = ()
) -> HttpResponse:
    restaurant, now = table.restaurant, timezone.now()
    language = access.language(request, restaurant)
    address = f"/r/{restaurant.slug}"
    mine = calls.of_phone(table, access.guest_secret(request) or "", now)
    response = _show(
        request, restaurant, language, _shown(mine, now), problems=problems,
        table=table, here=f"{address}/calls/", back=f"{address}/carte/",
    )  # fmt: skip
    access.remember_language(request, response, language)
    return response


def _show(
    request: HttpRequest,
    restaurant: Restaurant,
    language: str,
    shown: list[Shown],
    *,
    problems: Sequence[Problem | str],
    **context: object,
) -> HttpResponse:
    """The whole page, or to htmx what is waited for: nothing (204) where that has not changed."""
    part = pages.is_htmx(request)
    seen = pages.fingerprint(language, *(each.seen for each in shown))
    if part and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    return pages.show(
        request, "diner/_calls_again.html" if part else "diner/calls.html", restaurant, language,
        status=422 if problems else 200, calls=shown, seen=seen, problems=problems,
        every=EVERY if shown else None, every_without_script=EVERY_WITHOUT_SCRIPT, **context,
    )  # fmt: skip


def _shown(found: list[Call], now: datetime) -> list[Shown]:
    return [Shown(call, calls.is_alone(call, now)) for call in found]
