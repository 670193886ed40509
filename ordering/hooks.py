"""Registers call here. Whoever knows the address is the register; what they say is hostile all the same (T26)."""

import json

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from ordering import access, throttle
from pos_bridge import hooks
from pos_bridge.registers import calls

LARGEST = 65_536  # bytes
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


@csrf_exempt
def call(request: HttpRequest, secret: str) -> HttpResponse:
    """Of an order that was validated or has paid. Knows no session; an unknown secret is an unknown address (P16)."""
    try:
        hook = access.hook_by_secret(secret)
    except access.Unknown:
        throttle.unknown_code(request)
        raise
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if _length(request) > LARGEST:
        return HttpResponse(status=413)
    fields = _fields(request)
    if fields is None:
        return HttpResponse(status=400)
    hooks.called(hook, calls.read(hook.register.kind, fields), now=timezone.now())
    return HttpResponse(status=204)


def _length(request: HttpRequest) -> int:
    # Without a length Django reads nothing.
    text = request.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _fields(request: HttpRequest) -> dict[str, object] | None:
    """A form or a JSON object; None where it is neither. Of a field that stands there twice the last."""
    if request.content_type in FORMS:
        return dict(request.POST.items())
    try:
        said = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
