"""What the diner sees when something went wrong: plain words, and a way on. None of it needs the database."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

BOARD = re.compile(r"/board/[-a-zA-Z0-9_]+/")
VISIT = re.compile(r"/v/([A-Za-z0-9_-]{16,64})/")


def problem(
    title: str, words: str, *, status: int, way_on: str = "", button: str = "", **context: Any
) -> HttpResponse:
    """One plate, one sentence, one next step. Rendered without the request: nothing of the address is in it."""
    context |= {"title": title, "words": words, "way_on": way_on, "button": button}
    response = HttpResponse(render_to_string("diner/problem.html", context), status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


def scan_again(request: HttpRequest) -> HttpResponse:
    """For a phone that is no guest of the visit (P17). Whose visit is over is told so by ended.py."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRefresh()
    title = _("Please scan the code on your table again")
    words = _(
        "This page belongs to another table or another phone. If you cannot scan, please order from the team."
    )
    return problem(title, words, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is older than its cookie: the page has to be loaded anew, and the cart is on the server (F08)."""
    if board := BOARD.match(request.path):
        return problem(
            _("This page has been open for too long"),
            _("Nothing was changed. Load the page again, and do it once more."),
            status=403,
            way_on=board[0],
            button=_("Back to the board"),
        )
    return problem(
        _("This page has been open for too long"),
        _("Nothing was sent. Your cart is kept: open it again and send it from there."),
        status=403,
        way_on=_cart(request),
        button=_("Open my cart"),
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(
        _("We could not read that"),
        _("Nothing was sent. Please go back and try again."),
        status=400,
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(
        _("This page is not for you"), _("Please scan the code on your table."), status=403
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same bytes for a code that never was, was renewed or is switched off (P16)."""
    return problem(
        _("We do not know this address"),
        _(
            "Please scan the code on your table again, or ask the team: they will gladly take your order."
        ),
        status=404,
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return problem(
        _("Something went wrong on our side"),
        _(
            "We cannot tell whether it was sent. Open your cart again before you try once more, or ask the team."
        ),
        status=500,
        way_on=_cart(request),
        button=_("Open my cart"),
    )


def busy(request: HttpRequest, *, surely_nothing: bool) -> HttpResponse:
    """The database did not answer. The same form can be sent again, with the same key (F21).

    `surely_nothing`: it was refused before anything was written; a commit that got no answer may have happened.
    """
    words = _("Nothing was sent. Please try again.")
    doubt = _("We cannot tell whether it was sent. Please try again: it is never sent twice.")
    response = problem(
        _("Too much is going on at once"),
        words if surely_nothing else doubt,
        status=503,
        way_on=request.path,
        button=_("Try again"),
        again=[
            (name, value)
            for name, values in (request.POST.lists() if request.method == "POST" else ())
            for value in values
        ],
    )
    response.headers["Retry-After"] = "2"
    if surely_nothing:
        response.headers["X-Nothing-Sent"] = "1"  # the script may say so too (static/app.js)
    return response


def _cart(request: HttpRequest) -> str:
    visit = VISIT.match(request.path)
    return f"/v/{visit[1]}/cart/" if visit else ""
