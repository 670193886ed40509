"""Orders that wait for a tap of the team: which, what is unusual about them, and the answer (T02, T35)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ordering.models import Guest, Order, Product, Restaurant
from ordering.models.house_rules import Approval
from ordering.services import acts, stock
from ordering.services.pauses import cleaned
from pos_bridge import approvals
from pos_bridge.models import Addition

By = AbstractBaseUser | AnonymousUser
State, Handled = Addition.State, Addition.Handled
RULE, LIMITS = "approval", "limits"
# What the guest reads, and what stands on the button before it.
REFUSALS = {
    "sold_out": _("Something in it has just run out. A member of the team is coming to you."),
    "kitchen_closed": _("The kitchen is closed."),
    "not_seated": _("We do not see you at this table. Please ask the team."),
    "mistake": _("It looks like a mistake. Please order again, or ask the team."),
}
PASSED = {
    "too_expensive": _("more than the house’s limit for so many covers"),
    "table_amount": _("more than the house’s limit for a party"),
    "too_many_orders": _("many orders of this table within an hour"),
    "house_flood": _("many orders of the house within a minute"),
    "zone_flood": _("many orders of this zone within a minute"),
}
LONG_AGO = timedelta(hours=3)


def waits_for(guest: Guest, passed: Sequence[str]) -> str:
    """Why an order of this phone waits for the team, "" where it goes to the register at once."""
    policy = guest.visit.table.restaurant.approval
    if passed:
        return LIMITS
    if policy == Approval.EVERY or (policy == Approval.FIRST and not is_known(guest)):
        return RULE
    return ""


def is_known(guest: Guest) -> bool:
    """Whether the team has let an order of this phone through, or one of its party since it joined, so that it need not
    be asked again (T35). A photograph of the card joins a party as easily as it opens one (T02).
    """
    theirs = Q(order__guest=guest) | Q(let_through_at__gte=guest.joined_at)
    return _let_through().filter(theirs, order__visit=guest.visit_id).exists()


def waiting(restaurant: Restaurant) -> QuerySet[Addition]:
    """The oldest first, with all that the team's list says of each."""
    found = approvals.waiting(restaurant=restaurant.pk)
    return found.select_related(
        "register", "order__restaurant", "order__table", "order__visit__table", "order__guest"
    ).defer("register__credentials", "body", "ticket")


def approve(*, addition: Addition, by: By) -> bool:
    """Let it go to the register. False: somebody was faster; `answered` says what they did."""
    with transaction.atomic():
        if not approvals.approve(addition, timezone.now()):
            return False
        _record("order_approved", addition, by)
    return True


def refuse(*, addition: Addition, by: By, reason: str, text: str = "") -> bool:
    """It is not sent; the guest reads why, and what was counted is there again. False: somebody was faster.

    `reason`: a key of REFUSALS; `text`: the team's own words instead. Raises ValueError for neither.
    """
    why = cleaned(text) or reason
    if not cleaned(text) and reason not in REFUSALS:
        raise ValueError(f"no reason {reason!r}")
    with transaction.atomic():
        if not approvals.decline(addition, why, timezone.now()):
            return False
        stock.give_back(order_id=addition.order_id)
        _record("order_refused", addition, by)
    return True


def answered(addition: Addition) -> str:
    """What has become of it, for whoever was slower."""
    now = Addition.objects.get(pk=addition.pk)
    if now.approved_at:
        return gettext("Somebody has said OK to it already. Nothing was changed.")
    if now.reason == approvals.DECLINED:
        return gettext("Somebody has refused it already. Nothing was changed.")
    return gettext("It does not wait any more. Nothing was changed.")


def why_refused(addition: Addition) -> str:
    """What the guest reads of a refused order; "" of any other."""
    if addition.reason != approvals.DECLINED or addition.state != State.HANDLED:
        return ""
    return str(REFUSALS.get(addition.detail, addition.detail))


def flags(additions: Sequence[Addition], now: datetime) -> dict[int, list[str]]:
    """What is unusual about each, by its row, so that nobody says OK blindly (T35). Four queries, however many."""
    orders = [addition.order for addition in additions]
    visits = {order.visit_id for order in orders}
    let_through = _let_through().filter(order__visit__in=visits).order_by("let_through_at")
    # The last of each.
    known = dict(let_through.values_list("order__visit", "let_through_at"))
    strong = _with_alcohol(orders)
    settled = Addition.objects.filter(order__visit__in=visits, state=State.SETTLED)
    paid = set(settled.values_list("order__visit", flat=True))
    return {
        addition.pk: [str(flag) for flag in _flags(addition, now, known, strong, paid)]
        for addition in additions
    }


def _flags(
    addition: Addition,
    now: datetime,
    known: dict[int, datetime],
    strong: set[int],
    paid: set[int],
) -> Iterator[object]:
    order = addition.order
    for code in addition.detail.split(","):
        if code in PASSED:
            yield PASSED[code]
    if order.visit_id not in known:
        yield _("first order of the party")
    elif order.guest.joined_at > known[order.visit_id]:
        yield _("this phone has joined since the last OK")
    # One that has become part of another party still sits there.
    if order.visit.ended_at is not None and order.visit.moved_to_id is None:
        yield _("the party has left")
    elif order.visit.table_id != order.table_id:
        yield _("the party sits at table %(number)s now") % {"number": order.visit.table.number}
    if order.visit_id in paid:
        yield _("the table has paid on the till")
    if order.created_at - order.guest.joined_at > LONG_AGO:
        yield _("this phone has scanned the code hours ago")
    if order.pk in strong:
        yield _("alcohol")


def _with_alcohol(orders: Sequence[Order]) -> set[int]:
    restaurants = {order.restaurant_id for order in orders}
    keys = set(
        Product.objects.filter(restaurant__in=restaurants, alcohol=True).values_list(
            "restaurant", "key"
        )
    )
    lines = Order.objects.filter(pk__in=[order.pk for order in orders]).values_list(
        "pk", "restaurant", "lines__product_key", "lines__choices"
    )
    return {
        pk
        for pk, restaurant, key, choices in lines
        for inside in [key, *(choice["key"] for choice in choices or [])]
        if (restaurant, inside) in keys
    }


def _let_through() -> QuerySet[Any]:
    """What the team has said OK to, or what has gone to the register without; when is `let_through_at`."""
    nobody_wants = [Handled.CANCELLED, Handled.TAKEN_BACK, Handled.REPLACED]
    found = Addition.objects.exclude(
        Q(state=State.HELD, approved_at=None)
        | Q(state=State.REFUSED, approved_at=None)
        | Q(handled_as__in=nobody_wants, approved_at=None)
    )
    return found.annotate(let_through_at=Coalesce("approved_at", "created_at"))


def _record(what: str, addition: Addition, by: By) -> None:
    order = addition.order
    acts.record(
        by=by, restaurant=order.restaurant, what=what, table=order.table, number=order.number
    )
