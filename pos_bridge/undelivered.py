"""What a person must look at, asked of the database alone: it is true with every worker dead (P10)."""

from datetime import datetime

from django.db.models import CharField, Func, QuerySet

from pos_bridge.models import Addition
from pos_bridge.waiting import TO_TROUBLE
from pos_bridge.words import ON_TILL_TOO, State, needs_person


def undelivered(now: datetime) -> QuerySet[Addition]:
    """The oldest first, with all that a line on the staff's list says of it. Of all restaurants: narrow it."""
    additions = Addition.objects.filter(needs_person(now), pk__in=_in_question())
    return (
        additions.order_by("created_at", "pk")
        .select_related("register", "order__restaurant", "order__table", "order__visit")
        .defer("register__credentials", "body", "ticket")
    )


def _in_question() -> QuerySet[Addition, int]:
    """Each half from its own index, whose condition SQLite must see written out; the archive is not looked at."""
    handled, on_till_too = (
        Func(template=f"'{word}'", output_field=CharField(max_length=50))
        for word in (State.HANDLED.value, ON_TILL_TOO)
    )
    on_the_way = Addition.objects.filter(state__in=TO_TROUBLE)
    there_too = Addition.objects.filter(state=handled, reason=on_till_too)
    rows = [each.order_by().values_list("pk", flat=True) for each in (on_the_way, there_too)]
    return rows[0].union(rows[1], all=True)
