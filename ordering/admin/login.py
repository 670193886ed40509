"""Whoever has tried too many wrong passwords waits (T21). django-axes counts them; here is what is said.

A lock is of a name at an address, and a whole restaurant is one address: a guest who knows a waiter's name could lock
the waiter out of the evening. So a device on which a person has come in before is an address of its own.
"""

import ipaddress
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ordering.throttle import client_address


class LoginForm(AdminAuthenticationForm):
    """Says what to do, and the same for a name that nobody has."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": _(
            "This name and this password do not belong together. Capital letters count. If you have forgotten yours, "
            "ask whoever installed Tablée for another one."
        ),
    }


admin.site.login_form = LoginForm

DEVICE = "tablee_device"
PATH = "/admin/login/"  # it is sent nowhere else
DEVICE_DAYS = 90


def page(request: HttpRequest) -> HttpResponse:
    """Admin's login, which remembers the devices on which people have come in."""
    response = admin.site.login(request)
    name = request.POST.get("username", "")
    if response.status_code == 302 and name and request.user.get_username() == name:
        known = signing.dumps({"name": name, "device": secrets.token_urlsafe(16)}, salt=DEVICE)
        response.set_cookie(
            DEVICE, known, max_age=DEVICE_DAYS * 24 * 3600, path=PATH, httponly=True,
            samesite="Strict", secure=settings.HTTPS,
        )  # fmt: skip
    return response


def address(request: HttpRequest) -> str | None:
    """Where somebody logs in from, as axes counts it; nothing where a proxy writes no address that a database could
    keep. A device that this person has used before is one by itself; of IPv6 it is the network, for one subscriber has
    2^64 addresses.
    """
    if device := _device(request):
        # Of the networks that nobody routes (RFC 4193): it is nobody else's.
        return str(ipaddress.IPv6Address(b"\xfd" + sha256(device.encode()).digest()[:15]))
    try:
        found = ipaddress.ip_address(client_address(request))
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)


def _device(request: HttpRequest) -> str:
    """The device's own random value, where the person who is named has come in on it before."""
    age = timedelta(days=DEVICE_DAYS)
    try:
        known = signing.loads(request.COOKIES.get(DEVICE, ""), salt=DEVICE, max_age=age)
    except signing.BadSignature:
        return ""
    return str(known["device"]) if known["name"] == request.POST.get("username") else ""


def locked(request: HttpRequest, *_what: Any) -> HttpResponse:
    """What is said in place of the login. The same for a name that nobody has."""
    minutes = settings.AXES_COOLOFF_TIME // timedelta(minutes=1)
    context = {"title": gettext("Too many wrong passwords"), "minutes": minutes}
    answer = render(request, "admin/tablee/locked.html", context, status=429)
    answer.headers["Retry-After"] = str(minutes * 60)
    answer.headers["Cache-Control"] = "no-store"
    return answer
