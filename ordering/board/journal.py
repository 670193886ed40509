"""What the house's people have done: who, what, when, at which table. For managers."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from ordering.board import pages
from ordering.board.access import Role, for_manager
from ordering.board.service import around, day_of
from ordering.models import Act, Restaurant
from ordering.services import acts
from ordering.services.days import DAY_BEGINS, service_day

# More than that on one day is a machine's doing; a page must still open.
SHOWN = 1000


@for_manager
def page(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    """A day of service, the latest first. What is changed in admin stands in each thing's own history there."""
    today = service_day(restaurant, timezone.now())
    day = day_of(request.GET.get("day"), today)
    begins = datetime.combine(day, time(), ZoneInfo(restaurant.timezone)) + DAY_BEGINS
    of_day = Act.objects.filter(restaurant=restaurant, at__gte=begins, at__lt=begins + timedelta(days=1))  # fmt: skip
    kept = of_day.select_related("person", "table").order_by("-at", "-pk")[:SHOWN]
    return pages.show(
        request, restaurant, role, "board/journal.html",
        entries=[_entry(act) for act in kept], **around(day, today),
    )  # fmt: skip


def _entry(act: Act) -> dict[str, Any]:
    person = act.person
    return {
        "at": act.at,
        "who": (person.get_full_name() or person.get_username()) if person else "",
        "said": acts.sentence(act),
        "table": act.table,
    }
