"""What the party has ordered, what each of it had, and the same again."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ordering import access
from ordering.diner import pages
from ordering.diner.forms import CODE, DIGITS
from ordering.diner.pages import Guest
from ordering.services import party


@require_safe
@pages.for_guest
def orders(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """All rounds with their state, and the running total."""
    code = guest.visit.code
    return pages.show_to(
        request, guest, "diner/orders.html", language, ordered=party.ordered(guest.visit),
        can_order=True, back=f"/v/{code}/", here=f"/v/{code}/orders/",
    )  # fmt: skip


@pages.takes_a_form
@pages.for_guest
def again(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """A round, or one line of it, into the cart at today's prices; what cannot be ordered now is said by name."""
    code, _, position = request.POST.get("again", "").partition(".")
    if not CODE.fullmatch(code) or (position and not DIGITS.match(position)):
        return pages.go(request, f"/v/{guest.visit.code}/orders/")
    order = access.order_of(guest, code)
    missing = party.again(guest=guest, order=order, position=int(position) if position else None)
    query = urlencode({"of": code, "missing": missing}, doseq=True) if missing else ""
    return pages.go(request, f"/v/{guest.visit.code}/cart/" + (f"?{query}" if query else ""))
