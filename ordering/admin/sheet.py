"""Products as a spreadsheet in the browser: taken home, brought back, looked at, and only then imported."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import CSV, XLSX

from ordering.admin.base import CHANGE
from ordering.admin.rehearsal import RehearsalAdmin
from ordering.admin.transfer import MISTAKES_SHOWN
from ordering.models import Restaurant
from ordering.restaurant_file.mistakes import show
from ordering.services import prices
from ordering.services.transfer.sheet import Preview, SheetError, import_sheet, product_sheet
from ordering.spreadsheet import reading
from ordering.spreadsheet.products import CellChange

SALT = "tablee.sheet"
# What was read travels with its preview, and no server keeps it. Longer ago, and the preview is nobody's memory.
SHEET_SECONDS = 3600
SHEET_AT_MOST = 900_000
CHANGES_SHOWN = 500

logger = logging.getLogger(__name__)


class SheetForm(forms.Form):
    """A file to look at, or what was looked at to be imported."""

    file = forms.FileField(
        label=_("Spreadsheet"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput({"accept": ".csv,.xlsx"}),
    )
    sheet = forms.CharField(required=False, widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    accept = forms.BooleanField(label=_("I accept these changes"), required=False)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("file") and not cleaned.get("sheet"):
            self.add_error("file", _("Choose a CSV or XLSX file first."))
        return cleaned


class SheetAdmin(RehearsalAdmin):
    """For whoever may change the restaurant, its own products alone."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("sheet/", wrap(self.sheets_view), name="ordering_restaurant_sheets"),
            path("<int:pk>/sheet/", wrap(self.sheet_view), name="ordering_restaurant_sheet"),
            path(
                "<int:pk>/sheet/products.<str:kind>",
                wrap(self.sheet_file_view),
                name="ordering_restaurant_sheet_file",
            ),
        ]
        return [*own, *super().get_urls()]

    def sheets_view(self, request: HttpRequest) -> HttpResponse:
        """From the list of products: of the only restaurant, or of the one that is chosen here."""
        mine = list(self.allowed(request, Restaurant.objects.order_by("name"), CHANGE))
        if not mine:
            raise PermissionDenied
        links = [
            (restaurant, reverse("admin:ordering_restaurant_sheet", args=[restaurant.pk]))
            for restaurant in mine
        ]
        if len(links) == 1:
            return HttpResponseRedirect(links[0][1])
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("For which restaurant?"),
            "opts": self.opts,
            "links": links,
        }
        return TemplateResponse(request, "admin/tablee/choose_restaurant.html", context)

    def sheet_file_view(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        restaurant = self._changeable(request, pk)
        sheet = product_sheet(restaurant)
        if kind == "xlsx":
            content_type, content = XLSX.CONTENT_TYPE, XLSX().export_data(sheet.written())
        elif kind == "csv":
            # Where a comma stands in prices, a spreadsheet looks for semicolons. The mark tells it that this is UTF-8.
            french = (get_language() or "").startswith("fr")
            text = CSV().export_data(
                sheet.written(decimal="," if french else "."), delimiter=";" if french else ","
            )
            content_type, content = "text/csv; charset=utf-8", text.encode("utf-8-sig")
        else:
            raise Http404
        name = content_disposition_header(True, f"{restaurant.slug}-products.{kind}")
        return HttpResponse(
            content, content_type=content_type, headers={"Content-Disposition": name}
        )

    def sheet_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        restaurant = self._changeable(request, pk)
        form = SheetForm(request.POST or None, request.FILES or None)
        told: dict[str, Any] = {}
        if form.is_valid():
            try:
                told = self._look_or_import(request, form, restaurant)
            except reading.UnreadableError as error:
                form.add_error("file", str(error))
            except SheetError as error:
                said = error.mistakes
                told = {"mistakes": said[:MISTAKES_SHOWN], "more": len(said[MISTAKES_SHOWN:])}
            except DatabaseError:
                # Its text may hold what was being stored.
                busy = _(
                    "Somebody else is changing this restaurant. Nothing was imported; try again."
                )
                form.add_error(None, busy)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Products as a spreadsheet"),
            "subtitle": restaurant,
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "restaurant": restaurant,
            "rows": reading.ROWS_AT_MOST,
            "kilobytes": reading.BYTES_AT_MOST // 1_000,
            **told,
        }
        return TemplateResponse(request, "admin/ordering/restaurant/sheet.html", context)

    def _look_or_import(
        self, request: HttpRequest, form: SheetForm, restaurant: Restaurant
    ) -> dict[str, Any]:
        upload = form.cleaned_data["file"]
        if upload:
            reading.check_size(upload.size)
            sheet, seen = reading.read(upload.read()), ""
        else:
            sheet, seen = (
                _carried(form.cleaned_data["sheet"], restaurant),
                form.cleaned_data["seen"],
            )
        by = prices.Hand(prices.Way.SHEET, request.user)
        with transaction.atomic():
            preview, report = import_sheet(
                restaurant=restaurant,
                sheet=sheet,
                by=by,
                seen=seen,
                accept=form.cleaned_data["accept"],
            )
            if report is not None:
                said = gettext("Products imported from a spreadsheet.")
                self.log_change(request, restaurant, said)
        if report is not None:
            logger.info("Spreadsheet of %s by person %s", restaurant.slug, request.user.pk)
            return {"report": report}
        return {
            "preview": preview,
            "shown": preview.changes[:CHANGES_SHOWN],
            "more_changes": len(preview.changes[CHANGES_SHOWN:]),
            "careful": _careful(preview),
            "counts": _counts(preview),
            "carried": _carry(sheet, restaurant),
            # The carte is not what it was when the preview was read, or the box was left empty.
            "again": bool(seen) and seen != preview.seen,
            "unaccepted": bool(seen) and seen == preview.seen and bool(preview.changes),
        }


def _counts(preview: Preview) -> dict[str, int]:
    keys = {change.key: change.new for change in preview.changes}
    new = sum(keys.values())
    return {"new": new, "changed": len(keys) - new}


def _careful(preview: Preview) -> list[CellChange]:
    """The cells that must be accepted: the sentences about them are English, and a mark needs no words."""
    about = {"allergens": "declared", "sold_out": "on sale again", "option_groups": "always added"}
    return [
        change
        for change in preview.changes
        if change.column in about
        and any(
            caution.startswith(f"product {show(change.key)}: ") and about[change.column] in caution
            for caution in preview.cautions
        )
    ]


def _carry(sheet: reading.Sheet, restaurant: Restaurant) -> str:
    """The sheet, signed for this restaurant alone."""
    data = [restaurant.pk, sheet.headings, sheet.rows, sheet.numbers]
    signed = signing.dumps(data, salt=SALT, compress=True)
    if len(signed) > SHEET_AT_MOST:
        said = _(
            "The file is too large to be looked at. Split it: each part changes only its rows."
        )
        raise reading.UnreadableError(said)
    return signed


def _carried(signed: str, restaurant: Restaurant) -> reading.Sheet:
    try:
        pk, headings, rows, numbers = signing.loads(signed, salt=SALT, max_age=SHEET_SECONDS)
    except signing.BadSignature as error:
        raise reading.UnreadableError(
            gettext("That was looked at too long ago. Choose the file again.")
        ) from error
    if pk != restaurant.pk:
        raise Http404
    return reading.Sheet(headings, rows, numbers)
