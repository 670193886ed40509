"""A party moves to another table, two become one, or one is parted. Its phones, its cart and what is unsent go along.

What was sent stays where the register has it: an order's table, its number and its frozen bytes are never touched
(P5), also while it still waits to be sent. What is to be done on the till is said in words (`to_do`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from ordering.models import Call, CartLine, Guest, Table, Visit
from ordering.services import acts, visits
from pos_bridge.models import Addition

By = AbstractBaseUser | AnonymousUser
State, Handled = Addition.State, Addition.Handled

WHY: dict[str, str | Promise] = {
    "taken": _("A party sits at table %(table)s already. Join the two, or choose another table."),
    "same": _("The party sits there already. Nothing was changed."),
    "unknown": _("There is no table to move to: it is switched off, or another house’s."),
    "gone": _("This party has left meanwhile, or somebody else has moved it. Nothing was changed."),
    "covers": _("The covers must be a whole number from 1 to %(max)s. Nothing was changed."),
    "nobody_left": _("Nobody would be left at the table: move the whole party instead."),
}


class NotMoved(Exception):
    """Nothing was changed. `why` is a key of WHY."""

    def __init__(self, why: str, **params: object) -> None:
        super().__init__(why)
        self.why = why
        self.params = params

    def __str__(self) -> str:
        return str(WHY[self.why]) % self.params


@dataclass(frozen=True)
class OnTill:
    """What stands on the till at a table at which its party no longer sits, or will stand there once it is sent."""

    table: Table
    register: str
    there: Sequence[int]
    on_the_way: Sequence[int]


def move(*, visit: Visit, to_table: Table, by: By) -> None:
    """The party sits at another table. `visit` as the person saw it, with the table that it sat at.

    Raises NotMoved: the table is taken or none, the party has left, or somebody else was faster.
    """
    _check_table(visit, to_table)
    with transaction.atomic():
        _lock(visit)
        _make_room(to_table)
        _seat(visit, to_table)
        _tell(visit.guests.filter(moved_to=None))
        _record(visit, by, "visit_moved", to=to_table.number)


def join(*, visit: Visit, into: Visit, covers: int, by: By) -> None:
    """Two parties become one, at the table of `into`, with so many covers. Both as the person saw them.

    Raises NotMoved.
    """
    if visit.pk == into.pk:
        raise NotMoved("same")
    if visit.table.restaurant_id != into.table.restaurant_id:
        raise NotMoved("unknown")
    _check_covers(into, covers)
    with transaction.atomic():
        for each in sorted((visit, into), key=lambda each: each.pk):  # in one order, whoever asks
            _lock(each)
        Visit.objects.filter(pk=into.pk).update(covers=covers, covers_counted=None)
        _lead(visit.guests.filter(moved_to=None), into)
        _hand_over_calls(Call.objects.filter(visit=visit), into)
        visits.with_joined(visit.pk).update(moved_to=into)
        visits.end(visit=visit)
        _record(visit, by, "visit_joined", to=into.table.number, covers=covers)


def part(*, visit: Visit, guests: Iterable[str], covers: int, to_table: Table, by: By) -> Visit:
    """Some of the party sit at a free table now, as a party of their own: so many covers, and these phones with what
    they have chosen. `guests`: their numbers in the party. Gives the new visit. Raises NotMoved.
    """
    _check_table(visit, to_table)
    if visit.covers <= 1:
        raise NotMoved("nobody_left")
    if not 1 <= covers < visit.covers:
        raise NotMoved("covers", max=visit.covers - 1)
    with transaction.atomic():
        _lock(visit)
        if not Visit.objects.filter(pk=visit.pk, covers__gt=covers).update(
            covers=F("covers") - covers, covers_counted=None
        ):
            raise NotMoved("covers", max=visit.covers - 1)  # they were corrected since
        _make_room(to_table)
        try:
            with transaction.atomic():
                parted = Visit.objects.create(table=to_table, covers=covers, shared=to_table.shared)
        except IntegrityError:
            raise NotMoved("taken", table=to_table.number) from None
        chosen = visit.guests.filter(moved_to=None, number__in=[n for n in guests if n.isdecimal()])
        _hand_over_calls(Call.objects.filter(visit=visit, guest__in=chosen), parted)
        _lead(chosen, parted)
        Visit.objects.filter(pk=visit.pk).update(partings=F("partings") + 1)
        _record(visit, by, "visit_parted", to=to_table.number, covers=covers)
        return parted


def room(visit: Visit) -> tuple[list[Table], list[Visit]]:
    """The tables that the party could move to, and the other parties that it could join."""
    others = Visit.objects.filter(table__restaurant=visit.table.restaurant_id, ended_at=None)
    its = visits.with_joined(OuterRef(OuterRef("pk")))
    paid = Exists(Addition.objects.filter(order__visit__in=its, state=State.SETTLED))
    others = others.exclude(pk=visit.pk).annotate(has_paid=paid)
    seated = others.select_related("table__restaurant").order_by("table__number")
    sitting: list[Visit] = [
        each
        for each in seated
        if not (visits.is_silent(each) or (each.has_paid and visits.is_over(each)))
    ]
    taken = {visit.table_id, *(each.table_id for each in sitting if not each.table.shared)}
    tables = Table.objects.filter(restaurant=visit.table.restaurant_id, enabled=True)
    return list(tables.exclude(pk__in=taken).order_by("number")), sitting


def elsewhere(visit: Visit) -> list[OnTill]:
    """What the till has, or will have, of the party at tables at which it no longer sits, in two queries."""
    orders = visits.orders_of(visit).exclude(table=visit.table_id)
    additions = Addition.objects.filter(order__in=orders).select_related("register")
    additions = additions.defer("register__credentials", "body", "ticket")
    last = {each.order_id: each for each in additions.order_by("position")}
    found: dict[tuple[int, int], tuple[Table, Addition, list[int], list[int]]] = {}
    for order in orders.select_related("table").order_by("number"):
        if (addition := last.get(order.pk)) is None:
            continue  # it was sent between the two questions
        there, on_the_way = _is_there(addition), _is_on_the_way(addition)
        key = (order.table_id, addition.register_id)
        entry = found.setdefault(key, (order.table, addition, [], []))
        if there:
            entry[2].append(order.number)
        elif on_the_way:
            entry[3].append(order.number)
    return [
        OnTill(table, addition.register.get_kind_display(), there, on_the_way)
        for table, addition, there, on_the_way in found.values()
        if there or on_the_way
    ]


def to_do(visit: Visit) -> list[str]:
    """What the staff are to do on the till now that the party sits elsewhere, sentence by sentence."""
    said = []
    for found in elsewhere(visit):
        named = {
            "from": found.table.number,
            "to": visit.table.number,
            "register": found.register,
        }
        if found.there:
            said.append(
                ngettext(
                    "On the till (%(register)s) order %(orders)s is on table %(from)s: move it to table %(to)s there.",
                    "On the till (%(register)s) orders %(orders)s are on table %(from)s: move them to table %(to)s "
                    "there.",
                    len(found.there),
                )
                % {**named, "orders": _listed(found.there)}
            )
        if found.on_the_way:
            said.append(
                ngettext(
                    "Order %(orders)s is still on its way, to table %(from)s on the till (%(register)s): move it to "
                    "table %(to)s when it is there.",
                    "Orders %(orders)s are still on their way, to table %(from)s on the till (%(register)s): move "
                    "them to table %(to)s when they are there.",
                    len(found.on_the_way),
                )
                % {**named, "orders": _listed(found.on_the_way)}
            )
    return said


def _is_there(addition: Addition) -> bool:
    if addition.state == State.HANDLED:
        return addition.handled_as in {Handled.ON_TILL, Handled.BY_HAND}
    return addition.state in {State.ACCEPTED, State.RECEIVED}


def _is_on_the_way(addition: Addition) -> bool:
    return addition.state in {State.QUEUED, State.SENDING, State.UNCERTAIN, State.HELD}


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)


def _check_table(visit: Visit, table: Table) -> None:
    if table.restaurant_id != visit.table.restaurant_id or not table.enabled:
        raise NotMoved("unknown")
    if table.pk == visit.table_id:
        raise NotMoved("same")


def _check_covers(visit: Visit, covers: int) -> None:
    most = visit.table.restaurant.limit_covers
    if not 1 <= covers <= most:
        raise NotMoved("covers", max=most)


def _lock(visit: Visit) -> None:
    """Raises NotMoved where the visit is over, or is no longer where the person saw it."""
    try:
        visits.lock(visit)
    except visits.VisitEnded:
        raise NotMoved("gone") from None
    if not Visit.objects.filter(pk=visit.pk, table=visit.table_id).exists() or visits.is_over(
        visit
    ):
        raise NotMoved("gone")


def _make_room(table: Table) -> None:
    """A party that has paid or is silent is over, whoever has noticed yet. Where strangers share a table there is
    always room. Raises NotMoved.
    """
    there = None if table.shared else visits.current(table)
    if there is None:
        return
    if not visits.has_ended(there):
        raise NotMoved("taken", table=table.number)
    visits.end_as_seen(visit=there)


def _seat(visit: Visit, table: Table) -> None:
    """Of a visit that is locked."""
    try:
        with transaction.atomic():
            Visit.objects.filter(pk=visit.pk).update(table=table, shared=table.shared)
    except IntegrityError:
        # Another party was seated there in the same moment.
        raise NotMoved("taken", table=table.number) from None


def _lead(guests: Iterable[Guest], into: Visit) -> None:
    """These phones are guests of another party now, with what they have chosen."""
    now = timezone.now()
    last = into.guests.aggregate(last=Max("number"))["last"] or 0
    for guest in list(guests):
        # Who comes back is who they were.
        there = into.guests.filter(secret_hash=guest.secret_hash).first()
        if there is None:
            last += 1
            there = _copy(guest, into, last)
        Guest.objects.filter(pk=there.pk).update(moved_to=None, moved_at=now, ready=False)
        # Also who was led here before goes straight on.
        before = Guest.objects.filter(Q(pk=guest.pk) | Q(moved_to=guest))
        before.exclude(pk=there.pk).update(moved_to=there)
        CartLine.objects.filter(guest=guest).update(visit=into, guest=there)


def _copy(guest: Guest, into: Visit, number: int) -> Guest:
    """The same phone as a guest of another party; what it has sent stays with the guest that it was."""
    copy = Guest.objects.get(pk=guest.pk)
    copy.pk, copy._state.adding = None, True
    copy.visit, copy.number, copy.ready = into, number, False
    copy.save(force_insert=True)
    return copy


def _tell(guests: QuerySet[Guest]) -> None:
    guests.update(moved_at=timezone.now())


def _hand_over_calls(calls: QuerySet[Call], into: Visit) -> None:
    """What both parties call for is called for once."""
    for call in calls.filter(closed_at=None):
        there = Call.objects.filter(visit=into, kind=call.kind, order=call.order_id, closed_at=None)
        mine = Call.objects.filter(pk=call.pk, closed_at=None)
        if there.exists():
            mine.update(closed_at=timezone.now())
        else:
            mine.update(visit=into)


def _record(visit: Visit, by: By, what: str, **details: int) -> None:
    acts.record(by=by, restaurant=visit.table.restaurant, what=what, table=visit.table, **details)
