"""Orders that wait for the team's OK. The card on the board leads to the order's own page: a card may move up under the
finger, and what goes to the kitchen is to be looked at first (T35).
"""

from collections.abc import Iterable
from datetime import datetime

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering import undelivered
from ordering.board import access, pages
from ordering.board.access import Role, for_staff
from ordering.board.need import Button, Need
from ordering.diner.pages import takes_a_form
from ordering.models import Restaurant
from ordering.services import approval
from ordering.texts import amount
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition


class RefusalForm(forms.Form):
    reason = forms.ChoiceField(choices=list(approval.REFUSALS.items()), required=False)
    text = forms.CharField(required=False)


def needs(restaurant: Restaurant, now: datetime) -> Iterable[Need]:
    """Each with what is unusual about it, in as many queries for all as for one."""
    waiting = list(approval.waiting(restaurant))
    flags = approval.flags(waiting, now) if waiting else {}
    return [_need(addition, flags[addition.pk]) for addition in waiting]


@for_staff
def page(request: HttpRequest, restaurant: Restaurant, role: Role, pk: int) -> HttpResponse:
    """What is ordered, by whom, what is unusual, and the answers."""
    addition = access.addition_of(restaurant, pk)
    if not _waits(addition):
        return pages.done(request, pages.board(restaurant), approval.answered(addition), ok=False)
    now = timezone.now()
    return pages.show(
        request, restaurant, role, "board/approval.html",
        addition=addition, order=addition.order, lines=addition.order.lines.order_by("position"),
        flags=approval.flags([addition], now)[addition.pk], refusals=approval.REFUSALS.items(),
        by_hand=undelivered.Button(Decision.BY_HAND),
    )  # fmt: skip


@takes_a_form
@for_staff
def approve(request: HttpRequest, restaurant: Restaurant, role: Role, pk: int) -> HttpResponse:
    addition = access.addition_of(restaurant, pk)
    won = approval.approve(addition=addition, by=request.user)
    said = _("Order %(number)s goes to the register now.")
    if not addition.register.current:
        said = _(
            "Order %(number)s has your OK, and is not sent: the register was changed meanwhile. "
            "Say in a moment on the board what is to be done with it."
        )
    said %= {"number": addition.order.number}
    return _said(request, restaurant, addition, won, said)


@takes_a_form
@for_staff
def refuse(request: HttpRequest, restaurant: Restaurant, role: Role, pk: int) -> HttpResponse:
    addition = access.addition_of(restaurant, pk)
    form = RefusalForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {"reason": ""}
    try:
        won = approval.refuse(addition=addition, by=request.user, **given)
    except ValueError:
        # Back to the order, which says by itself where it does not wait any more.
        to = reverse("board:approval", args=[restaurant.slug, pk])
        said = _("Nothing was changed: choose a reason that the guests read, or write one.")
        return pages.done(request, to, said, ok=False)
    said = _("Order %(number)s is refused, and the guests read why.") % {
        "number": addition.order.number
    }
    return _said(request, restaurant, addition, won, said)


def _said(
    request: HttpRequest, restaurant: Restaurant, addition: Addition, won: bool, said: str
) -> HttpResponse:
    told = said if won else approval.answered(addition)
    return pages.done(request, pages.board(restaurant), told, ok=won)


def _waits(addition: Addition) -> bool:
    return approval.waiting(addition.order.restaurant).filter(pk=addition.pk).exists()


def _need(addition: Addition, flags: list[str]) -> Need:
    order = addition.order
    covers = ngettext("%(count)s cover", "%(count)s covers", order.covers) % {"count": order.covers}
    return Need(
        kind="approval",
        key=str(addition.pk),
        at=addition.created_at,
        table=order.table,
        title=_("Order %(number)s, %(covers)s, %(total)s")
        % {"number": order.number, "covers": covers, "total": amount(order.total)},
        word=_("waits for your OK"),
        reason=flags,
        buttons=[
            Button(
                _("Look and answer"),
                reverse("board:approval", args=[order.restaurant.slug, addition.pk]),
                main=True,
                page=True,
            )
        ],
        colour="wait",
    )
