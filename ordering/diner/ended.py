"""A visit that is over: its pages can be read and send nothing (P17)."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from ordering import access
from ordering.models import Guest
from ordering.services import party


def page(request: HttpRequest, guest: Guest) -> HttpResponse:
    """That the meal has been closed, and what was ordered. An open page turns into it without being loaded again."""
    restaurant = guest.visit.table.restaurant
    asked_by_htmx = bool(getattr(request, "htmx", False))
    context = {
        "restaurant": restaurant,
        "language": access.language(request, restaurant),
        "here": request.path,
        "visit": guest.visit,
        "guest": guest,
        "table": guest.visit.table,
        "ordered": party.ordered(guest.visit),
        "sending": request.method == "POST",
    }
    template = "diner/_ended.html" if asked_by_htmx else "diner/ended.html"
    html = render_to_string(template, context, request)
    if asked_by_htmx:
        return HttpResponse(html, headers={"HX-Retarget": "body", "HX-Reswap": "innerHTML"})
    return HttpResponse(html, status=410)
