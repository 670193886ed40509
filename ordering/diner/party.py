"""What the phones of one table see of each other, without loading again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ordering import access
from ordering.diner import pages
from ordering.diner.forms import KEY
from ordering.diner.pages import Guest
from ordering.diner.views import show_cart
from ordering.services import pricing


@require_safe
@pages.for_guest
def live(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """What an open page asks again and again: nothing, in one query, while the cart is the one that it shows."""
    if not pages.is_htmx(request):
        return pages.go(request, f"/v/{guest.visit.code}/cart/")
    if request.GET.get("version") == str(guest.visit.cart_version):
        return HttpResponse(status=204)
    if "carte" in request.GET:
        context = {"visit": guest.visit, "cart": pricing.priced(guest.visit)}
        return render(request, "diner/_carte_live.html", context)
    return show_cart(request, guest, language, submission_key=_kept(request, guest), polled=True)


def _kept(request: HttpRequest, guest: Guest) -> str:
    """The key of the form on the page. What is on its way keeps it: the same order, however often it is sent. One that
    is an order already would swallow the next one: its answer was lost, or the page has been gone back to.
    """
    key = request.GET.get("submission_key", "")
    if not KEY.fullmatch(key) or access.order_sent_with(guest.visit.code, key):
        return ""
    return key
