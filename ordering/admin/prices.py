"""Many prices at once, looked at before they are changed; and what became of each, on its page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ordering import happy
from ordering.admin.base import CHANGE, HouseAdmin, is_installer, roles
from ordering.admin.fields import MoneyField, PercentField, amount_text
from ordering.models import Option, OptionPriceChange, PriceChange
from ordering.services import prices

PRICES_BEFORE: Any = (_("Prices before"), {"fields": ["price_changes"], "classes": ["collapse"]})
CHANGES_SHOWN = 50
# Each has a field on the page, and Django takes 2 000 of them.
AT_MOST = 1_000
STEPS = [5, 10, 50, 100]


def _steps() -> list[tuple[int, str]]:
    """As amounts are written in the language of the page."""
    return [(1, gettext("to the cent")), *((step, f"{amount_text(step)} €") for step in STEPS)]


class PricesForm(forms.Form):
    """By how much: percent or euros, more or less."""

    percent = PercentField(
        label=_("Percent"),
        required=False,
        max_digits=5,
        decimal_places=2,
        min_value=Decimal(-100),
        max_value=Decimal(500),
        help_text=_("“3” makes them dearer by 3 %, “-3” cheaper."),
    )
    amount = MoneyField(
        label=_("Euros"), required=False, signed=True, help_text=_("“0.50” or “-0.50” for each.")
    )
    step = forms.TypedChoiceField(label=_("Rounded"), choices=_steps, coerce=int, initial=10)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and bool(cleaned["percent"]) == bool(cleaned["amount"]):
            self.add_error("percent", _("Percent or euros, one of the two."))
        return cleaned


def _ends_happy_hour(thing: Any, price: int) -> bool:
    """Happy-hour prices stay as they are: one that would not be the lower one any more would be lost unseen."""
    lower = happy.happy_price(thing)
    return lower is not None and lower >= price


class PricesAdmin(HouseAdmin):
    """A mixin of products and set menus."""

    def has_change_prices_permission(self, request: HttpRequest) -> bool:
        return self.may(request, CHANGE)

    @admin.action(description=_("Change prices…"), permissions=["change_prices"])
    def change_prices(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> HttpResponse | None:
        """The page of before and after, and what its button does. What was seen comes with the click."""
        things = list(self.allowed(request, queryset, CHANGE).select_related("restaurant"))
        if not things:
            raise PermissionDenied
        if len(things) > AT_MOST:
            said = gettext("These are more than %(most)s. Choose fewer.") % {"most": AT_MOST}
            self.message_user(request, said, messages.ERROR)
            return None
        # The list's own button brings nothing of the form yet.
        asked = "step" in request.POST
        form = PricesForm(request.POST if asked else None)
        after: dict[Any, int] = {}
        if asked and form.is_valid():
            given = form.cleaned_data
            percent, amount = given["percent"] or Decimal(0), given["amount"] or 0
            for thing in things:
                after[thing] = prices.reckoned(
                    thing.price, percent=percent, amount=amount, step=given["step"]
                )
            if wrong := [thing for thing in things if not 0 <= after[thing] <= prices.MOST]:
                said = gettext("“%(name)s” would cost %(price)s.")
                values = {"name": wrong[0], "price": amount_text(after[wrong[0]])}
                form.add_error(None, said % values)
            elif ended := [thing for thing in things if _ends_happy_hour(thing, after[thing])]:
                said = gettext(
                    "“%(name)s” would cost %(price)s, and in its happy hour %(happy)s. Change that first."
                )
                values = {
                    "name": ended[0],
                    "price": amount_text(after[ended[0]]),
                    "happy": amount_text(ended[0].happy_price),
                }
                form.add_error(None, said % values)
            elif "apply" in request.POST and self._apply(request, things, after):
                return HttpResponseRedirect(request.get_full_path())
        return self._page(request, form, things, {} if form.errors else after)

    def _apply(self, request: HttpRequest, things: list[Any], after: dict[Any, int]) -> bool:
        """Whether it was done; else the page is shown again, with the prices of now."""
        seen = {thing: request.POST.get(f"seen_{thing.pk}") for thing in things}
        moved = [thing for thing in things if seen[thing] != f"{thing.price}-{after[thing]}"]
        by = prices.Hand(prices.Way.SEVERAL, request.user)
        if not moved:
            before = {thing: thing.price for thing in things}
            try:
                with transaction.atomic():
                    count = prices.change(before=before, after=after, by=by)
                    for thing in things:
                        if after[thing] != before[thing]:
                            said = gettext("Price changed from %(before)s to %(after)s.") % {
                                "before": amount_text(before[thing]),
                                "after": amount_text(after[thing]),
                            }
                            self.log_change(request, thing, said)
            except prices.MovedMeanwhile as error:
                moved = [error.thing]
            else:
                said = ngettext("%(count)s price changed.", "%(count)s prices changed.", count)
                self.message_user(request, said % {"count": count}, messages.SUCCESS)
                return True
        said = gettext("Nothing was changed: “%(name)s” is not what you saw any more. Look again.")
        self.message_user(request, said % {"name": moved[0]}, messages.ERROR)
        return False

    def _page(
        self, request: HttpRequest, form: PricesForm, things: list[Any], after: dict[Any, int]
    ) -> HttpResponse:
        rows = [
            {
                "thing": thing,
                "before": amount_text(thing.price),
                "after": amount_text(after[thing]) if thing in after else "",
                "seen": f"{thing.price}-{after[thing]}" if thing in after else "",
                "same": after.get(thing) == thing.price,
            }
            for thing in things
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Change prices"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "rows": rows,
            "looked": bool(after),
            "several": is_installer(request) or len(roles(request)) > 1,
            "selected": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/tablee/prices.html", context)

    # --- What became of one --------------------------------------------------------------------

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), "price_changes"]

    @admin.display(description=_("prices before"))
    def price_changes(self, thing: Any) -> Any:
        if thing.pk is None:
            return "—"
        found = thing.price_changes.select_related("person")[:CHANGES_SHOWN]
        rows = [_said(change) for change in found]
        return render_to_string("admin/tablee/_price_changes.html", {"rows": rows})

    def keep_price(self, request: HttpRequest, thing: Any, form: Any, change: bool) -> None:
        """After it was saved by hand."""
        if not change:
            return
        # What was not changed here may have been changed by somebody else meanwhile.
        price, lower = (
            [(thing, form.initial[name])] if name in form.changed_data else []
            for name in ("price", "happy_price")
        )
        by = prices.Hand(prices.Way.HAND, request.user)
        prices.keep(changed=price, happy=lower, by=by)


class OptionPricesAdmin(HouseAdmin):
    """A mixin of option groups and options: what became of the prices of the options."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), "price_changes"]

    @admin.display(description=_("prices before"))
    def price_changes(self, thing: Any) -> Any:
        if thing.pk is None:
            return "—"
        of = {"option": thing} if isinstance(thing, Option) else {"option__group": thing}
        found = OptionPriceChange.objects.filter(**of).select_related("person", "option")
        rows = [{"name": change.option, **_said(change)} for change in found[:CHANGES_SHOWN]]
        return render_to_string("admin/tablee/_price_changes.html", {"rows": rows})

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        rows = [
            *([form] if change else []),
            *(row for each in formsets for row in each.initial_forms),
        ]
        gone = {id(row) for formset in formsets for row in formset.deleted_forms}
        prices.keep(
            changed=[
                (row.instance, row.initial["price"])
                for row in rows
                if isinstance(row.instance, Option)
                and "price" in row.changed_data
                and id(row) not in gone
            ],
            by=prices.Hand(prices.Way.HAND, request.user),
        )


def _said(change: PriceChange | OptionPriceChange) -> dict[str, Any]:
    return {
        "at": change.at,
        "happy": isinstance(change, PriceChange) and change.happy,
        "before": "—" if change.before is None else amount_text(change.before),
        "after": "—" if change.after is None else amount_text(change.after),
        "person": change.person,
        "way": change.get_way_display(),
    }
