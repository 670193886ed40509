"""How the till is, in plain words: what a waiter can understand, and what to do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils.translation import gettext as _

from ordering.models import Restaurant
from ordering.templatetags.diner import clock
from pos_bridge import breaker, heartbeat, words
from pos_bridge.heartbeat import Kind
from pos_bridge.models import Addition, Register

LATELY = timedelta(hours=12)


@dataclass(frozen=True)
class Health:
    """`colour`: "ok", "wait" or "bad", as the words say."""

    colour: str
    words: str


def told(restaurant: Restaurant, now: datetime) -> Health:
    """Asked of the database alone, in four queries: it is true with every worker dead (P10)."""
    zone = restaurant.timezone
    delivery = heartbeat.health(Kind.DELIVER, now)
    if not delivery.alive:
        return Health("bad", _delivery_stands_still(delivery.last_at, zone))
    registers = Register.objects.filter(restaurant=restaurant, current=True)
    register = registers.defer("credentials").first()
    if register is None:
        return Health("bad", _("No register is set up: nobody can order by phone."))
    if register.paused_reason:
        said = _("The till takes no orders: %(why)s. Please tell the manager.")
        return Health("bad", said % {"why": words.reason(register.paused_reason)})
    if register.silent_since is None:
        return Health("ok", _last_success(register, zone, now))
    time = {"time": clock(register.silent_since, zone)}
    if breaker.is_silent(register, now):
        said = _(
            "The till has not answered since %(time)s: guests are asked to order from the team. Ordering opens again "
            "by itself."
        )
        return Health("bad", said % time)
    return Health("wait", _("The till has not answered since %(time)s; it is being tried.") % time)


def _delivery_stands_still(since: datetime | None, zone: str) -> str:
    if since is None:
        return _(
            "Orders do not reach the till: the delivery is not running. Take orders by hand, and call whoever looks "
            "after the system."
        )
    said = _(
        "Orders do not reach the till: the delivery stands still since %(time)s. Take orders by hand, and call whoever "
        "looks after the system."
    )
    return said % {"time": clock(since, zone)}


def _last_success(register: Register, zone: str, now: datetime) -> str:
    lately = Addition.objects.filter(register=register, received_at__gt=now - LATELY)
    last = lately.aggregate(last=Max("received_at"))["last"]
    if last is None:
        return _("The till is ready. No order has reached it in the last hours.")
    return _("The till answers. The last order reached it at %(time)s.") % {
        "time": clock(last, zone)
    }
