"""What a person decides about an order that the till does not have, or may not have."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction

from ordering.models import Act
from ordering.services import acts, orders, stock
from pos_bridge import attempts, decisions
from pos_bridge.decisions import Decided, Decision
from pos_bridge.models import Addition

State = Addition.State

# The act of each decision, in services/acts.py: WORDS.
ACTS = {
    Decision.ON_TILL: "order_on_till",
    Decision.BY_HAND: "order_by_hand",
    Decision.CANCELLED: "order_cancelled",
    Decision.SEND_AGAIN: "order_sent_again",
    Decision.REPLACE: "order_sent_anew",
    Decision.SEEN: "order_seen_to",
}


def carry_out(
    *, addition: Addition, decision: Decision, by: AbstractBaseUser | AnonymousUser
) -> Decided:
    """Do what a person decided on seeing this addition, `addition.state` and `.tries` as they saw them, and keep it.

    In no transaction of the caller's: it may wait for what is in flight, and SQLite's one lock would keep that from
    ending. Raises Refused where the order cannot be sent anew.
    """
    order = addition.order

    def keep() -> None:
        acts.record(
            by=by, restaurant=order.restaurant, what=ACTS[decision], table=order.table,
            order=order.number, addition=addition.pk,
        )  # fmt: skip

    if decision == Decision.REPLACE:
        with transaction.atomic():
            won = orders.replace(addition=addition) is not None
            if won:
                keep()
        return Decided(
            won, State(Addition.objects.values_list("state", flat=True).get(pk=addition.pk))
        )
    decided = decisions.decide(addition, decision, kept=keep)
    # Nobody tries it any more. Only what the till surely does not have is not being cooked.
    if decided.won and decision == Decision.CANCELLED and _is_not_there(addition):
        stock.give_back(order_id=addition.order_id)
    return decided


def last_act(addition: Addition) -> Act | None:
    """Who decided about it last, where a person has."""
    order = addition.order
    lately = Act.objects.filter(
        restaurant=order.restaurant_id, what__in=ACTS.values(), at__gte=order.created_at
    ).select_related("person")
    # The details are kept as text, in their order: no database looks into them.
    return next((act for act in lately if act.details.get("addition") == addition.pk), None)


def _is_not_there(addition: Addition) -> bool:
    """`addition.state` as it was decided about."""
    others = Addition.objects.filter(order=addition.order_id).exclude(pk=addition.pk)
    refused = addition.state == State.REFUSED
    return (refused or attempts.was_never_sent(addition)) and not others.exists()
