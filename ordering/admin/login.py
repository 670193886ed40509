"""Whoever has tried too many wrong passwords waits (T21). django-axes counts them; here is what is said."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def locked(request: HttpRequest, *_what: Any) -> HttpResponse:
    """What is said in place of the login. The same for a name that nobody has."""
    minutes = settings.AXES_COOLOFF_TIME // timedelta(minutes=1)
    context = {"title": _("Too many wrong passwords"), "minutes": minutes}
    answer = render(request, "admin/tablee/locked.html", context, status=429)
    answer.headers["Retry-After"] = str(minutes * 60)
    answer.headers["Cache-Control"] = "no-store"
    return answer
