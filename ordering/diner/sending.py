"""Sending the cart, and what became of it."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ordering import access, languages, throttle
from ordering.diner import pages
from ordering.diner.forms import SendForm, cart_page
from ordering.diner.pages import Guest
from ordering.diner.views import save, show_cart
from ordering.models import Order, OrderLine
from ordering.services import approval, orders, party, presence, serving, visits, waiter_card
from ordering.services.problems import Refused
from pos_bridge import attempts
from pos_bridge.models import Addition
from pos_bridge.words import REASONS, Told, Word, reason

# How old an order is, and how many seconds lie between two questions.
POLLS = (
    (timedelta(minutes=1), 2),
    (timedelta(minutes=3), 5),
    (timedelta(minutes=10), 10),
    (timedelta(hours=1), 30),
)
A_MOMENT = timedelta(minutes=5)


@pages.takes_a_form
@pages.for_guest
def send(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """One order for one form, however often it arrives; a cart that has changed is shown again instead."""
    form = SendForm(request.POST)
    if not form.is_valid():
        return show_cart(request, guest, language, changed=True)
    key = form.cleaned_data["submission_key"]
    if sent := access.order_sent_with(guest.visit.code, key):
        return pages.go(request, f"/v/{guest.visit.code}/orders/{sent.code}/")
    if not form.is_understood():
        return show_cart(request, guest, language, changed=True, submission_key=key)
    try:
        if save(guest, cart_page(request.POST)):
            return show_cart(request, guest, language, changed=True)
        address = throttle.client_address(request)
        if form.cleaned_data["word"] and presence.problem(guest, address):
            presence.say(guest=guest, said=form.cleaned_data["word"])
        order = _sent(guest, form, language, address)
    except Refused as refused:
        if sent := _sent_by_another(guest, refused, alone=form.alone()):
            if not pages.is_htmx(request):
                return pages.go(request, f"/v/{guest.visit.code}/orders/{sent.code}/")
            return show_cart(request, guest, language, sent=sent)
        return show_cart(
            request, guest, language, problems=refused.problems, submission_key=key,
            to_mend=any(each.place for each in refused.problems),
        )  # fmt: skip
    except orders.Changed as changed:
        return show_cart(
            request, guest, language, changed=True, changes=changed.changes, submission_key=key,
            sent=_just_sent(guest, alone=False, by_another=True),
        )  # fmt: skip
    if order is None and pages.is_htmx(request):
        return show_cart(request, guest, language, submission_key=key)
    if order is None:
        return pages.go(request, f"/v/{guest.visit.code}/cart/")
    return pages.go(request, f"/v/{guest.visit.code}/orders/{order.code}/")


def _sent(guest: Guest, form: SendForm, language: str, address: str) -> Order | None:
    """What the button that was pressed has sent; nothing where the guest only says to be ready, or not to be."""
    whose, key = form.cleaned_data["whose"], form.cleaned_data["submission_key"]
    if whose == "wait":
        party.not_ready(guest=guest)
        return None
    seen = form.cleaned_data["seen_mine" if form.alone() else "seen"]
    if whose == "ready":
        return party.ready(
            guest=guest, submission_key=key, seen=seen, language=language, address=address
        )
    return orders.place(
        guest=guest,
        submission_key=key,
        seen=seen,
        language=language,
        alone=form.alone(),
        address=address,
    )


@require_safe
def order(request: HttpRequest, visit_code: str, order_code: str) -> HttpResponse:
    """What became of an order. Its address is enough to read it, so that its state survives a lost cookie (F07)."""
    found = access.order_by_code(visit_code, order_code)
    language = access.language(request, found.restaurant)
    told, addition = orders.told(found)
    every = poll_seconds(told, timezone.now() - found.created_at)
    not_passed_on = told.word == Word.NOT_CONFIRMED and _surely_waits(addition)
    party = found.visit.moved_to or found.visit
    ended = party.ended_at is not None or visits.is_silent(party)
    seen = f"{told.word}-{every}-{not_passed_on}" + ("-ended" if ended else "")
    if pages.is_htmx(request) and request.GET.get("seen") == seen:
        return pages.private(HttpResponse(status=204))
    guest = access.guest_of_order(request, found)
    lines = list(found.lines.all())
    response = pages.show(
        request, "diner/_status_again.html" if pages.is_htmx(request) else "diner/order.html",
        found.restaurant, language, order=found, lines=lines, table=found.table,
        word=told.word.value, received_at=told.received_at, every=every, seen=seen,
        not_passed_on=not_passed_on, ended=ended, guest=guest, visit=guest.visit if guest else None,
        **_brought(found, lines), **_context(found, told, addition),
    )  # fmt: skip
    told_to = None if pages.is_htmx(request) else guest
    access.remember_language(request, response, language, told=told_to)
    return pages.private(response)


@pages.takes_a_form
@pages.for_guest
def take_back(request: HttpRequest, guest: Guest, language: str, order_code: str) -> HttpResponse:
    """A refused order's lines go back into the cart. Whoever comes second sees that they are there already."""
    found = access.order_of(guest, order_code)
    if orders.take_back(guest=guest, order=found):
        return pages.go(request, f"/v/{guest.visit.code}/cart/")
    return pages.go(request, f"/v/{found.visit.code}/orders/{found.code}/")


def poll_seconds(told: Told, age: timedelta) -> int | None:
    """Two seconds for a minute, then slower, and after an hour not at all (F20)."""
    if told.final or told.word in (Word.ON_TILL, Word.PASSED_ON):
        return None
    return next((every for until, every in POLLS if age < until), None)


def _surely_waits(addition: Addition) -> bool:
    """Whatever was tried and came back is surely not there. What a person sends again may be."""
    if addition.state != Addition.State.QUEUED:
        return False
    return addition.tries == 0 or attempts.was_never_sent(addition)


def _sent_by_another(guest: Guest, refused: Refused, *, alone: bool) -> Order | None:
    """The order that has just emptied the cart, where this phone sends it for the second time (F09)."""
    if "empty" not in {problem.code for problem in refused.problems}:
        return None
    return _just_sent(guest, alone=alone)


def _just_sent(guest: Guest, *, alone: bool, by_another: bool = False) -> Order | None:
    """The visit's last order of a moment ago. `alone`: in which something of this guest was sent."""
    recent = guest.visit.orders.filter(created_at__gt=timezone.now() - A_MOMENT)
    if alone:
        recent = recent.filter(lines__guest=guest)
    if by_another:
        recent = recent.exclude(guest=guest)
    return recent.order_by("-created_at").first()


def _brought(order: Order, lines: list[OrderLine]) -> dict[str, Any]:
    """How it shall be brought, for the guest and for who types it in."""
    courses = serving.of_order_lines(lines)
    house = order.restaurant.house_language
    return {
        "serving": serving.words(order.serving, courses),
        "house_serving": serving.in_house_words(order.serving, courses, house),
    }


def _context(order: Order, told: Told, addition: Addition) -> dict[str, Any]:
    house = order.restaurant.house_language
    refused = told.word == Word.REFUSED
    return {
        "house_interface": languages.interface(house),
        "reason": reason(addition.reason)
        if refused and addition.reason in REASONS.keys() - {"refused"}
        else "",
        "said": approval.why_refused(addition),
        # On the phone of whoever ordered: a person can enter it while it is taken back, or instead.
        "card": waiter_card.of_order(order) if refused else None,
        "nothing": refused or told.word in (Word.CANCELLED, Word.TAKEN_BACK),
    }
