"""What the staff do with the party at a table: seat it, correct its covers, free the table, see that it has left."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ordering.models import Restaurant, Table, Visit
from ordering.services import acts, visits
from ordering.services.problems import Problem, Refused
from pos_bridge.models import Addition

State = Addition.State
# Additions that the till does not have: their covers need no correction there.
NOT_ON_TILL = {Addition.Handled.CANCELLED, Addition.Handled.TAKEN_BACK}

By = AbstractBaseUser | AnonymousUser


def left_behind(restaurant: Restaurant) -> QuerySet[Visit]:
    """The visits whose party has left without anybody having freed the table, until somebody of the staff has seen
    it; the oldest first.
    """
    left = Visit.objects.filter(table__restaurant=restaurant, left_behind_at__isnull=False)
    return left.filter(left_seen_at=None).select_related("table").order_by("left_behind_at")


def confirm_left(*, visit: Visit, by: By) -> bool:
    """Somebody of the staff has seen that the party has left. False where another was faster."""
    with transaction.atomic():
        seen = Visit.objects.filter(pk=visit.pk, left_behind_at__isnull=False, left_seen_at=None)
        if not seen.update(left_seen_at=timezone.now()):
            return False
        _record(visit.table, "party_left", by)
        return True


def seat(*, table: Table, covers: int, by: By) -> Visit:
    """Open the visit of a party that the staff seat. Its phones join it and are not asked how many they are.

    Raises Refused where somebody sits there, or each phone is a party of its own.
    """
    visits.check_covers(table, covers)
    if table.shared:
        raise Refused(Problem("table_shared"))
    with transaction.atomic():
        before = visits.current(table)
        if before is not None and visits.has_ended(before):
            visits.end_as_seen(visit=before)
        try:
            with transaction.atomic():
                visit = Visit.objects.create(table=table, covers=covers)
        except IntegrityError:
            raise Refused(Problem("table_taken")) from None
        _record(table, "table_seated", by, covers=covers)
        return visit


def free(*, visit: Visit, by: By) -> bool:
    """The party has left: its table is free. False where the visit had ended already."""
    with transaction.atomic():
        freed = visits.end(visit=visit)
        if freed:
            _record(visit.table, "table_freed", by)
        return freed


def set_covers(*, visit: Visit, covers: int, by: By) -> list[str]:
    """Correct the covers of the visit. What to do on the till, in words: an addition that went with others keeps them
    there, the next one goes with these. Raises Refused, VisitEnded.
    """
    visits.check_covers(visit.table, covers)
    with transaction.atomic():
        visits.lock(visit)
        before = Visit.objects.values_list("covers", flat=True).get(pk=visit.pk)
        Visit.objects.filter(pk=visit.pk).update(covers=covers, covers_counted=None)
        if before != covers:
            _record(visit.table, "covers_set", by, before=before, after=covers)
        visit.covers = covers
    return covers_to_correct(visit)


def covers_to_correct(visit: Visit) -> list[str]:
    """What to do on the till since the covers were corrected, by guests or staff: for each addition there that went
    with others.
    """
    return [
        _(
            "Order no. %(order)s (number %(number)s on the register) went with %(covers)s "
            "covers: correct it on the till."
        )
        % {"order": order.number, "number": addition.number, "covers": order.covers}
        for addition in visits.last_additions(visit)
        if (order := addition.order).covers != visit.covers and addition.state != State.REFUSED
        if addition.handled_as not in NOT_ON_TILL
    ]


def _record(table: Table, what: str, by: By, **details: int) -> None:
    acts.record(by=by, restaurant=table.restaurant, what=what, table=table, **details)
