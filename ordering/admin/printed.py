"""Pages of a restaurant to be printed: the allergens for the wall, the carte on paper, a slip with boxes to tick."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.conf.locale import LANG_INFO
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone, translation

from ordering import languages
from ordering.admin.base import VIEW
from ordering.admin.rehearsal import RehearsalAdmin
from ordering.diner import carte_page, legal
from ordering.diner.compiled import compiled
from ordering.diner.said import said
from ordering.models import ALLERGENS, Restaurant
from ordering.services import allergen_sheet


class PrintedAdmin(RehearsalAdmin):
    """For whoever works there: printing them changes nothing, and tells nothing that the carte does not."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path(
                "<int:pk>/allergens/",
                wrap(self.allergens_view),
                name="ordering_restaurant_allergens",
            ),
            path("<int:pk>/paper/", wrap(self.paper_view), name="ordering_restaurant_paper"),
            path("<int:pk>/slip/", wrap(self.slip_view), name="ordering_restaurant_slip"),
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        restaurant = self.get_object(request, object_id)
        if isinstance(restaurant, Restaurant) and self.may(request, VIEW, restaurant):
            counts = allergen_sheet.undeclared(restaurant)
            extra_context = {**(extra_context or {}), "undeclared": counts}
        return super().change_view(request, object_id, form_url, extra_context)

    def allergens_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The table of products and the fourteen, with the date: on A4, in black and white."""
        restaurant, language = self._asked(request, pk)
        parts = [
            (
                said(part.name, language),
                part.of_options,
                [
                    (
                        said(row.name, language),
                        row.states,
                        [said(name, language) for name in row.choices],
                    )
                    for row in part.rows
                ],
            )
            for part in allergen_sheet.sheet(restaurant)
        ]
        return self._printed(
            request, restaurant, language, "allergens.html",
            parts=parts, names=list(ALLERGENS.values()),
        )  # fmt: skip

    def paper_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The carte as the phone shows it, with everything that one must know to order from it."""
        return self._carte(request, pk, "paper.html")

    def slip_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The same carte with a box beside each dish and each choice, for a table to tick."""
        return self._carte(request, pk, "slip.html")

    def _carte(self, request: HttpRequest, pk: int, template: str) -> HttpResponse:
        restaurant, language = self._asked(request, pk)
        carte = compiled(restaurant)
        return self._printed(
            request, restaurant, language, template, carte=carte,
            sections=carte_page.sections(carte, language, None),
            large=request.GET.get("size") == "large",
        )  # fmt: skip

    def _asked(self, request: HttpRequest, pk: int) -> tuple[Restaurant, str]:
        """The restaurant, and which of its languages the address asks for; the house's own where it asks for none."""
        restaurant = self.get_object(request, str(pk))
        if not isinstance(restaurant, Restaurant):
            raise Http404
        if not self.may(request, VIEW, restaurant):
            raise PermissionDenied
        wanted = request.GET.get("lang", "")
        return restaurant, wanted if wanted in restaurant.languages else restaurant.house_language

    def _printed(
        self,
        request: HttpRequest,
        restaurant: Restaurant,
        language: str,
        template: str,
        **context: Any,
    ) -> HttpResponse:
        """The page in this language; its own words in the nearest that the interface speaks."""
        context |= {
            "restaurant": restaurant,
            "language": language,
            "languages": [
                (code, LANG_INFO.get(code, {}).get("name_local", code))
                for code in restaurant.languages
            ],
            "now": timezone.now().astimezone(ZoneInfo(restaurant.timezone)),
            "back": reverse("admin:ordering_restaurant_change", args=[restaurant.pk]),
        }
        with translation.override(languages.interface(language)):
            if "carte" in context:
                context["legal"] = legal.texts(restaurant, context["carte"], language)
            page = TemplateResponse(request, f"admin/ordering/restaurant/{template}", context)
            return page.render()
