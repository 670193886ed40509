"""What all of the diner's pages share: who asks, in which language, and what caches may keep."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from ordering import access, languages
from ordering.diner import ended, errors, filtering
from ordering.diner.colours import stylesheet
from ordering.models import Guest as Guest
from ordering.models import Restaurant as Restaurant
from ordering.models import Table as Table
from ordering.services.visits import VisitEnded

View = Callable[..., HttpResponse]


def for_guest(view: View) -> View:
    """The view gets this phone's guest of the visit in the address, and the language; anybody else is asked to scan."""

    @wraps(view)
    def with_guest(request: HttpRequest, visit_code: str, **rest: Any) -> HttpResponse:
        try:
            guest = access.guest_of(request, visit_code)
            language = access.language(request, guest.visit.table.restaurant)
            response = view(request, guest, language, **rest)
        except (access.NotYourVisit, VisitEnded) as error:
            # Its answer was lost and the meal has ended since: what became of it is still the truth (F02).
            key = request.POST.get("submission_key", "")
            if sent := access.order_sent_with(visit_code, key):
                return private(go(request, f"/v/{visit_code}/orders/{sent.code}/"))
            if led := access.led_to(request, visit_code):
                refused = _led_on(request, visit_code, led)
            elif isinstance(error, VisitEnded):
                refused = ended.page(request, access.past_guest(request, visit_code))
            else:
                refused = errors.scan_again(request)
            refused = private(refused)
            return filtering.unsaid(refused) if filtering.wanted(request.GET) else refused
        is_whole = response.status_code == 200 and not is_htmx(request)
        access.remember_language(request, response, language, told=guest if is_whole else None)
        return private(response)

    return with_guest


def takes_a_form(view: View) -> View:
    """Only a POST changes anything. Who comes by a link, or asks again for the page that a form led to, is led on."""

    @wraps(view)
    @require_http_methods(["GET", "HEAD", "POST"])
    def with_form(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            return view(request, *args, **kwargs)
        return private(HttpResponse(status=302, headers={"Location": "../"}))

    return with_form


def private(response: HttpResponse) -> HttpResponse:
    """One table's things are shown to nobody else by a cache (T29)."""
    response.headers["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def public(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Caches may keep it for a minute as long as nobody is known (T29)."""
    if request.COOKIES:
        return private(response)
    response.headers["Cache-Control"] = "public, max-age=60"
    patch_vary_headers(response, ["Cookie", "Accept-Language"])
    return response


def page(
    request: HttpRequest | None,
    template: str,
    restaurant: Restaurant,
    language: str,
    *,
    here: str = "",
    **context: Any,
) -> str:
    """A page's HTML. `here` is its address for the links to other languages, where it is not the one asked for. With no
    request, it is a page for many phones.
    """
    offered = [(code, languages.own_name(code), code == language) for code in restaurant.languages]
    kept = filtering.asked(filtering.wanted(request.GET)) if request else []
    context |= {
        # What the page is filtered by: a link to another language, and a form without a script, keep it.
        "kept": kept,
        "kept_query": urlencode(kept),
        "restaurant": restaurant,
        "language": language,
        "languages": offered if len(offered) > 1 else [],
        "here": here or (request.path if request else ""),
        "moved_to": _news(request, context.get("guest")) if request else None,
    }
    return render_to_string(template, context, request)


def show(
    request: HttpRequest,
    template: str,
    restaurant: Restaurant,
    language: str,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    return HttpResponse(page(request, template, restaurant, language, **context), status=status)


def show_to(
    request: HttpRequest,
    guest: Guest,
    template: str,
    language: str,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page of a visit."""
    visit = guest.visit
    context |= {"guest": guest, "visit": visit, "table": visit.table}
    return show(request, template, visit.table.restaurant, language, status=status, **context)


def local_now(restaurant: Restaurant) -> datetime:
    return timezone.now().astimezone(ZoneInfo(restaurant.timezone))


def go(request: HttpRequest, where: str) -> HttpResponse:
    """After a POST: 303, so that reload and back repeat nothing (F03)."""
    if is_htmx(request):
        return HttpResponseClientRedirect(where)
    return HttpResponse(status=303, headers={"Location": where})


def fingerprint(*parts: object) -> str:
    """Of what a part of a page shows: it is not sent again where that is the same."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _news(request: HttpRequest, guest: Guest | None) -> int | None:
    """The number of the table that the staff have led this phone to, where it has not been told yet."""
    is_news = guest is not None and access.is_at_another_table(request, guest)
    return guest.visit.table.number if guest and is_news else None


def _led_on(request: HttpRequest, visit_code: str, guest: Guest) -> HttpResponse:
    """A phone at an address of its party of before. A form is not carried out: its table is another one now."""
    here = f"/v/{guest.visit.code}/"
    if request.method == "POST":
        return go(request, f"{here}cart/")
    if is_htmx(request):
        # The page that asked, and not what it asked for.
        page = request.htmx.current_url_abs_path or request.path  # type: ignore[attr-defined]
        return go(request, page.partition("?")[0].replace(f"/v/{visit_code}/", here, 1))
    where = request.path.replace(f"/v/{visit_code}/", here, 1)
    return redirect(f"{where}?{request.GET.urlencode()}" if request.GET else where)


def is_htmx(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def is_guest(request: HttpRequest, visit_code: str) -> bool:
    """Whether this phone may do more here than read."""
    try:
        access.guest_of(request, visit_code)
    except (access.NotYourVisit, VisitEnded):
        return False
    return True


def colour_version(restaurant: Restaurant) -> str:
    """Part of the address of the restaurant's stylesheet: other rules are another address."""
    return hashlib.sha256(stylesheet(restaurant.colour).encode()).hexdigest()[:8]
