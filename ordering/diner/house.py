"""Before a visit: the scan, the welcome, and the carte to read without ordering."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from ordering import access, throttle
from ordering.diner import carte_page, compiled, filtering, hours, pages
from ordering.diner.colours import stylesheet
from ordering.diner.forms import JoinForm
from ordering.diner.pages import Restaurant, Table
from ordering.models import PhotoSize
from ordering.restaurant_file.logos import FILES
from ordering.restaurant_file.photo_sizes import NAMES
from ordering.services import house_rules, pauses, visits
from ordering.services.problems import Problem, Refused

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def scan(request: HttpRequest, code: str) -> HttpResponse:
    """Exchange the card's secret for a cookie, and go to an address without it. Writes no row."""
    try:
        table = access.table_by_code(code)
    except access.Unknown:
        throttle.unknown_code(request)
        raise
    response = redirect("diner:welcome", table.restaurant.slug)
    access.new_scan(request, response, table)
    get_token(request)  # its cookie lasts as long as the guest's, from now
    return pages.private(response)


@require_safe
def welcome(request: HttpRequest, slug: str) -> HttpResponse:
    """How many are you, or join the party. Without a scan: the carte to read (F07)."""
    table = access.scanned_table(request, slug)
    if table is None:
        return pages.private(redirect("diner:read", slug))
    language = access.language(request, table.restaurant)
    secret = access.guest_secret(request) or ""
    visit = visits.open_visit(table, secret)
    if visit is not None and pages.is_guest(request, visit.code):
        response: HttpResponse = redirect("diner:carte", visit.code)
    elif (problem := _why_not(table, timezone.now())) or (
        visit is None and (problem := house_rules.may_open(table))
    ):
        response = _door_sign(request, table, language, problem)
    else:
        response = _welcome(request, table, secret, language, declined=request.GET.get("seated"))
    access.remember_language(request, response, language)
    return pages.private(response)


@pages.takes_a_form
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """The first answer to the covers opens the visit; later phones join it."""
    table, secret = access.scanned_table(request, slug), access.guest_secret(request)
    if table is None or secret is None or _why_not(table, timezone.now()):
        return pages.private(redirect("diner:welcome", slug))
    language = access.language(request, table.restaurant)
    form = JoinForm(request.POST)
    problems: list[Problem] | list[str] = []
    if not form.is_valid():
        problems = form.words()
    elif not form.step_by():
        try:
            guest = visits.join(
                table=table, secret=secret, covers=form.cleaned_data["covers"], answer=form.answer()
            )
            return pages.private(pages.go(request, f"/v/{guest.visit.code}/"))
        except visits.WhichParty:
            pass  # what the page asks has changed since it was opened
        except visits.CoversNeeded:
            problems = [Problem("covers", params={"max": table.restaurant.limit_covers})]
        except Refused as refused:
            problems = list(refused.problems)
    response = _welcome(
        request, table, secret, language, status=422 if problems else 200, here=f"/r/{slug}/",
        problems=problems, many=_stepped(form, table.restaurant), declined=form.declined(),
    )  # fmt: skip
    return pages.private(response)


@require_safe
@gzip_page
def carte(request: HttpRequest, slug: str) -> HttpResponse:
    """The carte and its allergens, for everybody, at every hour (P22)."""
    restaurant, language = _house(request, slug)
    # The moment first: at five in the morning, what was read of yesterday is not kept as today's.
    now = timezone.now()
    local = pages.local_now(restaurant)
    found = compiled.compiled(restaurant)
    wanted = filtering.wanted(request.GET)
    shown = filtering.narrowed(found, wanted)
    if wanted:
        html = carte_page.narrowed(restaurant, shown, language, now, ordering=False, wanted=wanted)
    else:
        html = carte_page.fragment(restaurant, found, language, now, ordering=False).html
    table = access.scanned_table(request, slug)
    page = _public(
        request,
        pages.show(
            request, "diner/carte.html", restaurant, language,
            table=table, carte=html, carte_sections=carte_page.strip(shown, language, restaurant, now),
            problem=_why_not(table, now) if table else None,
            announced=hours.announced(restaurant, local, language), read_at=hours.o_clock(local.time()),
            waiting_minutes=pauses.waiting_minutes(restaurant, now),
            filter=filtering.form(found, shown, wanted),
        ),
        language,
    )  # fmt: skip
    return filtering.unsaid(page) if wanted else page


@require_safe
def product(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    return _item(request, slug, key, "diner/product.html", is_menu=False)


@require_safe
def set_menu(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    return _item(request, slug, key, "diner/set_menu.html", is_menu=True)


@require_safe
def data(request: HttpRequest, slug: str) -> HttpResponse:
    """What is kept, for how long, and who answers for it (GDPR, article 13); services/retention.py keeps it true."""
    restaurant, language = _house(request, slug)
    page = pages.show(
        request, "diner/data.html", restaurant, language,
        keep_days=settings.KEEP_DAYS, keep_addresses_days=settings.KEEP_ADDRESSES_DAYS,
    )  # fmt: skip
    return _public(request, page, language)


@require_safe
def accessibility(request: HttpRequest, slug: str) -> HttpResponse:
    """What works for whom, what does not, how that is known, and whom to tell (P23)."""
    restaurant, language = _house(request, slug)
    shown = pages.show(request, "diner/accessibility.html", restaurant, language)
    return _public(request, shown, language)


@require_safe
def photo(request: HttpRequest, slug: str, sha256: str) -> HttpResponse:
    found = access.restaurant_by_slug(slug).photos.filter(sha256=sha256).first()
    if found is None:
        raise Http404
    headers = {"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(found.content), content_type=found.content_type, headers=headers)


@require_safe
def photo_size(request: HttpRequest, slug: str, sha256: str, size: str) -> HttpResponse:
    """A photo in one of its sizes; as it is where that one is not made yet, and then not for ever."""
    if size not in NAMES and size not in FILES:
        raise Http404
    sizes = PhotoSize.objects.filter(made_of=sha256, name=size)
    found = sizes.filter(photo__restaurant__slug=slug, photo__sha256=sha256).first()
    if found is None:
        whole = photo(request, slug, sha256)
        whole.headers["Cache-Control"] = "public, max-age=60"
        return whole
    headers = {"Cache-Control": FOR_EVER, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(bytes(found.content), content_type=found.content_type, headers=headers)


@require_safe
def brand(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """The restaurant's colour: the one rule that look.css leaves to it."""
    restaurant = access.restaurant_by_slug(slug)
    if not restaurant.colour:
        raise Http404
    current = version == pages.colour_version(restaurant)
    return HttpResponse(
        stylesheet(restaurant.colour),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": FOR_EVER if current else "no-cache"},
    )


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


def _house(request: HttpRequest, slug: str) -> tuple[Restaurant, str]:
    restaurant = access.restaurant_by_slug(slug)
    return restaurant, access.language(request, restaurant)


def _item(
    request: HttpRequest, slug: str, key: str, template: str, *, is_menu: bool
) -> HttpResponse:
    restaurant, language = _house(request, slug)
    found = compiled.compiled(restaurant)
    row = carte_page.row(restaurant, found, key, language, timezone.now(), is_menu=is_menu)
    if row is None:
        raise Http404
    shown = pages.show(
        request, template, restaurant, language, row=row, back=f"/r/{slug}/carte/?lang={language}"
    )
    return _public(request, shown, language)


def _public(request: HttpRequest, response: HttpResponse, language: str) -> HttpResponse:
    access.remember_language(request, response, language)
    return pages.public(request, response)


def _why_not(table: Table, now: datetime) -> Problem | None:
    found = compiled.compiled(table.restaurant)
    return carte_page.why_not(table, found, now, silent=access.register_is_silent(table))


def _door_sign(request: HttpRequest, table: Table, language: str, problem: Problem) -> HttpResponse:
    restaurant = table.restaurant
    return pages.show(
        request, "diner/closed.html", restaurant, language, table=table, problem=problem,
        opens=hours.opens(restaurant, pages.local_now(restaurant)),
        announced=hours.announced(restaurant, pages.local_now(restaurant), language),
        hours=hours.listed(restaurant.hours),
    )  # fmt: skip


def _welcome(
    request: HttpRequest,
    table: Table,
    secret: str,
    language: str,
    *,
    declined: str | None,
    **context: Any,
) -> HttpResponse:
    """How many are you, or join the party; or first, whether the phone belongs to it: nothing of it is shown before.

    `declined`: since when the party has been seated that the phone says it does not belong to.
    """
    question = visits.question(table, secret)
    seated = question.seated_at.isoformat() if question else ""
    says_no = bool(question) and declined == seated
    return pages.show(
        request, "diner/welcome.html", table.restaurant, language, table=table,
        visit=None if question else visits.open_visit(table, secret),
        question=None if says_no else question, seated=seated, says_no=says_no,
        evening=_evening(table.restaurant), **context,
    )  # fmt: skip


def _evening(restaurant: Restaurant) -> bool:
    return carte_page.is_evening(pages.local_now(restaurant))


def _stepped(form: JoinForm, restaurant: Restaurant) -> int | None:
    """The covers of a large party, one up or down, where a phone without a script asked for it."""
    if not form.is_valid() or not form.step_by():
        return None
    covers = (form.cleaned_data["covers"] or 0) + form.step_by()
    return max(1, min(int(covers), restaurant.limit_covers))
