"""The cart of a visit: what the guests choose on their phones. Its prices are in pricing.py."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ordering.models import CartLine, Guest, Product, Restaurant, SetMenu
from ordering.services import notes as house_notes
from ordering.services import pauses, pricing, taps, visits
from ordering.services.options import Chosen, choose, groups_of, unanswerable
from ordering.services.problems import Problem, Refused
from ordering.services.set_menus import Composed, compose, in_order
from ordering.slots import is_open
from ordering.texts import in_language
from pos_bridge.prepared import Prepared


def add(
    *,
    guest: Guest,
    product_key: str,
    quantity: int,
    chosen: Chosen,
    notes: Iterable[str] = (),
    note: str = "",
    tap: str = "",
) -> CartLine:
    """Put a product into the cart. The same product with the same options and notes of the same guest is one line.

    `notes`: keys of the house's; `note`: the guest's own words; `tap`: see taps.py.

    Raises Refused (with every problem), VisitEnded, Heard.
    """
    if taps.is_heard(guest, tap):
        raise taps.Heard
    restaurant = guest.visit.table.restaurant
    product = _product.first(restaurant.pk, product_key)
    if product is None:
        raise Refused(Problem("unknown_product"))
    groups = groups_of({product.pk})
    pricing.mark(restaurant, [product], groups)
    now = timezone.now()
    options, problems = choose(groups[product.pk], chosen)
    problems += pricing.item_problems(
        product, pricing.unserved_at([product], pricing.local(restaurant, [now]))
    )
    price = pricing.price_now(product, restaurant, now)
    unit_total = price + sum(option.price for option in options)
    wanted = sorted([group, key] for group, key in chosen)
    said = _noted(restaurant, notes, note, problems)
    return _put(
        guest, quantity, price, unit_total, problems, tap, product=product, chosen=wanted, **said
    )


def add_menu(
    *,
    guest: Guest,
    menu_key: str,
    quantity: int,
    composed: Composed,
    notes: Iterable[str] = (),
    note: str = "",
    tap: str = "",
) -> CartLine:
    """Put a set menu into the cart. The same menu composed in the same way, with the same notes, by the same guest is
    one line.

    Raises Refused (with every problem; those of a course have its key as their place), VisitEnded, Heard.
    """
    if taps.is_heard(guest, tap):
        raise taps.Heard
    restaurant = guest.visit.table.restaurant
    menus = SetMenu.objects.filter(restaurant=restaurant, key=menu_key)
    menu = pricing.with_gaps(menus.select_related("restaurant")).first()
    if menu is None:
        raise Refused(Problem("unknown_product"))
    courses, groups = pricing.offered(menu)
    now = timezone.now()
    local = pricing.local(restaurant, [now])
    choices, problems = compose(courses, groups, composed, local)
    problems += pricing.item_problems(menu, pricing.unserved_at([menu], local))
    # Whoever pauses the desserts has nobody to make them, for a menu neither.
    stopped = pauses.problems(restaurant, [choice.product for choice in choices], now)
    problems += [
        replace(stopped[each.product], place=each.course, name=in_language(each.product.name))
        for each in choices
        if each.product in stopped
    ]
    price = pricing.price_now(menu, restaurant, now)
    unit_total = price + sum(choice.unit_total for choice in choices)
    written = [] if problems else in_order(courses, composed)
    said = _noted(restaurant, notes, note, problems)
    return _put(
        guest, quantity, price, unit_total, problems, tap, set_menu=menu, composed=written, **said
    )


def _noted(
    restaurant: Restaurant, keys: Iterable[str], text: str, problems: list[Problem]
) -> dict[str, Any]:
    """The notes as a line holds them; what is wrong with them is added to the problems."""
    ticked, unknown = house_notes.ticked(restaurant, keys)
    note, wrong = house_notes.written(restaurant, text)
    problems += [*unknown, *wrong]
    return {"notes": ticked, "note": note}


def _put(
    guest: Guest,
    quantity: int,
    price: int,
    unit_total: int,
    problems: list[Problem],
    tap: str,
    **what: Any,
) -> CartLine:
    """`what`: the fields that say what is ordered, by which a line is the same as another. `price`: of the product or
    the set menu now, which a line of a happy hour that has just ended does not have.
    """
    restaurant = guest.visit.table.restaurant
    if not 1 <= quantity <= restaurant.limit_quantity:
        problems.append(Problem("quantity", params={"max": restaurant.limit_quantity}))
    if unit_total < 0:
        problems.append(Problem("below_zero"))
    sold = [item for item in (what.get("product"), what.get("set_menu")) if item]
    problems += pauses.problems(restaurant, sold, timezone.now()).values()
    if not is_open(restaurant.hours, *pricing.local(restaurant, [timezone.now()])):
        problems.append(Problem("closed"))  # the grace is for what stands in the cart
    if problems:
        raise Refused(*problems)
    with transaction.atomic():
        visits.lock_for(guest)
        taps.hear(guest, tap)
        _still_choosing(guest)
        item, now = what.get("product") or what["set_menu"], timezone.now()
        same = next(
            (
                line
                for line in _mine.all(guest.visit_id, guest.pk)
                if item in (line.product, line.set_menu) and _is_same(line, what)
                if pricing.price_on(line, item, restaurant, now) == price
            ),
            None,
        )
        if same is not None:
            if same.quantity + quantity > restaurant.limit_quantity:
                raise Refused(Problem("quantity", params={"max": restaurant.limit_quantity}))
            CartLine.objects.filter(pk=same.pk).update(
                quantity=F("quantity") + quantity, shown_price=unit_total
            )
            same.quantity += quantity
            return same
        if len(_in_cart.column(guest.visit_id)) >= restaurant.limit_lines:
            raise Refused(Problem("too_many_lines", params={"max": restaurant.limit_lines}))
        return CartLine.objects.create(
            visit=guest.visit, guest=guest, quantity=quantity, shown_price=unit_total, **what
        )


def _is_same(line: CartLine, what: dict[str, Any]) -> bool:
    same = {"chosen": [], "composed": [], **what}
    return all(
        getattr(line, name) == same[name] for name in ("chosen", "composed", "notes", "note")
    )


def update(*, guest: Guest, quantities: dict[str, int], covers: int | None) -> bool:
    """Save what stands on the guest's cart page: {code of an own line: quantity, 0 removes it}, and the covers.

    Codes that are not the guest's own are passed over. True where anything has changed.
    Raises Refused (with every problem), VisitEnded.
    """
    most = guest.visit.table.restaurant.limit_quantity
    problems = [
        Problem("quantity", place=code, params={"max": most})
        for code, quantity in quantities.items()
        if not 0 <= quantity <= most
    ]
    if covers is None and not problems and not _differ(guest, quantities):
        return False  # as when an order is sent: nobody need wait for a lock
    with transaction.atomic():
        visits.lock_for(guest)
        changed = False
        if covers is not None:
            try:
                changed = visits.set_covers(guest=guest, covers=covers)
            except Refused as refused:
                problems += refused.problems
        mine = _differ(guest, quantities)
        if more := [line for line in mine if line.quantity < quantities[line.code] <= most]:
            problems += _not_added_to(guest, more)
        for line in mine:
            quantity = quantities[line.code]
            if not 0 <= quantity <= most:
                continue
            changed = True
            _still_choosing(guest)
            if quantity:
                CartLine.objects.filter(pk=line.pk).update(quantity=quantity)
            else:
                line.delete()
        if problems:
            raise Refused(*problems)  # and nothing of it is saved
        return changed


def _differ(guest: Guest, quantities: dict[str, int]) -> list[CartLine]:
    """The guest's own lines that are to have another quantity than they have."""
    mine = _mine.all(guest.visit_id, guest.pk)
    return [line for line in mine if quantities.get(line.code, line.quantity) != line.quantity]


def _not_added_to(guest: Guest, lines: list[CartLine]) -> Iterator[Problem]:
    """Why no more can be put on these lines now: the grace is for what stands in the cart, and its price too."""
    restaurant, now = guest.visit.table.restaurant, timezone.now()
    local = pricing.local(restaurant, [now])
    if not is_open(restaurant.hours, *local):
        yield Problem("closed")
        return
    items = {line: item for line in lines if (item := line.product or line.set_menu)}
    unserved = pricing.unserved_at(items.values(), local)
    keys = {each["product"] for line in lines for each in line.composed}
    inside = Product.objects.filter(restaurant=restaurant, key__in=keys) if keys else ()
    gone = {product.key: product for product in inside if not is_open(product.served, *local)}
    for line, item in items.items():
        problems = pricing.item_problems(item, unserved)
        yield from (
            replace(each, place=line.code) for each in problems if each.code == "not_served"
        )
        for choice in line.composed:
            if product := gone.get(choice["product"]):
                params = {"option": in_language(product.name)}
                yield Problem("choice_not_served", line.code, params)
        if pricing.price_on(line, item, restaurant, now) != pricing.price_now(
            item, restaurant, now
        ):
            yield Problem("happy_over", line.code)


def remove(*, guest: Guest, line_code: str) -> bool:
    """Take a line out of the visit's cart, whoever's it is: a phone that has left must not block its table.

    False where it is gone already. Raises VisitEnded.
    """
    with transaction.atomic():
        visits.lock_for(guest)
        _still_choosing(guest)
        removed, _ = CartLine.objects.filter(visit=guest.visit, code=line_code).delete()
        return bool(removed)


def _still_choosing(guest: Guest) -> None:
    """Whoever changes the cart is not ready, whatever was said before."""
    if guest.ready:
        Guest.objects.filter(pk=guest.pk).update(ready=False)
        guest.ready = False


_product = Prepared(
    lambda restaurant, key: Product.objects.filter(restaurant=restaurant, key=key).annotate(
        gap=unanswerable("pk")
    )
)
_mine = Prepared(
    lambda visit, guest: CartLine.objects.filter(visit=visit, guest=guest).select_related(
        "product", "set_menu"
    )
)
_in_cart = Prepared(
    lambda visit: CartLine.objects.filter(visit=visit).order_by().values_list("pk", flat=True)
)
