"""What the till does not have, or may not have: the list of admin, on the board. It asks the database alone (P10)."""

from datetime import datetime

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ordering import undelivered
from ordering.board import access, pages
from ordering.board.access import Role, for_staff
from ordering.board.need import Button, Need
from ordering.diner.pages import takes_a_form
from ordering.models import Restaurant
from ordering.undelivered import Row, for_rows
from pos_bridge import words
from pos_bridge.models import Addition
from pos_bridge.undelivered import undelivered as in_question


def needs(restaurant: Restaurant, now: datetime) -> list[Need]:
    # What waits for an OK has a card of its own (approvals.py), however long it waits.
    waits = Q(state=Addition.State.HELD, reason__in=words.FOR_OK)
    found = in_question(now).filter(order__restaurant=restaurant).exclude(waits)
    additions = for_rows(found).prefetch_related("order__lines")
    return [_need(restaurant, undelivered.row(addition, now)) for addition in additions]


@for_staff
def task(request: HttpRequest, restaurant: Restaurant, role: Role, pk: int) -> HttpResponse:
    """What to look for, and the buttons; those that could do harm ask for a tick first."""
    addition = access.addition_of(restaurant, pk)
    now = timezone.now()
    if not in_question(now).filter(pk=pk).exists():
        return pages.done(request, pages.board(restaurant), undelivered.gone(addition))
    context = undelivered.task(addition, now)
    return pages.show(request, restaurant, role, "board/task.html", **context)


@takes_a_form
@for_staff
def decide(request: HttpRequest, restaurant: Restaurant, role: Role, pk: int) -> HttpResponse:
    addition = access.addition_of(restaurant, pk)
    pressed = undelivered.press(addition, request.POST, by=request.user)
    if pressed is None:
        raise Http404
    said = undelivered.named(addition, pressed.said)
    return pages.done(request, pages.board(restaurant), said, ok=pressed.won)


def _need(restaurant: Restaurant, row: Row) -> Need:
    addition, order = row.addition, row.addition.order
    address = reverse("board:task", args=[restaurant.slug, addition.pk])
    card = reverse("board:order_card", args=[restaurant.slug, order.code])
    # A card may move up under the finger, and a wrong press loses a dinner: each is asked on its own page.
    buttons = [
        Button(each.label, f"{address}#{each.decision.value}", page=True) for each in row.buttons
    ]
    return Need(
        kind="undelivered",
        key=str(addition.pk),
        at=addition.created_at,
        table=order.table,
        title=str(order),
        word=row.state,
        reason=[f"{row.reason}."] if row.reason else [],
        buttons=[*buttons, Button(_("Waiter card"), card, page=True)],
        template="board/_undelivered.html",
        thing=row,
    )
