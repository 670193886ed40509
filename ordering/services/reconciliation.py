"""Each number of a day of service against what the register lists: what is missing, double, or dealt with by hand."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Q

from ordering.models import Restaurant
from ordering.services.days import DAY_BEGINS
from pos_bridge import numbers
from pos_bridge.errors import DeliveryError
from pos_bridge.models import Addition, Register
from pos_bridge.registers import adapter_for
from pos_bridge.registers.base import TillState

State = Addition.State
Handled = Addition.Handled
States = Mapping[int, TillState]

ON_TILL = {"received", "settled"}


class Verdict(StrEnum):
    FINE = "on the till"
    WAITS = "in the register's queue, not on the till"
    REFUSED = "refused, not on the till"
    BY_HAND = "entered by hand"
    ENDED = "dealt with by a person"
    MISSING = "MISSING"
    DOUBLE = "DOUBLE"
    UNWANTED = "ON THE TILL ALTHOUGH TAKEN BACK OR CANCELLED"


# What somebody must look into.
WRONG = {Verdict.MISSING, Verdict.DOUBLE, Verdict.UNWANTED}


@dataclass(frozen=True)
class Issued:
    """A number that was given. `received`: a list has once shown it on the till."""

    order: int
    table: int
    number: int
    register: int
    state: State
    handled_as: str = ""
    received: bool = False


@dataclass(frozen=True)
class Line:
    """A number, the register's own word for it ("" where it lists none), and what is to be thought of it."""

    issued: Issued
    word: str
    verdict: Verdict


@dataclass(frozen=True)
class Report:
    """`unread`: the registers whose list could not be had, and why; of them only what we know ourselves is judged.
    `unknown`: numbers of our range and of that day that nobody here has given.
    """

    lines: Sequence[Line]
    unread: Mapping[str, str]
    unknown: Sequence[int]

    @property
    def wrong(self) -> list[Line]:
        return [line for line in self.lines if line.verdict in WRONG]


def compare(issued: Sequence[Issued], lists: Mapping[int, States]) -> list[Line]:
    """Pure. `lists`: what each register lists, by its key; one that is left out could not be read."""
    copies: Counter[int] = Counter()
    for each in issued:
        copies[each.order] += _is_there(each, lists) + (each.handled_as == Handled.BY_HAND)
    return [
        Line(each, _word(each, lists), _verdict(each, lists, copies[each.order])) for each in issued
    ]


def unknown(states: States, known: Iterable[int], first: int, end: int) -> list[int]:
    """Pure. Numbers of our range and of these seconds that nobody here has given."""
    given = set(known)
    lowest = max(first, numbers.FIRST)
    return sorted(number for number in states if lowest <= number < end and number not in given)


def reconcile(*, restaurant: Restaurant, day: date) -> Report:
    """Read the registers' lists, and compare. Writes nothing."""
    additions = Addition.objects.filter(order__restaurant=restaurant, order__day=day)
    additions = additions.select_related("order__table").order_by("order__number", "position")
    issued = [
        Issued(
            order=addition.order.number,
            table=addition.order.table.number,
            number=addition.number,
            register=addition.register_id,
            state=State(addition.state),
            handled_as=addition.handled_as,
            received=addition.received_at is not None,
        )
        for addition in additions.defer("body", "ticket")
    ]
    lists: dict[int, States] = {}
    unread: dict[str, str] = {}
    strange: list[int] = []
    used = Q(pk__in={each.register for each in issued}) | Q(current=True)
    for register in Register.objects.filter(used, restaurant=restaurant).defer("credentials"):
        states, why = _list(register)
        if states is None:
            unread[str(register)] = why
            continue
        lists[register.pk] = states
        first, end = _numbers_of(restaurant, day)
        strange += unknown(states, _given(register, first, end), first, end)
    return Report(compare(issued, lists), unread, strange)


def _verdict(issued: Issued, lists: Mapping[int, States], copies: int) -> Verdict:
    there, by_hand = _is_there(issued, lists), issued.handled_as == Handled.BY_HAND
    till = _listed(issued, lists)
    if copies > 1 and (there or by_hand):
        return Verdict.DOUBLE
    if there:
        if issued.handled_as in {Handled.CANCELLED, Handled.TAKEN_BACK}:
            return Verdict.UNWANTED
        return Verdict.MISSING if _has_gone(issued, lists) else Verdict.FINE
    if issued.state == State.HANDLED:
        return Verdict.BY_HAND if by_hand else Verdict.ENDED
    if issued.state == State.REFUSED or (till is not None and till.state == "refused"):
        return Verdict.REFUSED
    return Verdict.MISSING if till is None else Verdict.WAITS


def _is_there(issued: Issued, lists: Mapping[int, States]) -> bool:
    """On the till: the register's list decides, then what it said once, then a person who has looked."""
    till = _listed(issued, lists)
    if till is not None and till.state in {*ON_TILL, "refused"}:
        return till.state in ON_TILL
    if issued.state == State.REFUSED:
        return False
    known = issued.received or issued.state in {State.RECEIVED, State.SETTLED}
    return known or issued.handled_as == Handled.ON_TILL


def _has_gone(issued: Issued, lists: Mapping[int, States]) -> bool:
    """The table has not paid for it, and the list goes back far enough to name it and does not."""
    states = lists.get(issued.register)
    if not states or issued.state == State.SETTLED or issued.number in states:
        return False
    return min(states) < issued.number


def _listed(issued: Issued, lists: Mapping[int, States]) -> TillState | None:
    return lists.get(issued.register, {}).get(issued.number)


def _word(issued: Issued, lists: Mapping[int, States]) -> str:
    till = _listed(issued, lists)
    return "" if till is None else f"{till.text} ({till.state or 'unknown'})"


def _list(register: Register) -> tuple[States | None, str]:
    try:
        adapter = adapter_for(register)
        if adapter is None or not adapter.can_list_states:
            return None, "it keeps no list"
        return adapter.list_states(), ""
    except DeliveryError as error:
        return None, error.reason
    except ImproperlyConfigured:
        return None, "keys_unreadable"


def _numbers_of(restaurant: Restaurant, day: date) -> tuple[int, int]:
    """The numbers that were given on that day: they rise with the clock, one for each second at the least."""
    zone = ZoneInfo(restaurant.timezone)
    begins = [
        datetime.combine(each, time(), zone) + DAY_BEGINS for each in (day, day + timedelta(days=1))
    ]
    return numbers.floor(begins[0]), numbers.floor(begins[1])


def _given(register: Register, first: int, end: int) -> set[int]:
    """By this installation, for whichever restaurant orders on this till."""
    same_till = Q(register=register.pk) | Q(register__till=register.till, register__till__gt="")
    given = Addition.objects.filter(same_till, number__gte=first, number__lt=end)
    return set(given.values_list("number", flat=True))
