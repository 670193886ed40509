"""The pages of a visit: carte, product, cart. Each is a page without a script, and a part of one with htmx."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from ordering import access, throttle
from ordering.diner import carte_page, compiled, errors, filtering, guests_carte, pages
from ordering.diner.asked_notes import apart_from_notes, asked_notes
from ordering.diner.beside import above, beside
from ordering.diner.forms import (
    CODE,
    DIGITS,
    AddForm,
    CartPage,
    Form,
    cart_page,
    chosen,
    left,
    noted,
    tap,
)
from ordering.diner.pages import Guest
from ordering.services import cart as carts
from ordering.services import orders, party, pauses, presence, pricing, serving, waiter_card
from ordering.services.problems import Problem, Refused
from ordering.texts import in_language

Problems = Sequence[Problem | str]


@require_safe
@pages.for_guest
def carte(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """The kept carte, with this table's cart in it: at most four queries, whatever the carte's size."""
    return guests_carte.page(request, guest, language)


@require_safe
@pages.for_guest
def product(request: HttpRequest, guest: Guest, language: str, key: str) -> HttpResponse:
    more = left(request.GET)
    return _product(request, guest, language, key, quantity=max(1, more), left=more)


@pages.takes_a_form
@pages.for_guest
def add(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    form = AddForm(request.POST)
    if not form.is_valid():
        limit = guest.visit.table.restaurant.limit_quantity
        wrong = {
            "product": Problem("unknown_product"),
            "quantity": Problem("quantity", params={"max": limit}),
        }
        return _not_added(request, guest, language, form, [wrong[name] for name in form.errors])
    if form.step_by():
        key = form.cleaned_data["product"]
        return _product(request, guest, language, key, quantity=form.stepped())
    try:
        carts.add(
            guest=guest,
            product_key=form.cleaned_data["product"],
            quantity=form.wanted(),
            chosen=chosen(request.POST),
            tap=tap(request.POST),
            **noted(request.POST),
        )
    except Refused as refused:
        return _not_added(request, guest, language, form, refused.problems)
    if more := form.left():
        key = form.cleaned_data["product"]
        return pages.go(request, f"/v/{guest.visit.code}/p/{key}/?left={more}")
    return _added(request, guest, language, form.cleaned_data["product"])


@require_safe
@pages.for_guest
def cart(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    return show_cart(request, guest, language, missing=_missing(request, guest))


@pages.takes_a_form
@pages.for_guest
def line(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """The numbers of the cart page are saved, after the button of a line that was pressed."""
    return _saved(request, guest, language)


@pages.takes_a_form
@pages.for_guest
def covers(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    """The same for the covers' own buttons."""
    return _saved(request, guest, language)


def save(guest: Guest, page: CartPage) -> bool:
    """Save what stands on the cart page; True where anything has changed. Raises Refused, VisitEnded."""
    removed = [carts.remove(guest=guest, line_code=code) for code in page.removed]
    if page.name is not None:
        party.set_name(guest=guest, name=page.name)  # it changes nothing that is ordered
    covers = None if page.covers == guest.visit.covers else page.covers
    changed = carts.update(guest=guest, quantities=page.quantities, covers=covers)
    if covers is not None:
        guest.visit.covers = covers
    if page.serving is not None:
        changed |= serving.wish(guest=guest, wish=page.serving)
    return changed or any(removed)


def show_cart(
    request: HttpRequest,
    guest: Guest,
    language: str,
    *,
    problems: Problems = (),
    submission_key: str = "",
    cart: pricing.PricedCart | None = None,
    **context: Any,
) -> HttpResponse:
    """The cart with its recap and the button that sends it; its parts alone, where htmx asked for them."""
    visit = guest.visit
    now = timezone.now()
    cart = cart or pricing.priced(visit)
    wrongs = beside(problems, [line.code for line in cart.lines])
    restaurant = visit.table.restaurant
    # As long as it may be sent, its button is there.
    in_time = orders.in_time(restaurant, now)
    mine = pricing.of_guest(cart, guest)
    problem = guests_carte.why_not(guest, compiled.compiled(restaurant), now, in_time=in_time)
    unproved = presence.problem(guest, throttle.client_address(request))
    if unproved is not None and unproved.code != "say_word":
        problem = problem or unproved
    return pages.show_to(
        request, guest, "diner/_cart_parts.html" if pages.is_htmx(request) else "diner/cart.html", language,
        status=422 if problems or context.get("changed") else 200,
        cart=cart, lines=sorted(cart.lines, key=lambda line: line.line.guest.number),
        problem=problem, problems=_named(problems, cart), wrongs=wrongs, servings=serving.choices(cart.courses),
        mine=mine, choosing=party.choosing(cart, guest),
        orders=orders.sent(visit), card=waiter_card.of_cart(visit, cart),
        submission_key=submission_key or secrets.token_urlsafe(16),
        ask_word=unproved if unproved is not None and unproved.code == "say_word" else None,
        waiting_minutes=pauses.waiting_minutes(restaurant, now),
        said_word=request.POST.get("word", ""), here=f"/v/{visit.code}/cart/", back=f"/v/{visit.code}/", **context,
    )  # fmt: skip


def _saved(request: HttpRequest, guest: Guest, language: str) -> HttpResponse:
    page = cart_page(request.POST)
    try:
        changed = save(guest, page)
    except Refused as refused:
        return show_cart(request, guest, language, problems=refused.problems)
    cart = pricing.priced(guest.visit)
    own = {line.code for line in cart.lines if line.line.guest_id == guest.pk}
    wanted = {code for code, quantity in page.quantities.items() if quantity}
    if wanted - own or (page.removed and not changed):
        gone = gettext("A dish that you changed is no longer in the cart.")
        return show_cart(request, guest, language, cart=cart, problems=[gone])
    if pages.is_htmx(request):
        return show_cart(request, guest, language, cart=cart, said=True)
    return pages.go(request, f"/v/{guest.visit.code}/cart/")


def _missing(request: HttpRequest, guest: Guest) -> list[str]:
    """What could not be ordered again, by name, as orders_page.py has led here."""
    places = [each for each in request.GET.getlist("missing") if DIGITS.match(each)]
    code = request.GET.get("of", "")
    if not places or not CODE.fullmatch(code):
        return []
    order = access.order_of(guest, code)
    return [in_language(line.name) for line in order.lines.filter(position__in=places)]


def _named(problems: Problems, cart: pricing.PricedCart) -> Problems:
    """With the dish that each is about."""
    names = {line.code: in_language(line.item.name) for line in cart.lines}
    return [
        replace(problem, name=problem.name or names.get(problem.place, ""))
        if isinstance(problem, Problem)
        else problem
        for problem in problems
    ]


def _product(
    request: HttpRequest,
    guest: Guest,
    language: str,
    key: str,
    *,
    quantity: int = 1,
    left: int = 0,
    problems: Problems = (),
) -> HttpResponse:
    """A dish with its options; what was chosen before stays chosen."""
    table, now = guest.visit.table, timezone.now()
    found = compiled.compiled(table.restaurant)
    row = carte_page.row(table.restaurant, found, key, language, now)
    if row is None and problems and pages.is_htmx(request):
        return pages.go(request, f"/v/{guest.visit.code}/?gone=1")
    if row is None and problems:
        return errors.problem(str(problems[0]), gettext("Nothing was added."), status=422,
                              way_on=f"/v/{guest.visit.code}/", button=gettext("Back to the carte"))  # fmt: skip
    if row is None:
        raise Http404
    notes = asked_notes(table.restaurant, language, request.POST, problems)
    wrongs = beside(problems, [group.key for group in row.item.asked])
    taken = {f"{group}/{option}" for group, option in chosen(request.POST)}
    return pages.show_to(
        request, guest, "diner/_product_again.html" if pages.is_htmx(request) else "diner/product.html", language,
        status=422 if problems else 200,
        row=row, problem=guests_carte.why_not(guest, found, now), wrongs=wrongs,
        problems=above(apart_from_notes(problems, notes), wrongs),
        quantity=quantity, left=left, notes=notes, chosen=taken, total=quantity * row.item.unit_price(taken),
        back=f"/v/{guest.visit.code}/#dish-{row.place}",
        here=f"/v/{guest.visit.code}/p/{key}/",
    )  # fmt: skip


def _added(request: HttpRequest, guest: Guest, language: str, key: str) -> HttpResponse:
    found = compiled.compiled(guest.visit.table.restaurant)
    if not pages.is_htmx(request) or "from_page" in request.POST:
        return pages.go(request, _place(found, guest, key, filtering.wanted(request.POST)))
    cart = pricing.priced(guest.visit)
    count = carte_page.counts(cart).get(key, 0)
    context = {
        "visit": guest.visit,
        "cart": cart,
        "buttons": [(row, count) for row in carte_page.buttons(found, language, key)],
    }
    return render(request, "diner/_added.html", context)


def _place(found: compiled.Carte, guest: Guest, key: str, wanted: filtering.Wanted) -> str:
    """Where on the carte a dish stands, filtered as it was."""
    row = carte_page.row(guest.visit.table.restaurant, found, key, "", timezone.now())
    query = f"?{urlencode(filtering.asked(wanted))}" if wanted else ""
    return f"/v/{guest.visit.code}/{query}" + (f"#dish-{row.place}" if row else "")


def _not_added(
    request: HttpRequest, guest: Guest, language: str, form: Form, problems: Problems
) -> HttpResponse:
    """Said where the button is, or on the product's own page."""
    if pages.is_htmx(request) and "from_page" not in request.POST:
        return render(request, "diner/_alert.html", {"problems": problems, "oob": True}, status=422)
    key = form.cleaned_data.get("product", "")
    quantity = form.cleaned_data.get("quantity", 1)
    return _product(request, guest, language, key, quantity=quantity, problems=problems)
