"""A restaurant's file in the browser: its manager takes it home, and brings it back."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ordering import restaurant_file
from ordering.admin.base import CHANGE, HouseAdmin
from ordering.models import Restaurant
from ordering.restaurant_file.reading import LIMIT
from ordering.services import prices
from ordering.services.transfer import (
    AcceptanceNeeded,
    export_with_warnings,
    import_restaurant,
)

# Nobody reads more of them.
MISTAKES_SHOWN, WARNINGS_SHOWN = 200, 10
# Files that belong on another page.
SHEETS = (".xlsx", ".xls", ".ods", ".csv")

logger = logging.getLogger(__name__)


class FileForm(forms.Form):
    required_css_class = "required"

    file = forms.FileField(
        label=_("Restaurant file"),
        # What is wrong with an empty one is said like everything else.
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".json,application/json"}),
    )
    accept = forms.BooleanField(label=_("I accept these changes"), required=False)
    # Which changes were read before the box was ticked.
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["accepted"] = cleaned.get("accept", False) and cleaned.get("seen", "")
        return cleaned


class TransferAdmin(HouseAdmin):
    """Export and import, for whoever may change the restaurant; a new one from a file, for whoever may add one."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/export/", wrap(self.export_view), name="ordering_restaurant_export"),
            path("<int:pk>/import/", wrap(self.import_view), name="ordering_restaurant_import"),
            path("import/", wrap(self.import_new_view), name="ordering_restaurant_import_new"),
        ]
        return [*own, *super().get_urls()]

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The file without secrets. It writes nothing, so the log and not the history says who took it (T30)."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        restaurant = self._changeable(request, pk)
        data, warnings = export_with_warnings(restaurant)
        logger.info("Export of %s by person %s", restaurant.slug, request.user.pk)
        for warning in warnings[:WARNINGS_SHOWN]:
            self.message_user(request, warning.said, messages.WARNING)
        name = content_disposition_header(True, f"{restaurant.slug}.json")
        return HttpResponse(
            restaurant_file.write(data),
            content_type="application/json; charset=utf-8",
            headers={"Content-Disposition": name},
        )

    def import_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._import_page(request, self._changeable(request, pk))

    def import_new_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._import_page(request, None)

    def _changeable(self, request: HttpRequest, pk: int) -> Restaurant:
        found = self.allowed(request, Restaurant.objects.all(), CHANGE).filter(pk=pk).first()
        if found is None:
            # The same answer for one that is not theirs and for one that is not there.
            raise Http404
        return found

    def _import_page(self, request: HttpRequest, into: Restaurant | None) -> HttpResponse:
        form = FileForm(request.POST or None, request.FILES or None)
        told: dict[str, Any] = {}
        if form.is_valid():
            try:
                told = self._import(request, form, into)
            except restaurant_file.RestaurantFileError as error:
                name = form.cleaned_data["file"].name.lower()
                told = {**mistakes_of(error), "sheet": name.endswith(SHEETS)}
            except AcceptanceNeeded as error:
                told = {"changes": error.changes, "seen": error.fingerprint}
            except DatabaseError:
                # Its text may hold what was being stored.
                busy = _(
                    "Somebody else is changing this restaurant. Nothing was imported; try again."
                )
                form.add_error(None, busy)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import a restaurant file"),
            "subtitle": into,
            "opts": self.opts,
            "form": form,
            "into": into,
            "limit": LIMIT // 1_000_000,
            "media": self.media,
            **told,
        }
        return TemplateResponse(request, "admin/ordering/restaurant/import.html", context)

    def _import(
        self, request: HttpRequest, form: FileForm, into: Restaurant | None
    ) -> dict[str, Any]:
        upload = form.cleaned_data["file"]
        restaurant_file.check_size(upload.size)
        data = restaurant_file.parse(upload.read())
        with transaction.atomic():
            report = import_restaurant(
                data=data,
                into=into,
                new=into is None,
                accept=form.cleaned_data["accepted"],
                by=prices.Hand(prices.Way.FILE, request.user),
            )
            restaurant = into or Restaurant.objects.get(slug=data["slug"])
            log = self.log_change if into else self.log_addition
            log(request, restaurant, gettext("Imported from a file."))
        logger.info("Import of %s by person %s", restaurant.slug, request.user.pk)
        return {"done": restaurant, "report": report}


def mistakes_of(error: restaurant_file.RestaurantFileError) -> dict[str, Any]:
    """What the page of a refused file shows of it."""
    said = [mistake.said for mistake in error.mistakes]
    return {"mistakes": said[:MISTAKES_SHOWN], "more": len(said[MISTAKES_SHOWN:])}
