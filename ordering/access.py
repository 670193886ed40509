"""The only road from a request to a row. No view looks a row up by itself.

A phone is known by one cookie of our own: signed, HttpOnly, SameSite=Lax, never Django's staff session. It holds a
random value (the guest's), the code of the table that it scanned and its language; no number that counts up.
"""

import re
import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation.trans_real import parse_accept_lang_header

from ordering import languages, texts
from ordering.models import Call, Guest, Order, Restaurant, Table
from ordering.services.calls import of_phone
from ordering.services.visits import VisitEnded, is_silent, open_visit
from pos_bridge import breaker
from pos_bridge.encryption import lookup_hashes
from pos_bridge.models import Hook, Register
from pos_bridge.prepared import Prepared

GUEST_COOKIE = "tablee"
COOKIE_SECONDS = 24 * 3600
SALT = "tablee.guest"
CODE = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Unknown(Http404):
    """A code that was never printed, has been renewed, or is switched off: nobody learns which (P16)."""


class NotYourVisit(Exception):
    """This phone is not a guest of the visit that the address names."""


def table_by_code(code: str) -> Table:
    """The table of a printed card. Raises Unknown."""
    table = _tables().filter(code_hash__in=lookup_hashes(code)).first()
    if table is None:
        raise Unknown
    return table


def scanned_table(request: HttpRequest, slug: str) -> Table | None:
    """The table of this restaurant that the phone has scanned, as long as its card is valid."""
    code = _cookie(request).get("table")
    if not isinstance(code, str):
        return None
    return _tables().filter(restaurant__slug=slug, code_hash__in=lookup_hashes(code)).first()


def hook_by_secret(secret: str) -> Hook:
    """The address that a register calls, with its register in use or of before. Raises Unknown."""
    hooks = Hook.objects.select_related("register").defer("secret", "register__credentials")
    hook = hooks.filter(secret_hash__in=lookup_hashes(secret)).first()
    if hook is None:
        raise Unknown
    return hook


def guest_secret(request: HttpRequest) -> str | None:
    """The random value by which the visit knows this phone."""
    return _cookie(request).get("guest")


def new_scan(request: HttpRequest, response: HttpResponse, table: Table) -> None:
    """Give the phone a new cookie for this table. It stays the guest that it is in the table's open visit (T18), and
    who has asked something here before joining anybody.
    """
    before = _cookie(request)
    visit = open_visit(table, before.get("guest"))
    known = (
        visit
        and _guests()
        .filter(visit=visit, secret_hash__in=lookup_hashes(before.get("guest", "")))
        .exists()
    )
    asked = not known and "guest" in before and of_phone(table, before["guest"], timezone.now())
    _set_cookie(
        response,
        {
            "guest": before["guest"] if known or asked else secrets.token_urlsafe(16),
            "table": table.code,
            "language": before.get("language"),
        },
    )


def restaurant_by_slug(slug: str) -> Restaurant:
    """Raises Unknown."""
    restaurant = Restaurant.objects.filter(slug=slug).first()
    if restaurant is None:
        raise Unknown
    return restaurant


def guest_of(request: HttpRequest, visit_code: str) -> Guest:
    """This phone as a guest of the visit, with visit, table and restaurant, in one query.

    Raises NotYourVisit, also for a visit that never was, and one that it was moved away from; VisitEnded.
    """
    guest = past_guest(request, visit_code)
    if guest.visit.ended_at is not None or is_silent(guest.visit):
        raise VisitEnded
    return guest


def past_guest(request: HttpRequest, visit_code: str) -> Guest:
    """As guest_of, also when the visit has ended: its party may still read what it ordered. Raises NotYourVisit."""
    secret = guest_secret(request)
    guest = secret and _guest.first(visit_code, *lookup_hashes(secret))
    if not guest or guest.moved_to_id is not None:
        raise NotYourVisit
    return guest


def led_to(request: HttpRequest, visit_code: str) -> Guest | None:
    """Who this phone is now, where the staff have led it from that visit to another party's table."""
    secret = guest_secret(request)
    if not secret:
        return None
    before = Guest.objects.filter(visit__code=visit_code, secret_hash__in=lookup_hashes(secret))
    return _guests().filter(pk__in=before.values("moved_to")).first()


def guest_of_order(request: HttpRequest, order: Order) -> Guest | None:
    """This phone in the party that has sent the order, or in the one that this has become part of."""
    for visit in (order.visit, order.visit.moved_to):
        try:
            if visit is not None:
                return guest_of(request, visit.code)
        except (NotYourVisit, VisitEnded):
            continue
    led = led_to(request, order.visit.code)
    return led if led and led.visit.ended_at is None else None


def order_by_code(visit_code: str, order_code: str) -> Order:
    """An order by its own unguessable address, so that its state survives a lost cookie (F07). Raises Unknown."""
    orders = Order.objects.select_related(
        "restaurant",
        "table__restaurant",
        "visit__table__restaurant",
        "visit__moved_to__table__restaurant",
    )
    order = orders.filter(visit__code=visit_code, code=order_code).first()
    if order is None:
        raise Unknown
    return order


def order_of(guest: Guest, order_code: str) -> Order:
    """An order of the guest's party, of one that has become part of it, or of the one that this phone was in before
    it was moved. Raises Unknown.
    """
    orders = Order.objects.select_related("restaurant", "table__restaurant", "visit")
    visit = guest.visit_id
    before = Guest.objects.filter(moved_to=guest.pk).values("visit")
    theirs = Q(visit=visit) | Q(visit__moved_to=visit) | Q(visit__in=before)
    order = orders.filter(theirs, code=order_code).first()
    if order is None:
        raise Unknown
    return order


def order_sent_with(visit_code: str, submission_key: str) -> Order | None:
    """The order that a form has become, for a phone that is no guest any more: only the form held the key."""
    if not _is_code(submission_key):
        return None
    return _sent_with.first(visit_code, submission_key)


def call_of(guest: Guest, code: str) -> Call | None:
    """A call of the guest's party."""
    return Call.objects.filter(visit=guest.visit_id, code=code).first() if _is_code(code) else None


def language(request: HttpRequest, restaurant: Restaurant) -> str:
    """The language of this page, one of the restaurant's: asked for, remembered, the browser's, or the house's own.

    The interface speaks it, or the nearest of its own languages.
    """
    wished = [request.GET.get("lang"), _cookie(request).get("language"), *_accepted(request)]
    chosen = languages.chosen(wished, restaurant.languages)
    translation.activate(languages.interface(chosen))
    texts.read_in(chosen)
    return chosen


def remember_language(
    request: HttpRequest, response: HttpResponse, chosen: str, *, told: Guest | None = None
) -> None:
    """Keep the language in the phone's cookie, where it has one; and that it was told of its other table."""
    before = _cookie(request)
    cookie = {**before, "language": chosen}
    if told is not None and is_at_another_table(request, told):
        cookie |= {"table": told.visit.table.code, "moved": _stamp(told)}
    if before and cookie != before:
        _set_cookie(response, cookie)


def is_at_another_table(request: HttpRequest, guest: Guest) -> bool:
    """Whether the staff have moved this phone, and it has not been told yet."""
    return guest.moved_at is not None and _cookie(request).get("moved") != _stamp(guest)


def register_is_silent(found: Guest | Table) -> bool:
    """Whether the register has not answered for so long that nobody should order by phone (F64), as the query that
    found this guest or table has seen it.
    """
    since = getattr(found, "register_silent_since", None)
    return since is not None and breaker.is_too_long(since, timezone.now())


def _is_code(text: str) -> bool:
    """PostgreSQL cannot even be asked for a NUL."""
    return bool(CODE.fullmatch(text))


def _tables() -> QuerySet[Table]:
    tables = Table.objects.select_related("restaurant").filter(enabled=True)
    return tables.annotate(register_silent_since=_register_silent_since("restaurant"))


def _guests() -> QuerySet[Guest]:
    guests = Guest.objects.select_related("visit__table__restaurant").defer("visit__table__code")
    since = _register_silent_since("visit__table__restaurant")
    return guests.annotate(register_silent_since=since)


def _register_silent_since(restaurant: str) -> Subquery:
    """In the same query: the carte costs no more for it."""
    failing = Register.objects.filter(breaker.fails(), current=True)
    return Subquery(failing.filter(restaurant=OuterRef(restaurant)).values("silent_since")[:1])


# What every page of a visit asks first.
_guest = Prepared(lambda code, *hashes: _guests().filter(visit__code=code, secret_hash__in=hashes))

_sent_with = Prepared(
    lambda visit, key: Order.objects.filter(visit__code=visit, submission_key=key)
)


def _stamp(guest: Guest) -> str:
    return guest.moved_at.isoformat() if guest.moved_at else ""


def _accepted(request: HttpRequest) -> list[str]:
    parsed = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    return [name for name, _quality in parsed]


def _cookie(request: HttpRequest) -> dict[str, Any]:
    """What the phone has sent, checked once for each request."""
    value = request.COOKIES.get(GUEST_COOKIE, "")
    checked: tuple[str, dict[str, Any]] | None = getattr(request, "guest_cookie", None)
    if checked is None or checked[0] != value:
        checked = value, _checked(value)
        request.guest_cookie = checked  # type: ignore[attr-defined]
    return checked[1]


def _checked(value: str) -> dict[str, Any]:
    try:
        found = signing.loads(value, salt=SALT, max_age=COOKIE_SECONDS)
    except signing.BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def _set_cookie(response: HttpResponse, content: dict[str, Any]) -> None:
    # "new" makes the value another one at each scan, also where the guest stays the same.
    value = signing.dumps({**content, "new": secrets.token_urlsafe(8)}, salt=SALT)
    response.set_cookie(
        GUEST_COOKIE,
        value,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.HTTPS,
    )
