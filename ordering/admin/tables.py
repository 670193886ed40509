"""Tables one by one or as a range, their cards to print, and new codes for old ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ordering import qr
from ordering.admin.base import CHANGE, HouseAdmin
from ordering.admin.forms import HouseForm
from ordering.diner.card import card_words
from ordering.models import Restaurant, Table, Visit
from ordering.models.restaurant import HIGHEST_TABLE, LOWEST_TABLE
from ordering.services import acts, tables

# More at once is a slip of the finger.
LONGEST_RANGE = 300


def card_address(table: Table) -> str:
    """What the card's code says. From the settings: a request may come by a forged name (T27)."""
    return f"{settings.BASE_URL}/t/{table.code}/"


class TableForm(HouseForm):
    def clean_number(self) -> int:
        number: int = self.cleaned_data["number"]
        if self.siblings().filter(number=number).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("This restaurant has a table with this number already."))
        return number


class RangeForm(forms.Form):
    required_css_class = "required"

    first = forms.IntegerField(
        label=_("First number"), min_value=LOWEST_TABLE, max_value=HIGHEST_TABLE
    )
    last = forms.IntegerField(
        label=_("Last number"), min_value=LOWEST_TABLE, max_value=HIGHEST_TABLE
    )
    zone = forms.CharField(
        label=_("Zone"),
        max_length=100,
        required=False,
        help_text=_("Where they stand: Salle, Terrasse."),
    )
    seats = forms.IntegerField(
        label=_("Seats at each"), min_value=1, max_value=10_000, required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first is not None and last is not None:
            if last < first:
                self.add_error("last", _("The last number is below the first."))
            elif last - first >= LONGEST_RANGE:
                self.add_error(
                    "last",
                    _("These are more than %(most)s tables at once.") % {"most": LONGEST_RANGE},
                )
        return cleaned


@admin.register(Table)
class TableAdmin(HouseAdmin):
    form = TableForm
    fieldsets = [
        (None, {"fields": ["number", "label", "zone", "seats"]}),
        (_("Ordering"), {"fields": ["ordering", "enabled", "shared", "register_id"]}),
    ]
    list_display = [
        "__str__",
        "restaurant",
        "label",
        "zone",
        "seats",
        "ordering",
        "enabled",
        "card_version",
        "last_used",
    ]
    list_filter = ["restaurant", "zone", "ordering", "enabled"]
    list_select_related = ["restaurant"]
    search_fields = ["number", "label", "zone"]
    actions = ["print_cards", "renew_codes"]
    instead_of_deleting = _(
        "A table at which somebody has ordered stays, for its orders. To take it out of service, untick “takes orders” "
        "and “card is valid” on its page."
    )

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path("add-range/", wrap(self.range_view), name="ordering_table_add_range"),
            path("cards/", wrap(self.cards_view), name="ordering_table_cards"),
            path("renew/<int:pk>/", wrap(self.renew_all_view), name="ordering_table_renew_all"),
        ]
        return [*own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        visits = Visit.objects.filter(table=models.OuterRef("pk")).order_by("-opened_at")
        last = models.Subquery(visits.values("opened_at")[:1])
        return super().get_queryset(request).annotate(last_visit=last)

    @admin.display(description=_("last used"), ordering="last_visit")
    def last_used(self, table: Any) -> Any:
        """When its code last opened a visit: a card that nobody uses may have another one stuck on it (T04)."""
        return table.last_visit

    # --- A range -------------------------------------------------------------------------------

    def range_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        if asked := self.ask_restaurant(request):
            return asked
        restaurant = self.chosen(request)
        form = RangeForm(request.POST or None)
        if restaurant and form.is_valid() and self._add_range(request, restaurant, form):
            return HttpResponseRedirect(reverse("admin:ordering_table_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add tables"),
            "subtitle": restaurant,
            "opts": self.opts,
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/ordering/table/range.html", context)

    def _add_range(self, request: HttpRequest, restaurant: Restaurant, form: RangeForm) -> bool:
        try:
            added = tables.add_range(
                restaurant=restaurant,
                first=form.cleaned_data["first"],
                last=form.cleaned_data["last"],
                zone=form.cleaned_data["zone"],
                seats=form.cleaned_data["seats"],
            )
        except tables.NumbersTaken as error:
            said = _("This restaurant has these tables already: %(numbers)s. None was added.")
            form.add_error("first", said % {"numbers": error})
            return False
        for table in added:
            self.log_addition(request, table, gettext("Added in a range."))
        message = ngettext("%(count)s table added.", "%(count)s tables added.", len(added))
        self.message_user(request, message % {"count": len(added)}, messages.SUCCESS)
        return True

    # --- Cards ---------------------------------------------------------------------------------

    @admin.action(description=_("Print their cards"), permissions=[CHANGE])
    def print_cards(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse:
        return self._cards(request, queryset)

    def cards_view(self, request: HttpRequest) -> HttpResponse:
        """The cards of all valid tables. A POST, since it is written down who printed codes (T30)."""
        if request.method != "POST":
            raise Http404
        if not self.has_change_permission(request):
            raise PermissionDenied
        return self._cards(request, Table.objects.filter(enabled=True))

    def _cards(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse:
        printed: list[Table] = []
        chosen = queryset.select_related("restaurant").order_by("restaurant__name", "number")
        self.for_each(request, chosen, CHANGE, printed.append, gettext("Its card was printed."))
        self._keep(request, "cards_printed", printed)
        context = {
            "cards": [
                {
                    "table": table,
                    "qr": qr.drawing(card_address(table)),
                    "address": card_address(table),
                    "words": card_words(table.restaurant),
                }
                for table in printed
            ],
            "tables": reverse("admin:ordering_table_changelist"),
        }
        return TemplateResponse(request, "admin/ordering/table/cards.html", context)

    # --- New codes -----------------------------------------------------------------------------

    @admin.action(description=_("Renew their codes"), permissions=[CHANGE])
    def renew_codes(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> HttpResponse | None:
        chosen = self.allowed(request, queryset, CHANGE).select_related("restaurant")
        if request.POST.get("post"):
            said, renewed = gettext("Its code was renewed."), list(chosen)
            with transaction.atomic():
                count = self.for_each(request, chosen, CHANGE, _renew, said)
                self._keep(request, "codes_renewed", renewed)
            message = ngettext(
                "%(count)s code is new. Print its card: the old one leads nowhere now.",
                "%(count)s codes are new. Print their cards: the old ones lead nowhere now.",
                count,
            )
            self.message_user(request, message % {"count": count}, messages.SUCCESS)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Renew the codes of these tables?"),
            "opts": self.opts,
            "tables": chosen,
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/ordering/table/renew.html", context)

    def renew_all_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The codes of a whole house, asked once: somebody has left with the cards (T30)."""
        tables_of = self.allowed(request, Table.objects.filter(restaurant=pk), CHANGE)
        if request.method != "POST" or not tables_of.exists():
            raise Http404
        asked = self.renew_codes(request, tables_of.order_by("number"))
        return asked or HttpResponseRedirect(reverse("admin:ordering_table_changelist"))

    def _keep(self, request: HttpRequest, what: str, those: Iterable[Table]) -> None:
        counted = Counter(table.restaurant for table in those)
        for restaurant, count in counted.items():
            acts.record(by=request.user, restaurant=restaurant, what=what, count=count)


def _renew(table: Table) -> None:
    tables.renew_code(table=table)
