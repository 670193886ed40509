"""/healthz: whether all is well, for a load balancer or a monitor.

The world hears “ok” (200) or “not ok” (503). Who shows HEALTH_TOKEN hears why, as JSON with the same status; no key, no
address of a register and no code of a table is in it.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import Error
from django.db.models import Count, F, Min, Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone

from ordering import storage
from pos_bridge import breaker, heartbeat, waiting
from pos_bridge.models import Addition, Heartbeat, Register
from pos_bridge.registers import kinds_that_drop_doubles
from pos_bridge.times import SKEW, seconds
from pos_bridge.undelivered import undelivered

Kind = Heartbeat.Kind
State = Addition.State

PATH = "/healthz"
# Seconds in which the world is told the same, so that nobody keeps the database busy by asking.
SAME_FOR = 1
LAST_MINUTE = 60.0


class Healthz:
    """Stands before every other middleware: a load balancer names us by our address, which ALLOWED_HOSTS need not hold,
    and asks over HTTP. Nothing of the request but path, method and token is looked at.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info != PATH:
            return self.get_response(request)
        response = self._answer(request)
        response["Content-Length"] = str(len(response.content))
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if _shows_token(request):
            told = state(timezone.now())
            return JsonResponse(told, status=200 if told["ok"] else 503)
        well = cache.get("healthz")
        if well is None:
            well = is_well(timezone.now())
            cache.set("healthz", well, SAME_FOR)
        words, status = ("ok", 200) if well else ("not ok", 503)
        return HttpResponse(words, status=status, content_type="text/plain")


healthz = Healthz


def is_well(now: datetime) -> bool:
    """Whether orders can be taken and are delivered, and whether somebody is told where they are not."""
    if storage.trouble():
        return False
    try:
        deliver, watch = (heartbeat.health(kind, now) for kind in (Kind.DELIVER, Kind.WATCH))
    except Error:
        return False
    return deliver.alive and (watch.alive or not _needs_watch(watch))


def state(now: datetime) -> dict[str, Any]:
    """All that is known, for JSON. Ages are in seconds."""
    if trouble := storage.trouble():
        return {"ok": False, "database": trouble}
    try:
        return _state(now)
    except Error as error:
        return {"ok": False, "database": type(error).__name__}


def _state(now: datetime) -> dict[str, Any]:
    deliver, watch = (heartbeat.health(kind, now) for kind in (Kind.DELIVER, Kind.WATCH))
    jumped = heartbeat.jump(now)
    return {
        "ok": deliver.alive and (watch.alive or not _needs_watch(watch)),
        "database": None,
        "deliver": _process(deliver, now),
        "watch": _process(watch, now),
        "registers": _registers(now),
        "undelivered": undelivered(now).count(),
        "clock_jumped_by": jumped.jumped_by if jumped else None,
    }


def _process(health: heartbeat.Health, now: datetime) -> dict[str, Any]:
    age = (now - health.last_at).total_seconds() if health.last_at else None
    return {"alive": health.alive, "last_beat_age": age if age is None else round(age, 1)}


def _needs_watch(watch: heartbeat.Health) -> bool:
    """One that was stopped in order, and nobody counts on, is not missed."""
    return bool(settings.ALARM_URLS) or watch.last_at is not None


def _registers(now: datetime) -> list[dict[str, Any]]:
    on_the_way = Q(state__in=[State.QUEUED, State.SENDING]) | Q(
        state=State.UNCERTAIN, register__kind__in=kinds_that_drop_doubles()
    )
    rows = Addition.objects.filter(on_the_way, state__in=waiting.TO_SEND).order_by()
    waits = {
        pk: (count, oldest)
        for pk, count, oldest in rows.values_list("register").annotate(
            count=Count("pk"), oldest=Min("created_at")
        )
    }
    since = now - seconds(LAST_MINUTE)
    delivered = dict(
        Addition.objects.filter(received_at__gt=since, received_at__lte=now + SKEW)
        .order_by()
        .values_list("register")
        .annotate(count=Count("pk"))
    )
    current = Register.objects.filter(current=True).annotate(slug=F("restaurant__slug"))
    return [
        {
            "restaurant": register.slug,
            "kind": register.kind,
            "paused": register.paused_reason or None,
            "silent_since": register.silent_since
            if register.failures >= breaker.FAILURES
            else None,
            "waiting": waits.get(register.pk, (0, None))[0],
            "oldest_age": _age(waits.get(register.pk, (0, None))[1], now),
            "delivered_last_minute": delivered.get(register.pk, 0),
        }
        for register in current.defer("credentials", "options").order_by("slug")
    ]


def _age(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else round((now - since).total_seconds(), 1)


def _shows_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return (
        bool(settings.HEALTH_TOKEN)
        and scheme.lower() == "bearer"
        and secrets.compare_digest(token.strip().encode(), settings.HEALTH_TOKEN.encode())
    )
