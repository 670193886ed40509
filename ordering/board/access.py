"""The only road from a person of the house to a row. A phone's cookie is never read here, nor the staff's session there
(T19).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from ordering.diner.errors import problem
from ordering.diner.pages import is_htmx, private
from ordering.models import Membership, Order, Restaurant, Table
from pos_bridge.models import Addition

Role = Membership.Role
View = Callable[..., HttpResponse]


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


def addition_of(restaurant: Restaurant, pk: int) -> Addition:
    """With its order and table. Raises Http404."""
    additions = Addition.objects.select_related("order__restaurant", "order__table", "order__visit")
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
        return private(view(request, restaurant, role, **rest))

    return with_restaurant


def _login(request: HttpRequest) -> HttpResponse:
    """The login of admin, and back. The same for every restaurant that is and that is not."""
    if is_htmx(request):
        # A page that was left open all night: it loads itself anew, and is led there.
        return HttpResponseClientRefresh()
    return redirect_to_login(request.get_full_path(), reverse("admin:login"))


def _not_for_service(restaurant: Restaurant) -> HttpResponse:
    return problem(
        _("This page is for managers"),
        _("Nothing was changed."),
        status=403,
        way_on=reverse("board:board", args=[restaurant.slug]),
        button=_("Back to the board"),
    )
