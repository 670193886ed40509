"""What is not written in each of the restaurant's languages yet, with the way to write it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.conf.locale import LANG_INFO
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext

from ordering.admin.sheet import SheetAdmin
from ordering.services.untranslated import Missing, untranslated

SHOWN = 500  # of each language


class UntranslatedAdmin(SheetAdmin):
    """For whoever may change the restaurant."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.untranslated_view)
        own = path("<int:pk>/untranslated/", view, name="ordering_restaurant_untranslated")
        return [own, *super().get_urls()]

    def untranslated_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        restaurant = self._changeable(request, pk)
        found: dict[str, list[Missing]] = defaultdict(list)
        for missing in untranslated(restaurant):
            found[missing.language].append(missing)
        languages = [
            {
                "code": code,
                "name": LANG_INFO.get(code, {}).get("name_local", code),
                "count": len(found[code]),
                "rows": [_row(missing) for missing in found[code][:SHOWN]],
                "more": len(found[code][SHOWN:]),
            }
            for code in restaurant.languages
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Untranslated"),
            "subtitle": restaurant,
            "opts": self.opts,
            "media": self.media,
            "languages": languages,
            "house": restaurant.languages[0],
        }
        return TemplateResponse(request, "admin/ordering/restaurant/untranslated.html", context)


def _row(missing: Missing) -> dict[str, Any]:
    meta = missing.model._meta
    name = f"admin:{meta.app_label}_{meta.model_name}_change"
    return {
        "kind": meta.verbose_name,
        "field": missing.field,
        "text": missing.text,
        "page": reverse(name, args=[missing.pk]),
    }
