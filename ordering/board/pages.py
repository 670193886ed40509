"""What all pages of the board share: the frame, the refresh, and the sentence after a click."""

import hashlib
import re
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from ordering.board.access import Role
from ordering.board.menu import MENU
from ordering.diner.pages import is_htmx
from ordering.models import Restaurant

# Seconds from one look to the next, and how old a page may be before it says so loudly; static/board.js keeps both.
EVERY = 4
OLD_AFTER = 15
# Where no script runs, the whole page is loaded again.
EVERY_WITHOUT_SCRIPT = 15

FRAME, PART = "board/base.html", "board/live.html"
SEEN, AS_OF = "X-Seen", "X-As-Of"
TOKEN = re.compile(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>')


class SeeOther(HttpResponseRedirect):
    status_code = 303


def show(
    request: HttpRequest,
    restaurant: Restaurant,
    role: Role,
    template: str,
    *,
    every: int = 0,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """A page; to htmx its living part alone, and nothing at all (204) where that is what the page shows already."""
    part = is_htmx(request)
    if part and request.htmx.current_url_abs_path != request.get_full_path():  # type: ignore[attr-defined]
        # A click that leads to another page.
        return HttpResponseClientRedirect(request.get_full_path())
    now = timezone.now()
    as_of = f"{now.astimezone(ZoneInfo(restaurant.timezone)):%H:%M:%S}"
    context |= {
        "restaurant": restaurant,
        "is_manager": role == Role.MANAGER,
        "menu": _menu(request, restaurant, role),
        "frame": PART if part else FRAME,
        "every": every,
        "every_without_script": EVERY_WITHOUT_SCRIPT,
        "old_after": OLD_AFTER,
        "now": now,
        "as_of": as_of,
    }
    html = render_to_string(template, context, request)
    # The form's token is another one each time, and the clock is told apart.
    # Its secret is not: with another one (a night asleep, a login in another tab) what the page holds is refused.
    shown = TOKEN.sub("", html) + request.META.get("CSRF_COOKIE", "")
    seen = hashlib.sha256(shown.encode()).hexdigest()[:16]
    is_new = not part or request.headers.get(SEEN) != seen
    response = HttpResponse(html if is_new else b"", status=status if is_new else 204)
    response.headers[SEEN], response.headers[AS_OF] = seen, as_of
    return response


def done(request: HttpRequest, to: str, said: str, *, ok: bool = True) -> HttpResponse:
    """After a POST: the page `to`, with what came of it. 303, so that reload repeats nothing; htmx follows too."""
    messages.add_message(request, messages.SUCCESS if ok else messages.WARNING, said)
    return SeeOther(to)


def board(restaurant: Restaurant) -> str:
    """The board's address."""
    return reverse("board:board", args=[restaurant.slug])


def _menu(request: HttpRequest, restaurant: Restaurant, role: Role) -> list[dict[str, Any]]:
    links = [link for link in MENU if role == Role.MANAGER or not link.manager]
    found = []
    for link in links:
        address = reverse(link.name, args=[restaurant.slug])
        found.append({"label": link.label, "address": address, "here": address == request.path})
    return found
