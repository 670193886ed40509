"""What must act once after a register has said something of an addition."""

from django.db import transaction

from ordering.models import Visit
from ordering.services import visits
from pos_bridge.models import AdditionEvent


def consume() -> int:
    """End the visits whose table has paid. How many; each is counted by the one process that ended it.

    What was refused waits for whoever gives portions back.
    """
    paid = AdditionEvent.objects.filter(kind=AdditionEvent.Kind.SETTLED, consumed_at=None)
    # Its own party, and the one that this has become part of.
    of = ("addition__order__visit", "addition__order__visit__moved_to")
    pks = {pk for both in paid.order_by().values_list(*of).distinct() for pk in both if pk}
    paid_visits = Visit.objects.filter(pk__in=pks)
    return sum(_end(visit) for visit in paid_visits.select_related("table__restaurant"))


def _end(visit: Visit) -> bool:
    if visit.ended_at is None and not visits.is_over(visit):
        return False  # something of it is still on its way
    with transaction.atomic():
        try:
            visits.lock(visit)
        except visits.VisitEnded:
            return visits.end(visit=visit)  # its events go with it
        # An order that was placed before our lock is seen now; one that comes after it finds the visit ended.
        return visits.is_over(visit) and visits.end(visit=visit)
