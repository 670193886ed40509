"""How much a phone may send, and how often (P15): what no person could want is refused before anything is written, and
what a person may let through waits for the team's OK.
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from ordering.models import Guest, Order, Visit
from ordering.services import pauses, visits
from ordering.services.days import service_day
from ordering.services.pricing import PricedCart
from ordering.services.problems import Problem
from ordering.texts import in_language
from pos_bridge import approvals
from pos_bridge.models import Addition
from pos_bridge.prepared import Prepared
from pos_bridge.times import SKEW, seconds

# So many orders of a table may wait for the team at once: who floods one table writes no more rows than that.
WAITING_AT_MOST = 8
MINUTE = 60.0


def refused(guest: Guest, cart: PricedCart, now: datetime) -> list[Problem]:
    """What is not sent, whatever anybody says."""
    restaurant = guest.visit.table.restaurant
    problems = []
    if len(cart.lines) > restaurant.limit_lines:
        problems.append(Problem("too_many_lines", params={"max": restaurant.limit_lines}))
    for line in cart.lines:
        if line.quantity > restaurant.limit_quantity:
            params = {"max": restaurant.limit_quantity}
            problems.append(Problem("quantity", line.code, params, in_language(line.item.name)))
    if not 1 <= guest.visit.covers <= restaurant.limit_covers:
        problems.append(Problem("covers", params={"max": restaurant.limit_covers}))
    since = now - timedelta(seconds=settings.GUEST_SEND_INTERVAL)
    if _just_now.exists(guest.visit.table_id, guest.pk, since, now):
        problems.append(Problem("too_fast"))
    slow = pauses.slow_per_minute(restaurant, now)
    if slow is not None and _last_minute(guest, now)["house"] >= slow:
        # Not held: by itself it is over in a minute, and nobody of a busy team need tap for it.
        problems.append(Problem("too_busy"))
    return problems


def passed(guest: Guest, cart: PricedCart, now: datetime) -> list[str]:
    """The limits that this order passes, and that a person of the team may let it pass: keys of
    approval.PASSED.
    """
    table = guest.visit.table
    restaurant = table.restaurant
    codes = []
    if cart.total > restaurant.limit_amount_per_cover * _covers_that_count(guest.visit):
        codes.append("too_expensive")
    most_of_table = restaurant.limit_amount_per_table
    if most_of_table is not None and _sent_amount(guest) + cart.total > most_of_table:
        codes.append("table_amount")
    if sum(_of_the_hour.column(table.pk, now)) >= restaurant.limit_orders_per_hour:
        codes.append("too_many_orders")
    minute = _last_minute(guest, now)
    if minute["house"] >= restaurant.limit_house_per_minute:
        codes.append("house_flood")
    if restaurant.limit_zone_per_minute and minute["zone"] >= restaurant.limit_zone_per_minute:
        codes.append("zone_flood")
    return codes


def waiting_problem(guest: Guest) -> Problem | None:
    """Why no further order may wait for the team's OK."""
    waiting = approvals.waiting(table=guest.visit.table_id).order_by()
    return Problem("too_many_waiting") if waiting.count() >= WAITING_AT_MOST else None


def _covers_that_count(visit: Visit) -> int:
    """What guests add to the first answer raises no limit before the team has said that so many are there."""
    counted = visit.covers_counted
    return visit.covers if counted is None else min(visit.covers, counted)


def _last_minute(guest: Guest, now: datetime) -> dict[str, int]:
    """Orders of the house and of the guest's zone in the last minute (T06), by the index of the day's numbers."""
    table = guest.visit.table
    day = service_day(table.restaurant, now)
    since = now - seconds(MINUTE)
    counted = _in_house_and_zone.values(table.restaurant_id, day, since, now, table.zone)
    house, zone = counted[0] if counted else (0, 0)
    return {"house": house, "zone": zone}


def _sent_amount(guest: Guest) -> int:
    """Cents TTC of what the party has ordered by phone, without what nobody wants any more."""
    gone = Addition.objects.filter(
        order=OuterRef("pk"),
        handled_as__in=[Addition.Handled.CANCELLED, Addition.Handled.TAKEN_BACK],
    )
    orders = visits.orders_of(guest.visit).exclude(Exists(gone))
    return orders.aggregate(total=Sum("total"))["total"] or 0


def _by_the_guest(table: int, guest: int, since: datetime, now: datetime) -> QuerySet[Order]:
    """One from the future was sent before the clock was set back: it must not keep its guest waiting (F38)."""
    times = Q(created_at__gt=since, created_at__lte=now + SKEW)
    return Order.objects.filter(times, table=table, guest=guest)


def _count_of_the_hour(table: int, now: datetime) -> QuerySet[Order, int]:
    orders = Order.objects.filter(table=table, created_at__gt=now - timedelta(hours=1)).order_by()
    counted = orders.values("table").annotate(orders=Count("pk"))
    return counted.values_list("orders", flat=True)


def _counts(
    restaurant: int, day: date, since: datetime, now: datetime, zone: str
) -> QuerySet[Order, tuple[int, int]]:
    orders = Order.objects.filter(
        restaurant=restaurant, day=day, created_at__gt=since, created_at__lte=now + SKEW
    )
    of_zone = Count("pk", filter=Q(table__zone=zone))
    counted = orders.order_by().values("restaurant").annotate(house=Count("pk"), zone=of_zone)
    return counted.values_list("house", "zone")


_just_now = Prepared(_by_the_guest)
_of_the_hour = Prepared(_count_of_the_hour)
_in_house_and_zone = Prepared(_counts)
