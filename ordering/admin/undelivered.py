"""What was not delivered, and what a person does about it. It asks the database alone: it is true with every worker
dead (P10, F31). Whoever serves may decide.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ordering import undelivered
from ordering.admin.base import HouseAdmin, is_installer, roles
from ordering.admin.paths import narrow
from ordering.undelivered import RELATED, for_rows, row
from pos_bridge.models import Addition
from pos_bridge.undelivered import undelivered as additions_in_question

DECIDE = "decide"
# Names of its pages.
LIST, TASK = "pos_bridge_addition_undelivered", "pos_bridge_addition_decide"
# Seconds until the list shows itself anew.
REFRESH = 7
SHOWN = 100


def of_person(request: HttpRequest, now: datetime) -> QuerySet[Addition]:
    """What this person must look at: of their own restaurants, the installer of all."""
    additions = additions_in_question(now)
    return additions if is_installer(request) else narrow(additions, roles(request))


class UndeliveredPages(HouseAdmin):
    """The list of what was not delivered, and a page for each of it: one task for a person."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("undelivered/", wrap(self.undelivered_view), name=LIST),
            path("undelivered/<int:pk>/", wrap(self.decide_view), name=TASK),
        ]
        return [*own, *super().get_urls()]

    def undelivered_view(self, request: HttpRequest) -> HttpResponse:
        """The oldest first. Its buttons lead to the addition's own page: here a row may move up under the finger."""
        if not self.may(request, DECIDE):
            raise PermissionDenied
        now = timezone.now()
        open_ones = self._open(request, now)
        rows = [row(addition, now) for addition in for_rows(open_ones)[:SHOWN]]
        several = is_installer(request) or len(roles(request)) > 1
        more = open_ones.count() - SHOWN if len(rows) == SHOWN else 0
        context = {"title": _("Undelivered orders"), "rows": rows, "several": several}
        return self._page(request, "undelivered", {**context, "refresh": REFRESH, "more": more})

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What to look for, and the buttons. A POST carries one of them out and says what came of it."""
        additions = self.allowed(request, Addition.objects.all(), DECIDE)
        addition = for_rows(additions.select_related(*RELATED)).filter(pk=pk).first()
        if addition is None:
            raise Http404
        if request.method == "POST":
            self._decide(request, addition)
            return HttpResponseRedirect(reverse(f"admin:{LIST}"))
        now = timezone.now()
        if not of_person(request, now).filter(pk=pk).exists():
            self.message_user(request, undelivered.gone(addition), messages.SUCCESS)
            return HttpResponseRedirect(reverse(f"admin:{LIST}"))
        context = {
            **undelivered.task(addition, now),
            "restaurant": addition.order.restaurant,
            "title": _("%(order)s, table %(table)s")
            % {"order": addition.order, "table": addition.order.table.number},
            "raw": is_installer(request),
        }
        return self._page(request, "decide", context)

    def _decide(self, request: HttpRequest, addition: Addition) -> None:
        pressed = undelivered.press(addition, request.POST, by=request.user)
        if pressed is None:
            raise Http404
        if pressed.won:
            self.log_change(request, addition, pressed.said)
        told = undelivered.named(addition, pressed.said)
        self.message_user(request, told, messages.SUCCESS if pressed.won else messages.WARNING)

    def _open(self, request: HttpRequest, now: datetime) -> QuerySet[Addition]:
        return self.allowed(request, additions_in_question(now), DECIDE)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts}
        # A waiter's phone has no room for it.
        shared["is_nav_sidebar_enabled"] = False
        return TemplateResponse(
            request, f"admin/tablee/{name}.html", {**shared, "media": self.media, **context}
        )
