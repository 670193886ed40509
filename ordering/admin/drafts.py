"""Cartes to come: brought as a file, looked at, and live at their hour without anybody at the keyboard."""

from __future__ import annotations

import logging
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import DatabaseError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ordering import restaurant_file
from ordering.admin.transfer import MISTAKES_SHOWN, FileForm, TransferAdmin, mistakes_of
from ordering.models import Draft, Restaurant
from ordering.restaurant_file.reading import LIMIT
from ordering.services import drafts
from ordering.services.transfer import AcceptanceNeeded
from ordering.services.transfer.sheet import SheetError, sheet_as_file
from ordering.spreadsheet import reading

CHANGES_SHOWN, DRAFTS_SHOWN = 500, 50

logger = logging.getLogger(__name__)


class DraftForm(FileForm):
    live_at = forms.DateTimeField(
        label=_("Goes live"),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    field_order = ("file", "live_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].label = _("Restaurant file or spreadsheet")
        self.fields["file"].widget.attrs["accept"] = ".json,.csv,.xlsx"


class DraftsAdmin(TransferAdmin):
    """For whoever may change the restaurant, its own cartes alone."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/drafts/", wrap(self.drafts_view), name="ordering_restaurant_drafts"),
            path(
                "<int:pk>/drafts/<int:number>/",
                wrap(self.draft_view),
                name="ordering_restaurant_draft",
            ),
            path(
                "<int:pk>/drafts/<int:number>/file/",
                wrap(self.draft_file_view),
                name="ordering_restaurant_draft_file",
            ),
        ]
        return [*own, *super().get_urls()]

    def drafts_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was stored, and the form that stores another."""
        restaurant = self._changeable(request, pk)
        # An hour is one of the house's own clock.
        with timezone.override(ZoneInfo(restaurant.timezone)):
            form = DraftForm(request.POST or None, request.FILES or None)
            told: dict[str, Any] = {}
            if form.is_valid():
                try:
                    draft = self._store(request, form, restaurant)
                except drafts.TooLate:
                    form.add_error("live_at", _("This hour is over already."))
                except reading.UnreadableError as error:
                    form.add_error("file", str(error))
                except restaurant_file.RestaurantFileError as error:
                    told = mistakes_of(error)
                except SheetError as error:
                    said = [str(mistake) for mistake in error.mistakes]
                    told = {"mistakes": said[:MISTAKES_SHOWN], "more": len(said[MISTAKES_SHOWN:])}
                except AcceptanceNeeded as error:
                    told = {"changes": error.changes, "seen": error.fingerprint}
                except DatabaseError:
                    # Its text may hold what was being stored.
                    busy = _(
                        "Somebody else is changing this restaurant. Nothing was stored; try again."
                    )
                    form.add_error(None, busy)
                else:
                    return HttpResponseRedirect(_at(draft))
            found = restaurant.drafts.select_related("person").defer("data")[:DRAFTS_SHOWN]
            rows = [(draft, _at(draft)) for draft in found]
            return self._page(
                request, restaurant, "drafts.html", gettext("Carte to come"),
                form=form, rows=rows, limit=LIMIT // 1_000_000, **told,
            )  # fmt: skip

    def draft_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        restaurant = self._changeable(request, pk)
        draft = self._draft(restaurant, number)
        if request.method == "POST":
            return self._acted(request, draft)
        told: dict[str, Any] = {}
        if draft.state == Draft.State.WAITING:
            found = drafts.judged(draft)
            told = {
                "judged": found,
                "shown": found.changes[:CHANGES_SHOWN],
                "more": len(found.changes[CHANGES_SHOWN:]),
            }
        late = draft.state == Draft.State.WAITING and draft.live_at < timezone.now() - drafts.LATE
        with timezone.override(ZoneInfo(restaurant.timezone)):
            return self._page(
                request, restaurant, "draft.html", gettext("Carte to come"),
                draft=draft, late=late, **told,
            )  # fmt: skip

    def draft_file_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """The restaurant's file with this carte, without secrets."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        restaurant = self._changeable(request, pk)
        data = drafts.as_a_file(self._draft(restaurant, number))
        name = content_disposition_header(True, f"{restaurant.slug}-{number}.json")
        return HttpResponse(
            restaurant_file.write(data),
            content_type="application/json; charset=utf-8",
            headers={"Content-Disposition": name},
        )

    def _draft(self, restaurant: Restaurant, number: int) -> Draft:
        draft = restaurant.drafts.select_related("restaurant", "person").filter(pk=number).first()
        if draft is None:
            raise Http404
        return draft

    def _store(self, request: HttpRequest, form: DraftForm, restaurant: Restaurant) -> Draft:
        upload, before = form.cleaned_data["file"], None
        if upload.name.lower().endswith((".csv", ".xlsx")):
            reading.check_size(upload.size)
            sheet = reading.read(upload.read())
            data, before = sheet_as_file(restaurant=restaurant, sheet=sheet)
        else:
            restaurant_file.check_size(upload.size)
            data = restaurant_file.parse(upload.read())
        draft = drafts.store(
            restaurant=restaurant,
            data=data,
            live_at=form.cleaned_data["live_at"],
            by=request.user,
            accept=form.cleaned_data["accepted"],
            before=before,
        )
        logger.info("Draft %s of %s by person %s", draft.pk, restaurant.slug, request.user.pk)
        return draft

    def _acted(self, request: HttpRequest, draft: Draft) -> HttpResponse:
        if "read" in request.POST:
            drafts.have_read(draft=draft)
        elif "cancel" in request.POST and drafts.cancel(draft=draft, by=request.user):
            self.message_user(request, gettext("It will not go live."))
        return HttpResponseRedirect(_at(draft))

    def _page(
        self,
        request: HttpRequest,
        restaurant: Restaurant,
        template: str,
        title: str,
        **context: Any,
    ) -> HttpResponse:
        """Rendered at once: its hours are those of the house's clock, which holds no longer than the caller's."""
        context |= {
            **self.admin_site.each_context(request),
            "title": title,
            "subtitle": restaurant,
            "opts": self.opts,
            "media": self.media,
            "restaurant": restaurant,
        }
        page = TemplateResponse(request, f"admin/ordering/restaurant/{template}", context)
        return page.render()


def _at(draft: Draft) -> str:
    return reverse("admin:ordering_restaurant_draft", args=[draft.restaurant_id, draft.pk])
