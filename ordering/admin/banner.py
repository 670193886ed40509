"""What is wrong in this moment, above every page of admin. It asks the database alone (P10)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering import storage
from ordering.admin.base import Role, is_installer, roles
from ordering.admin.paths import narrow
from ordering.admin.undelivered import LIST, of_person
from ordering.services import drafts
from pos_bridge import breaker, heartbeat, words
from pos_bridge.heartbeat import Kind
from pos_bridge.models import Register


@dataclass(frozen=True)
class Warned:
    """A sentence, and the address of the page where something can be done about it."""

    words: str
    address: str = ""


def warnings(request: HttpRequest, now: datetime) -> list[Warned]:
    """In at most eight queries, whatever the number of restaurants."""
    return [
        *_processes(now),
        *_clock(now),
        *_storage(),
        *_registers(request, now),
        *_undelivered(request, now),
        *_drafts(request, now),
    ]


def _processes(now: datetime) -> Iterator[Warned]:
    deliver = heartbeat.health(Kind.DELIVER, now)
    if not deliver.alive and deliver.last_at:
        said = _(
            "Orders are not being delivered: the delivery process (manage.py deliver) was last heard of at %(time)s."
        )
        yield Warned(said % {"time": _time(deliver.last_at)})
    elif not deliver.alive:
        yield Warned(
            _(
                "Orders are not being delivered: the delivery process (manage.py deliver) is not running."
            )
        )
    watch = heartbeat.health(Kind.WATCH, now)
    if not watch.alive and watch.last_at:
        said = _("No alarms are being sent: manage.py watch was last heard of at %(time)s.")
        yield Warned(said % {"time": _time(watch.last_at)})


def _clock(now: datetime) -> Iterator[Warned]:
    jump = heartbeat.jump(now)
    if jump is None or jump.jumped_at is None:
        return
    minutes = round(abs(jump.jumped_by) / 60)
    by = f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
    said = _("The clock of this machine was changed by %(by)s at %(time)s. Is it right now?")
    sign = "+" if jump.jumped_by > 0 else "−"
    yield Warned(said % {"by": f"{sign}{by}", "time": _time(jump.jumped_at)})


def _storage() -> Iterator[Warned]:
    if said := storage.low_on_space():
        yield Warned(said)


def _registers(request: HttpRequest, now: datetime) -> Iterator[Warned]:
    in_use = Register.objects.filter(current=True).select_related("restaurant")
    # The keys are not even read.
    in_use = in_use.defer("credentials")
    mine = in_use if is_installer(request) else narrow(in_use, roles(request))
    for register in mine.exclude(paused_reason="", silent_since=None):
        if register.paused_reason:
            said = _("%(register)s takes no orders: %(why)s.")
            why = words.reason(register.paused_reason)
        elif breaker.is_silent(register, now):
            said = _(
                "%(register)s has not answered since %(time)s. Guests are asked to order from the team."
            )
            why = ""
        else:
            continue
        values = {
            "register": register,
            "why": why,
            "time": _time(register.silent_since) if register.silent_since else "",
        }
        mends = is_installer(request) or roles(request).get(register.restaurant_id) == Role.MANAGER
        page = reverse("admin:pos_bridge_register_change", args=[register.pk])
        yield Warned(said % values, page if mends else "")


def _undelivered(request: HttpRequest, now: datetime) -> Iterator[Warned]:
    number = of_person(request, now).count()
    if number:
        said = ngettext(
            "%(count)s order is not delivered.", "%(count)s orders are not delivered.", number
        )
        yield Warned(said % {"count": number}, reverse(f"admin:{LIST}"))


def _drafts(request: HttpRequest, now: datetime) -> Iterator[Warned]:
    """A carte that did not go live, until somebody says that they have read why."""
    managed = [pk for pk, role in roles(request).items() if role == Role.MANAGER]
    for draft in drafts.troubles(None if is_installer(request) else managed, now):
        said = _("The carte of %(restaurant)s that was to go live at %(time)s has not.")
        values = {"restaurant": draft.restaurant, "time": _time(draft.live_at)}
        at = reverse("admin:ordering_restaurant_draft", args=[draft.restaurant_id, draft.pk])
        yield Warned(said % values, at)


def _time(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return date_format(
        local, "TIME_FORMAT" if local.date() == timezone.localdate() else "SHORT_DATETIME_FORMAT"
    )
