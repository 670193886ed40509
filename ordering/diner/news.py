"""A carte that is open on a phone asks whether it is still true (F16). Without a script, the server refuses instead."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from ordering.diner import carte_page, compiled, pages
from ordering.diner.guests_carte import why_not
from ordering.diner.pages import Guest

SEEN = "X-Seen"


@require_safe
@gzip_page
@pages.for_guest
def news(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """204: what was `seen` is still so, in one query. 205: the page is another, load it again. 200: the carte as it is
    now, for app.js to change what differs; what was seen then is in the header.
    """
    now = timezone.now()
    found = compiled.compiled(guest.visit.table.restaurant)
    problem = why_not(guest, found, now)
    carte = carte_page.fragment(
        guest.visit.table.restaurant, found, language, now, ordering=not problem
    )
    state = carte_page.state(problem, carte)
    before = request.GET.get("seen", "")
    if before == state:
        return HttpResponse(status=204)
    if before.partition(".")[0] != state.partition(".")[0]:
        return HttpResponse(status=205)
    counted = carte_page.in_cart(guest.visit, found, now).counts
    response = HttpResponse(carte_page.with_counts(carte.html, found, counted, language))
    response.headers[SEEN] = state
    return response
