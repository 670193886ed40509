"""What a person must look at, asked of the database alone: it is true with every worker dead (P10)."""

from datetime import datetime

from django.db.models import Q, QuerySet

from pos_bridge.models import Addition
from pos_bridge.waiting import TO_TROUBLE
from pos_bridge.words import ON_TILL_TOO, State, needs_person


def undelivered(now: datetime) -> QuerySet[Addition]:
    """The oldest first, with all that a line on the staff's list says of it. Of all restaurants: narrow it."""
    on_the_way = Q(state__in=TO_TROUBLE) | Q(state=State.HANDLED, reason=ON_TILL_TOO)
    additions = Addition.objects.filter(on_the_way, needs_person(now)).order_by("created_at", "pk")
    return additions.select_related(
        "register", "order__restaurant", "order__table", "order__visit"
    ).defer("register__credentials", "body", "ticket")
