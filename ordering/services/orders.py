"""Sending an order: everything is checked again, and order, number and body are written at once."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ordering.models import (
    CartLine,
    Guest,
    Order,
    OrderLine,
    Product,
    Restaurant,
    SetMenu,
    Table,
    Visit,
)
from ordering.services import (
    approval,
    house_rules,
    limits,
    order_numbers,
    pauses,
    presence,
    stock,
    tickets,
    visits,
)
from ordering.services.days import service_day
from ordering.services.options import PricedOption
from ordering.services.pricing import PricedCart, PricedLine, of_guest, priced
from ordering.services.problems import Problem, Refused
from ordering.texts import in_language
from pos_bridge import decisions, outbox, words
from pos_bridge.errors import Unsupported
from pos_bridge.models import Addition, Register
from pos_bridge.numbers import NumbersExhausted
from pos_bridge.prepared import Prepared

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """A line whose unit price is not what the guest had confirmed. Cents TTC."""

    name: str
    before: int
    after: int


class Changed(Exception):
    """The cart is not the one that the diner saw. Nothing was sent; the new one must be confirmed.

    `changes` names the prices; it is empty where a line or the covers were changed on another phone.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        super().__init__("the cart has changed")
        self.changes = changes


def place(
    *,
    guest: Guest,
    submission_key: str,
    seen: str,
    language: str,
    alone: bool = False,
    address: str = "",
) -> Order:
    """Send the visit's cart, once for each submission key. `seen` is the fingerprint of the cart that was confirmed,
    `address` where the phone is. By rule or for its size, it may wait for the team before the register gets it.
    `alone`: only the guest's own lines, and `seen` is theirs.

    Raises Refused (with every problem), Changed, VisitEnded.
    """
    with transaction.atomic():
        if order := _sent_with.first(guest.visit_id, submission_key):
            return order
        if visits.is_over(guest.visit):
            raise visits.VisitEnded
        visits.lock_for(guest)
        # Only now is nobody else writing this visit: the same form may have come in a second time.
        if order := _sent_with.first(guest.visit_id, submission_key):
            return order
        as_they_are = _guest.first(guest.pk) or guest
        return _place(as_they_are, submission_key, seen, language, alone, address)


def _place(
    guest: Guest, submission_key: str, seen: str, language: str, alone: bool, address: str
) -> Order:
    now = timezone.now()
    table = guest.visit.table
    register = outbox.current_register(table.restaurant_id)
    late = in_time(table.restaurant, now)
    cart = priced(guest.visit, served_at=[now, late], now=now)
    if alone:
        cart = of_guest(cart, guest)
    house_problem = ordering_problem(table, register, now, in_time=late)
    problems = [house_problem] if house_problem else _problems(guest, cart, now, address)
    if problems or register is None:
        raise Refused(*problems)
    if cart.fingerprint != seen:
        raise Changed(_changes(cart))
    passed = limits.passed(guest, cart, now)
    waits_for = approval.waits_for(guest, passed)
    if waits_for and (too_many := limits.waiting_problem(guest)):
        raise Refused(too_many)
    order = _write(guest, cart, submission_key, language, now)
    stock.take(order=order, cart=cart)
    try:
        outbox.enqueue(
            order_id=order.pk,
            register=register,
            ticket=tickets.of_cart(order, table, cart),
            waits_for=waits_for,
            detail=",".join(passed),
        )
    except Unsupported as unsupported:
        raise Refused(_unsupported(unsupported, cart)) from unsupported
    except NumbersExhausted as exhausted:
        logger.error("%s: %s", register, exhausted)
        raise Refused(Problem("no_register")) from exhausted
    CartLine.objects.filter(pk__in=[line.line.pk for line in cart.lines]).delete()
    if ready := {line.line.guest_id for line in cart.lines if line.line.guest.ready}:
        Guest.objects.filter(pk__in=ready).update(ready=False)
    if guest.visit.serving and not (
        alone and CartLine.objects.filter(visit=guest.visit_id).exists()
    ):
        # Of this round: the next one is asked again.
        Visit.objects.filter(pk=guest.visit_id).update(serving="")
    return order


def in_time(restaurant: Restaurant, now: datetime) -> datetime:
    """When what is sent now may have been served last. What stands in the cart was served when it was added: a party
    that still chose at last orders may send it.
    """
    return now - timedelta(minutes=restaurant.grace_minutes)


def ordering_problem(
    table: Table, register: Register | None, now: datetime, *, in_time: datetime | None = None
) -> Problem | None:
    """Why nothing can be ordered at this table now, whatever it is. Hours that were open at `in_time` are no reason."""
    return house_rules.first_problem(house_rules.Asked(table, register, now, in_time))


def take_back(*, guest: Guest, order: Order) -> bool:
    """Put the lines of a refused order back into the cart, each to whoever chose it. False where somebody else was
    faster.

    What is no longer on the carte is left out. Raises VisitEnded.
    """
    with transaction.atomic():
        visits.lock_for(guest)
        if not outbox.take_back(addition=outbox.latest(order.pk)):
            return False
        # It is in the cart again, and takes its portions when it is sent.
        stock.give_back(order_id=order.pk)
        if order.serving:
            Visit.objects.filter(pk=guest.visit_id, serving="").update(serving=order.serving)
        lines = list(order.lines.select_related("guest__moved_to"))
        keys = [line.product_key for line in lines]
        products = Product.objects.filter(restaurant=order.restaurant_id, key__in=keys)
        menus = SetMenu.objects.filter(restaurant=order.restaurant_id, key__in=keys)
        items: dict[tuple[bool, str], Product | SetMenu] = {
            **{(False, product.key): product for product in products},
            **{(True, menu.key): menu for menu in menus},
        }
        CartLine.objects.bulk_create(
            CartLine(
                visit=guest.visit,
                guest=_who_has_it_now(guest, line.guest),
                quantity=line.quantity,
                shown_price=line.total // line.quantity,
                **{
                    "set_menu" if line.is_menu else "product": items[line.is_menu, line.product_key]
                },
                notes=line.notes,
                note=line.note,
                chosen=chosen(line.options),
                composed=[
                    {
                        "course": choice["course"],
                        "product": choice["key"],
                        "chosen": chosen(choice["options"]),
                    }
                    for choice in line.choices
                ],
            )
            for line in lines
            if (line.is_menu, line.product_key) in items
        )
        return True


def _who_has_it_now(guest: Guest, chooser: Guest | None) -> Guest:
    """To whoever chose it: “mine” stays each guest's own. Whose phone has been led elsewhere since, or is not known,
    cannot change or send it: then to the guest who takes it back.
    """
    if chooser is None:
        return guest
    now = visits.in_visit(chooser, guest.visit_id)
    return now if now.visit_id == guest.visit_id and now.moved_to_id is None else guest


def chosen(options: Iterable[dict[str, Any]]) -> list[list[str]]:
    """What the guest chose of an order's options; the others are added again by themselves."""
    return sorted([option["group"], option["key"]] for option in options if not option["automatic"])


def replace(*, addition: Addition) -> Addition | None:
    """Send an order anew: another addition, with a number of its own and the register's ids of today, to the register
    in use. What was sold stays as it was. None: somebody was faster, and nothing was changed.

    `addition` as the person saw it. Raises Refused.
    """
    with transaction.atomic():
        if not decisions.replaced(addition, timezone.now()):
            return None
        order = Order.objects.select_related("restaurant", "table").get(pk=addition.order_id)
        register = outbox.current_register(order.restaurant_id)
        if register is None:
            raise Refused(Problem("no_register"))
        try:
            return outbox.enqueue(
                order_id=order.pk, register=register, ticket=tickets.of_order(order)
            )
        except Unsupported as unsupported:
            raise Refused(Problem("unsupported")) from unsupported
        except NumbersExhausted as exhausted:
            logger.error("%s: %s", register, exhausted)
            raise Refused(Problem("no_register")) from exhausted


def sent(visit: Visit) -> list[Order]:
    """The rounds of a party, also of those that have become part of it, the oldest first. One that was taken back is in
    the cart again, and no round.
    """
    return _sent.all(visit.pk)


def told(order: Order) -> tuple[words.Told, Addition]:
    """What the phone may say of the order, and the addition that counts."""
    addition = outbox.latest(order.pk)
    return words.told(addition, timezone.now()), addition


def _problems(guest: Guest, cart: PricedCart, now: datetime, address: str) -> list[Problem]:
    restaurant = guest.visit.table.restaurant
    problems = cart.problems
    if not cart.lines:
        problems.append(Problem("empty"))
    if missing := presence.problem(guest, address):
        problems.append(missing)
    items = [
        (line.code, item)
        for line in cart.lines
        for item in (line.item, *(choice.product for choice in line.choices))
    ]
    stopped = pauses.problems(restaurant, [item for _, item in items], now)
    for code, item in items:
        if problem := stopped.get(item):
            problems.append(replaced(problem, place=code, name=in_language(item.name)))
    return problems + limits.refused(guest, cart, now)


def _changes(cart: PricedCart) -> list[Change]:
    return [
        Change(in_language(line.item.name), before, line.unit_total)
        for line in cart.lines
        if (before := line.price_before) is not None
    ]


def _write(
    guest: Guest, cart: PricedCart, submission_key: str, language: str, now: datetime
) -> Order:
    table = guest.visit.table
    day = service_day(table.restaurant, now)
    order = Order.objects.create(
        restaurant=table.restaurant,
        table=table,
        visit=guest.visit,
        guest=guest,
        submission_key=submission_key,
        day=day,
        number=order_numbers.take(table.restaurant, day),
        covers=guest.visit.covers,
        total=cart.total,
        serving=cart.serving,
        language=language,
    )
    OrderLine.objects.bulk_create(
        _order_line(order, position, line) for position, line in enumerate(cart.lines)
    )
    return order


def _rounds(visit: int) -> QuerySet[Order]:
    taken_back = Addition.Handled.TAKEN_BACK
    orders = Order.objects.filter(visit__in=visits.with_joined(visit))
    return (
        orders.exclude(additions__handled_as=taken_back)
        .select_related("visit")
        .order_by("created_at")
    )


_sent = Prepared(_rounds)
_sent_with = Prepared(lambda visit, key: Order.objects.filter(visit=visit, submission_key=key))
_guest = Prepared(
    lambda guest: Guest.objects.select_related("visit__table__restaurant").filter(pk=guest)
)


def _order_line(order: Order, position: int, line: PricedLine) -> OrderLine:
    return OrderLine(
        order=order,
        position=position,
        product_key=line.item.key,
        register_id=line.item.register_id,
        name=line.item.name,
        quantity=line.quantity,
        unit_price=line.price,
        vat=line.item.vat,
        course=line.course,
        guest_id=line.line.guest_id,
        options=_written(line.options),
        notes=line.notes,
        note=line.line.note,
        is_menu=line.is_menu,
        choices=[
            {
                "course": choice.course,
                "key": choice.product.key,
                "register_id": choice.product.register_id,
                "name": choice.product.name,
                "vat": str(choice.product.vat),
                "supplement": choice.supplement,
                "price_alone": choice.product.price,
                "turn": choice.product.course,
                "options": _written(choice.options),
            }
            for choice in line.choices
        ],
    )


def _written(options: Iterable[PricedOption]) -> list[dict[str, Any]]:
    return [
        {
            "group": option.group,
            "key": option.key,
            "register_id": option.register_id,
            "name": option.name,
            "price": option.price,
            "automatic": option.automatic,
        }
        for option in options
    ]


def _unsupported(unsupported: Unsupported, cart: PricedCart) -> Problem:
    if unsupported.line is None:
        return Problem("unsupported")
    line = cart.lines[unsupported.line]
    return Problem("unsupported", place=line.code, name=in_language(line.item.name))
