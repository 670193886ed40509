"""The only road from a person of the house to a row. A phone's cookie is never read here, nor the staff's session there
(T19).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh

from ordering.access import CODE
from ordering.diner.errors import problem
from ordering.diner.pages import is_htmx, private
from ordering.models import (
    Call,
    Membership,
    Option,
    Order,
    Product,
    Restaurant,
    SetMenu,
    Table,
    Visit,
)
from ordering.services.sold_out import Thing
from ordering.undelivered import RELATED, for_rows
from pos_bridge.models import Addition

Role = Membership.Role
# What runs out, by its name in addresses: its model, and the way to its restaurant.
KINDS: dict[str, tuple[Any, str]] = {
    "product": (Product, "restaurant"),
    "option": (Option, "group__restaurant"),
    "menu": (SetMenu, "restaurant"),
}
View = Callable[..., HttpResponse]


class Elsewhere(Exception):
    """A party that the page has shown at this table sits at another one now."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(visit.pk)
        self.number = visit.table.number

    def __str__(self) -> str:
        said = _("That party sits at table %(number)s now. Nothing was changed.")
        return said % {"number": self.number}


def for_staff(view: View) -> View:
    """The view gets the restaurant and the person's role there: (request, restaurant, role, …)."""
    return _for(view, frozenset(Role))


def for_manager(view: View) -> View:
    """The same, for managers and the installer; service is told that the page is not for it (T22)."""
    return _for(view, frozenset({Role.MANAGER}))


def member_of(request: HttpRequest, slug: str) -> tuple[Restaurant, Role]:
    """The restaurant, and what this person is there; the installer is a manager everywhere. Raises Http404."""
    if request.user.is_superuser:
        restaurant = Restaurant.objects.filter(slug=slug).first()
        if restaurant is not None:
            return restaurant, Role.MANAGER
        raise Http404
    memberships = Membership.objects.select_related("restaurant")
    membership = memberships.filter(user=request.user.pk, restaurant__slug=slug).first()
    if membership is None:
        raise Http404
    return membership.restaurant, Role(membership.role)


def table_of(restaurant: Restaurant, number: int) -> Table:
    """Raises Http404."""
    table = Table.objects.filter(restaurant=restaurant, number=number).first()
    if table is None:
        raise Http404
    table.restaurant = restaurant
    return table


def call_of(restaurant: Restaurant, code: str) -> Call | None:
    """A call of one of the restaurant's tables."""
    if not CODE.fullmatch(code):
        return None
    calls = Call.objects.select_related("table__restaurant", "visit__table__restaurant")
    return calls.filter(table__restaurant=restaurant, code=code).first()


def party_of(restaurant: Restaurant, code: str) -> Visit | None:
    """A party that sits at one of the restaurant's tables."""
    if not CODE.fullmatch(code):
        return None
    visits = Visit.objects.select_related("table__restaurant")
    return visits.filter(table__restaurant=restaurant, code=code, ended_at=None).first()


def tables_of(restaurant: Restaurant) -> QuerySet[Table]:
    return Table.objects.filter(restaurant=restaurant)


def visit_of(table: Table, pk: str) -> Visit:
    """A party that sits at this table or has sat there. Raises Elsewhere where it was moved, Http404."""
    number = int(pk) if pk.isascii() and pk.isdecimal() and len(pk) < 19 else 0
    visits = Visit.objects.filter(table__restaurant=table.restaurant, pk=number)
    visit = visits.select_related("table").first()
    if visit is None:
        raise Http404
    if visit.table_id != table.pk:
        raise Elsewhere(visit)
    visit.table = table
    return visit


def thing_of(restaurant: Restaurant, kind: str, pk: int) -> Thing:
    """A product, an option or a set menu of the restaurant. Raises Http404."""
    if kind not in KINDS:
        raise Http404
    model, path = KINDS[kind]
    found: Thing | None = model._default_manager.filter(**{path: restaurant, "pk": pk}).first()
    if found is None:
        raise Http404
    return found


def kind_of(thing: Thing) -> str:
    return next(kind for kind, (model, _path) in KINDS.items() if isinstance(thing, model))


def addition_of(restaurant: Restaurant, pk: int) -> Any:
    """An order's addition with its order, its table and what staff are told of it. Raises Http404."""
    additions = for_rows(Addition.objects.select_related(*RELATED))
    addition = additions.filter(order__restaurant=restaurant, pk=pk).first()
    if addition is None:
        raise Http404
    return addition


def order_of(restaurant: Restaurant, code: str) -> Order:
    """By its unguessable code, with its table and visit. Raises Http404."""
    orders = Order.objects.select_related("table", "visit")
    order = orders.filter(restaurant=restaurant, code=code).first()
    if order is None:
        raise Http404
    order.restaurant = order.table.restaurant = restaurant
    return order


def _for(view: View, roles: frozenset[Role]) -> View:
    @wraps(view)
    def with_restaurant(request: HttpRequest, slug: str, **rest: Any) -> HttpResponse:
        if not (request.user.is_active and request.user.is_staff):
            return private(_login(request))
        restaurant, role = member_of(request, slug)
        if role not in roles:
            return private(_not_for_service(restaurant))
        try:
            return private(view(request, restaurant, role, **rest))
        except Http404:
            return private(_not_there(request, restaurant))

    return with_restaurant


def _login(request: HttpRequest) -> HttpResponse:
    """The login of admin, and back. The same for every restaurant that is and that is not."""
    if is_htmx(request):
        # A page that was left open all night: it loads itself anew, and is led there.
        return HttpResponseClientRefresh()
    return redirect_to_login(request.get_full_path(), reverse("admin:login"))


def _not_there(request: HttpRequest, restaurant: Restaurant) -> HttpResponse:
    """Of a page that has stood open for long, or a link that somebody kept: in the words of the board."""
    said = _("What this page was about is not there any more. Nothing was changed.")
    board = reverse("board:board", args=[restaurant.slug])
    if is_htmx(request):
        messages.warning(request, said)
        return HttpResponseClientRedirect(board)
    return problem(
        _("Not there any more"), said, status=404, way_on=board, button=_("Back to the board")
    )


def _not_for_service(restaurant: Restaurant) -> HttpResponse:
    return problem(
        _("This page is for managers"),
        _("Nothing was changed."),
        status=403,
        way_on=reverse("board:board", args=[restaurant.slug]),
        button=_("Back to the board"),
    )
