"""The end of a service: every number that was issued on a day, with its fate, and the day in figures. Reads only; the
same few queries for ten orders as for five hundred.

Where reconciliation.py asks the register, this says what is written here, so it answers at once and without it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from ordering.models import Call, Option, Product, Restaurant, SetMenu, Visit
from ordering.services.days import DAY_BEGINS, service_day
from ordering.texts import in_language
from pos_bridge import staff_words
from pos_bridge.models import Addition
from pos_bridge.words import ON_TILL_TOO

State = Addition.State
Handled = Addition.Handled

# Until then it is lunch: a service is what lies between two quiet hours, and no house says it better.
EVENING = 17
LUNCH, DINNER = pgettext_lazy("service", "Lunch"), pgettext_lazy("service", "Dinner")

ON_TILL = {State.RECEIVED, State.SETTLED}
HANDLED_ON_TILL = {Handled.ON_TILL, Handled.BY_HAND}
# Another number took its place, or the cart has it again: of the order nothing is lost.
REPLACED = {Handled.REPLACED, Handled.TAKEN_BACK}


@dataclass(frozen=True)
class Issued:
    """A number that was given to a register. `total` is cents TTC; `seconds`: from the order to the till."""

    number: int
    order: int
    code: str
    table: int
    covers: int
    at: datetime
    service: str | Promise
    total: int
    fate: str
    colour: str
    register: str
    received_at: datetime | None
    seconds: float | None


@dataclass(frozen=True)
class Fate:
    """How many numbers ended in the same way, and their cents TTC."""

    word: str
    colour: str
    count: int
    total: int


@dataclass(frozen=True)
class Service:
    """Lunch or dinner: its numbers in the order in which they were given."""

    name: str | Promise
    issued: Sequence[Issued]
    fates: Sequence[Fate]


@dataclass(frozen=True)
class Figures:
    """A day in numbers. `total`: cents TTC of what is on the till; seconds from the order to the till, None where
    nothing has come there.
    """

    orders: int
    covers: int
    visits: int
    total: int
    median: float | None
    slowest: float | None
    refused: int
    by_hand: int
    open: int
    calls: int


@dataclass(frozen=True)
class Evening:
    """`open_visits`: parties that have not left, of whatever day. `sold_out`: what is sold out now, today alone."""

    day: date
    services: Sequence[Service]
    figures: Figures
    open_visits: Sequence[Visit]
    sold_out: Sequence[str]

    @property
    def issued(self) -> list[Issued]:
        return [issued for service in self.services for issued in service.issued]


def evening(*, restaurant: Restaurant, day: date, now: datetime) -> Evening:
    """All of a day of service, which begins at five in the morning."""
    additions = list(
        Addition.objects.filter(order__restaurant=restaurant, order__day=day)
        .select_related("order__table", "order__visit", "register")
        .defer("body", "ticket", "register__credentials")
        .order_by("order__created_at", "order__number", "position")
    )
    zone = ZoneInfo(restaurant.timezone)
    by_service: dict[str | Promise, list[Issued]] = defaultdict(list)
    for addition in additions:
        issued = _issued(addition, zone)
        by_service[issued.service].append(issued)
    today = service_day(restaurant, now)
    return Evening(
        day=day,
        services=[Service(name, some, _fates(some)) for name, some in by_service.items()],
        figures=_figures(additions, _calls(restaurant, day)),
        open_visits=list(_open_visits(restaurant)),
        sold_out=_sold_out(restaurant, day) if day == today else [],
    )


def fate(addition: Addition) -> str:
    """What became of a number, in the staff's words."""
    if addition.state == State.HANDLED and addition.reason != ON_TILL_TOO:
        return str(addition.get_handled_as_display())
    return str(staff_words.STATES[State(addition.state)])


def is_on_till(addition: Addition) -> bool:
    """As far as anybody knows here: the register has said so, or a person who has looked or typed."""
    return addition.state in ON_TILL or addition.handled_as in HANDLED_ON_TILL


def _issued(addition: Addition, zone: ZoneInfo) -> Issued:
    order = addition.order
    return Issued(
        number=addition.number,
        order=order.number,
        code=order.code,
        table=order.table.number,
        covers=order.covers,
        at=order.created_at,
        service=_service(order.created_at.astimezone(zone)),
        total=order.total,
        fate=fate(addition),
        colour=_colour(addition),
        register=addition.register.get_kind_display(),
        received_at=addition.received_at,
        seconds=_seconds(addition),
    )


def _service(local: datetime) -> str | Promise:
    return DINNER if local.hour >= EVENING or local.hour < 5 else LUNCH


def _colour(addition: Addition) -> str:
    """Beside the word, never in its place."""
    if addition.state == State.REFUSED or addition.reason == ON_TILL_TOO:
        return "bad"
    if is_on_till(addition):
        return "ok"
    return "" if addition.state == State.HANDLED else "wait"


def _seconds(addition: Addition) -> float | None:
    if addition.received_at is None:
        return None
    # A clock that was set back in between would make it less than nothing (F38).
    return max(0.0, (addition.received_at - addition.order.created_at) / timedelta(seconds=1))


def _fates(issued: Iterable[Issued]) -> list[Fate]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for each in issued:
        found[each.fate, each.colour].append(each.total)
    return [
        Fate(word, colour, len(totals), sum(totals)) for (word, colour), totals in found.items()
    ]


def _figures(additions: Sequence[Addition], calls: int) -> Figures:
    # Of an order that was sent anew the last number counts.
    last = {addition.order_id: addition for addition in additions}
    sent = [each for each in last.values() if each.handled_as != Handled.TAKEN_BACK]
    on_till = [addition for addition in sent if is_on_till(addition)]
    visits = {addition.order.visit_id: addition.order.visit for addition in sent}
    waited = [seconds for each in additions if (seconds := _seconds(each)) is not None]
    handled = [addition.handled_as for addition in additions]
    open_ones = [each for each in sent if each.state not in ON_TILL | {State.HANDLED}]
    return Figures(
        orders=len(sent),
        covers=sum(visit.covers or 0 for visit in visits.values()),
        visits=len(visits),
        total=sum(addition.order.total for addition in on_till),
        median=median(waited) if waited else None,
        slowest=max(waited, default=None),
        refused=sum(each.state == State.REFUSED for each in additions)
        + handled.count(Handled.TAKEN_BACK),
        by_hand=handled.count(Handled.BY_HAND),
        open=len(open_ones),
        calls=calls,
    )


def _calls(restaurant: Restaurant, day: date) -> int:
    """For a waiter, the bill, and the like, whatever came of them."""
    begins = datetime.combine(day, time(), ZoneInfo(restaurant.timezone)) + DAY_BEGINS
    of_day = Q(at__gte=begins, at__lt=begins + timedelta(days=1))
    return Call.objects.filter(of_day, table__restaurant=restaurant).count()


def _open_visits(restaurant: Restaurant) -> Iterable[Visit]:
    visits = Visit.objects.filter(table__restaurant=restaurant, ended_at=None)
    return (
        visits.select_related("table")
        .annotate(sent=Count("orders"), ordered=Sum("orders__total"))
        .order_by("opened_at")
    )


def _sold_out(restaurant: Restaurant, day: date) -> list[str]:
    gone = Q(sold_out=True) | Q(sold_out_until__gt=day)
    products = Product.objects.filter(gone | Q(portions=0), restaurant=restaurant)
    menus = SetMenu.objects.filter(gone | Q(portions=0), restaurant=restaurant)
    options = Option.objects.filter(gone | Q(portions=0), group__restaurant=restaurant)
    rows = (products, menus, options)
    return [in_language(name) for some in rows for name in some.values_list("name", flat=True)]
