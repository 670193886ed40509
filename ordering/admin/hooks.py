"""The address that a register's maker is given to call: shown to whoever may change the register, and made anew."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from ordering.admin.base import CHANGE, HouseAdmin
from pos_bridge import hooks
from pos_bridge.models import Hook, Register
from pos_bridge.registers import calls


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Behind the login of admin. No GET makes an address; the button does."""
    return admin.site.admin_view(never_cache(_page))(request, pk)


def _page(request: HttpRequest, pk: int) -> HttpResponse:
    pages = admin.site.get_model_admin(Register)
    if not isinstance(pages, HouseAdmin):
        raise Http404
    registers = Register.objects.select_related("restaurant").defer("credentials")
    register = pages.allowed(request, registers, CHANGE).filter(pk=pk, current=True).first()
    if register is None or not calls.can_call(register.kind):
        # The same answer for one that is not theirs, for one that is not there, and for one that calls nobody.
        raise Http404
    if request.method == "POST":
        hooks.renew(register)
        pages.log_change(request, register, _("New webhook address."))
        return HttpResponseRedirect(request.path)
    hook = Hook.objects.filter(register=register).first()
    context = {
        **admin.site.each_context(request),
        "title": _("Webhook address"),
        "subtitle": register,
        "opts": Register._meta,
        "media": pages.media,
        "register": register,
        "hook": hook,
        # From the settings: a request may come by a forged name (T27).
        "address": hook and settings.BASE_URL + reverse("hook", args=[hook.secret]),
    }
    return TemplateResponse(request, "admin/pos_bridge/register/hook.html", context)
