"""The pages of a visit: carte, product, cart. Each is a page without a script, and a part of one with htmx."""

import secrets
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from ordering.diner import carte_page, compiled, errors, hours, pages
from ordering.diner.forms import AddForm, CoversForm, Form, LineForm, chosen
from ordering.diner.pages import Guest
from ordering.services import cart as carts
from ordering.services import visits
from ordering.services.problems import Problem, Refused

Problems = Sequence[Problem | str]


@require_safe
@gzip_page
@pages.for_guest
def carte(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """The cached carte, with this table's cart in it: at most four queries, whatever the carte's size."""
    table, now = guest.visit.table, timezone.now()
    found = compiled.compiled(table.restaurant)
    problem = carte_page.why_not(table, found, now)
    cart = carts.priced(guest.visit)
    html = pages.page(
        request, "diner/carte.html", table.restaurant, language,
        visit=guest.visit, table=table, guest=guest, cart=cart, problem=problem,
        until=hours.until(table.restaurant.hours, pages.local_now(table.restaurant)),
        carte=carte_page.fragment(table.restaurant, found, language, now, ordering=not problem),
        carte_sections=carte_page.strip(found, language),
    )  # fmt: skip
    return HttpResponse(carte_page.with_counts(html, found, cart, language))


@require_safe
@pages.for_guest
def product(request: HttpRequest, guest: Guest, language: str, key: str) -> HttpResponse:
    return _product(request, guest, language, key)


@require_safe
@pages.for_guest
def set_menu(request: HttpRequest, guest: Guest, language: str, key: str) -> HttpResponse:
    """A set menu to read; the team takes the order."""
    restaurant = guest.visit.table.restaurant
    row = carte_page.row(
        restaurant, compiled.compiled(restaurant), key, language, timezone.now(), is_menu=True
    )
    if row is None:
        raise Http404
    back = f"/v/{guest.visit.code}/#dish-{row.place}"
    return pages.show_to(request, guest, "diner/set_menu.html", language, row=row, back=back)


@pages.takes_a_form
@pages.for_guest
def add(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    form = AddForm(request.POST)
    if not form.is_valid():
        return _not_added(request, guest, language, form, form.words())
    if form.step_by():
        key = form.cleaned_data["product"]
        return _product(request, guest, language, key, quantity=form.stepped())
    try:
        carts.add(
            guest=guest,
            product_key=form.cleaned_data["product"],
            quantity=form.cleaned_data["quantity"],
            chosen=chosen(request.POST),
        )
    except Refused as refused:
        return _not_added(request, guest, language, form, refused.problems)
    return _added(request, guest, language, form.cleaned_data["product"])


@require_safe
@pages.for_guest
def cart(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    return show_cart(request, guest, language)


@pages.takes_a_form
@pages.for_guest
def line(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    form = LineForm(request.POST)
    if not form.is_valid():
        return show_cart(request, guest, language, problems=form.words())
    try:
        carts.change(guest=guest, line_code=form.cleaned_data["line"], quantity=form.stepped())
    except Refused as refused:
        return show_cart(request, guest, language, problems=refused.problems)
    return _cart_again(request, guest, language)


@pages.takes_a_form
@pages.for_guest
def covers(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    form = CoversForm(request.POST)
    if not form.is_valid():
        return show_cart(request, guest, language, problems=form.words())
    try:
        visits.set_covers(guest=guest, covers=form.stepped())
    except Refused as refused:
        return show_cart(request, guest, language, problems=refused.problems)
    guest.visit.refresh_from_db(fields=["covers"])
    return _cart_again(request, guest, language)


def show_cart(
    request: HttpRequest,
    guest: Guest,
    language: str,
    *,
    problems: Problems = (),
    submission_key: str = "",
    **context: Any,
) -> HttpResponse:
    """The cart with its recap and the form that sends it; alone, where htmx asked for it."""
    visit = guest.visit
    now = timezone.now()
    problem = carte_page.why_not(visit.table, compiled.compiled(visit.table.restaurant), now)
    return pages.show_to(
        request, guest, "diner/_cart.html" if pages.is_htmx(request) else "diner/cart.html", language,
        status=422 if problems or context.get("changed") else 200,
        cart=carts.priced(visit), problem=problem, problems=problems,
        orders=list(visit.orders.order_by("created_at")),
        submission_key=submission_key or secrets.token_urlsafe(16),
        here=f"/v/{visit.code}/cart/", back=f"/v/{visit.code}/", **context,
    )  # fmt: skip


def _cart_again(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    if pages.is_htmx(request):
        return show_cart(request, guest, language, said=True)
    return pages.go(request, f"/v/{guest.visit.code}/cart/")


def _product(
    request: HttpRequest,
    guest: Guest,
    language: str,
    key: str,
    *,
    quantity: int = 1,
    problems: Problems = (),
) -> HttpResponse:
    """A dish with its options; what was chosen before stays chosen."""
    table, now = guest.visit.table, timezone.now()
    found = compiled.compiled(table.restaurant)
    row = carte_page.row(table.restaurant, found, key, language, now)
    if row is None and problems:
        return errors.problem(str(problems[0]), gettext("Nothing was added."), status=422,
                              way_on=f"/v/{guest.visit.code}/", button=gettext("Back to the carte"))  # fmt: skip
    if row is None:
        raise Http404
    taken = {f"{group}/{option}" for group, option in chosen(request.POST)}
    return pages.show_to(
        request, guest, "diner/_product.html" if pages.is_htmx(request) else "diner/product.html", language,
        status=422 if problems else 200,
        row=row, problem=carte_page.why_not(table, found, now), problems=problems,
        quantity=quantity, chosen=taken, total=quantity * row.item.unit_price(taken),
        back=f"/v/{guest.visit.code}/#dish-{row.place}",
        here=f"/v/{guest.visit.code}/p/{key}/",
    )  # fmt: skip


def _added(request: HttpRequest, guest: Guest, language: str, key: str) -> HttpResponse:
    found = compiled.compiled(guest.visit.table.restaurant)
    if not pages.is_htmx(request) or "from_page" in request.POST:
        return pages.go(request, _place(found, guest, key))
    cart = carts.priced(guest.visit)
    context = {
        "visit": guest.visit,
        "cart": cart,
        "buttons": carte_page.changed_buttons(found, cart, language, key),
    }
    return render(request, "diner/_added.html", context)


def _place(found: compiled.Carte, guest: Guest, key: str) -> str:
    """Where on the carte a dish stands."""
    row = carte_page.row(guest.visit.table.restaurant, found, key, "", timezone.now())
    return f"/v/{guest.visit.code}/" + (f"#dish-{row.place}" if row else "")


def _not_added(
    request: HttpRequest, guest: Guest, language: str, form: Form, problems: Problems
) -> HttpResponse:
    """Said where the button is, or on the product's own page."""
    if pages.is_htmx(request) and "from_page" not in request.POST:
        return render(request, "diner/_alert.html", {"problems": problems, "oob": True}, status=422)
    key = form.cleaned_data.get("product", "")
    quantity = form.cleaned_data.get("quantity", 1)
    return _product(request, guest, language, key, quantity=quantity, problems=problems)
