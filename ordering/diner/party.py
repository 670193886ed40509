"""What the phones of one table see of each other, without loading again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

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
    # What is on its way keeps its key: the same order, however often it is sent.
    key = request.GET.get("submission_key", "")
    return show_cart(
        request, guest, language, submission_key=key if KEY.fullmatch(key) else "", polled=True
    )
