"""What the till does not have, or may not have: the list of admin, on the board. It asks the database alone (P10)."""

from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from ordering.board.need import Button, Need
from ordering.models import Restaurant
from pos_bridge import decisions, staff_words, words
from pos_bridge.models import Addition
from pos_bridge.undelivered import undelivered


def needs(restaurant: Restaurant, now: datetime) -> list[Need]:
    # What waits for an OK has a card of its own (approvals.py), however long it waits.
    waits = Q(state=Addition.State.HELD, reason__in=words.FOR_OK)
    found = undelivered(now).filter(order__restaurant=restaurant).exclude(waits)
    return [_need(addition) for addition in found]


def _need(addition: Addition) -> Need:
    order = addition.order
    address = reverse("admin:pos_bridge_addition_decide", args=[addition.pk])
    return Need(
        kind="undelivered",
        key=str(addition.pk),
        at=addition.created_at,
        table=order.table,
        title=_("Order %(number)s") % {"number": order.number},
        word=str(staff_words.STATES[Addition.State(addition.state)]),
        reason=[words.reason(addition.reason)] if addition.reason else [],
        buttons=[
            # A card may move up under the finger: what cannot be undone is asked on a page of its own.
            Button(str(staff_words.BUTTONS[decision]), f"{address}#{decision.value}", page=True)
            for decision in decisions.possible(addition)
        ],
        colour="bad" if addition.state == Addition.State.REFUSED else "wait",
    )
