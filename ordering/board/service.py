"""The end of a service: every number with its fate, who has not left, and the day in figures; as a page that prints,
and as CSV for a manager.
"""

import csv
from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ordering.board import pages
from ordering.board.access import Role, for_manager, for_staff
from ordering.diner.pages import takes_a_form
from ordering.models import Restaurant
from ordering.services import acts, evening
from ordering.services.days import service_day
from ordering.spreadsheet.cells import guarded
from ordering.templatetags.diner import clock
from pos_bridge.money import euros

# A spreadsheet of the house's own country reads it so.
BYTE_ORDER_MARK = "\ufeff"


@for_staff
def page(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    """One day of service; without `day`, the present one. Nothing moves on it: it is read, compared and printed."""
    now = timezone.now()
    today = service_day(restaurant, now)
    day = day_of(request.GET.get("day"), today)
    return pages.show(
        request, restaurant, role, "board/service.html",
        evening=evening.evening(restaurant=restaurant, day=day, now=now), **around(day, today),
    )  # fmt: skip


@takes_a_form
@for_manager
def export(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    """The same numbers as CSV. A POST, since it is kept who took them home (T30)."""
    now = timezone.now()
    day = day_of(request.POST.get("day"), service_day(restaurant, now))
    found = evening.evening(restaurant=restaurant, day=day, now=now)
    acts.record(
        by=request.user, restaurant=restaurant, what="service_exported", day=day.isoformat()
    )
    name = content_disposition_header(True, f"{restaurant.slug}-{day.isoformat()}.csv")
    answer = HttpResponse(
        BYTE_ORDER_MARK,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": name},
    )
    written = csv.writer(answer)
    written.writerow(_heads())
    for issued in found.issued:
        written.writerow([guarded(str(cell)) for cell in _cells(issued, restaurant)])
    return answer


FIRST = date(2000, 1, 1)  # no house has an older one, and not every time zone has the year 1


def day_of(text: str | None, today: date) -> date:
    """The day that an address or a form names; one that lies ahead is today. Raises Http404 for what is none."""
    if not text:
        return today
    try:
        return max(FIRST, min(date.fromisoformat(text), today))
    except ValueError:
        raise Http404 from None


def around(day: date, today: date) -> dict[str, Any]:
    """The days to go to from a page of one day."""
    return {
        "day": day,
        "today": today,
        "before": day - timedelta(days=1) if day > FIRST else None,
        "after": day + timedelta(days=1) if day < today else None,
    }


def _heads() -> list[str]:
    return [
        pgettext("column", "Number"), pgettext("column", "Order"), _("Table"), _("Covers"),
        pgettext("column", "Service"), pgettext("column", "Sent"),
        pgettext("column", "On the till at"), pgettext("column", "Fate"), _("Register"),
        _("Total, tax included"),
    ]  # fmt: skip


def _cells(issued: evening.Issued, restaurant: Restaurant) -> list[object]:
    zone = restaurant.timezone
    return [
        issued.number,
        issued.order,
        issued.table,
        issued.covers,
        issued.service,
        clock(issued.at, zone),
        clock(issued.received_at, zone) if issued.received_at else "",
        issued.fate,
        issued.register,
        euros(issued.total),
    ]
