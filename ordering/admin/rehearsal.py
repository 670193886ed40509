"""The check before service in the browser, and an order for a training table."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ordering.admin.transfer import TransferAdmin
from ordering.models import Option, Restaurant, Table
from ordering.services import training
from ordering.services.findings import Finding, Level
from ordering.services.rehearsal import rehearse

# Said as well as shown: not everybody sees colours.
WORDS = {Level.GOOD: _("good"), Level.BAD: _("wrong"), Level.LOOK: _("look at it")}
# In the order in which they are shown.
URGENT = (Level.BAD, Level.LOOK, Level.GOOD)


class TableForm(forms.Form):
    """Which table is for training."""

    table = forms.ModelChoiceField(Table.objects.none(), label=_("Training table"))

    def __init__(self, restaurant: Restaurant, *args: Any) -> None:
        super().__init__(*args)
        field: Any = self.fields["table"]
        field.queryset = Table.objects.filter(restaurant=restaurant).order_by("number")


class RehearsalAdmin(TransferAdmin):
    """For whoever may change the restaurant. The page asks nobody; its buttons do."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        own = [
            path(
                "<int:pk>/rehearse/", wrap(self.rehearse_view), name="ordering_restaurant_rehearse"
            ),
            path("<int:pk>/trial/", wrap(self.trial_view), name="ordering_restaurant_trial"),
        ]
        return [*own, *super().get_urls()]

    def rehearse_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A GET builds everything; a POST asks the register as well."""
        restaurant = self._changeable(request, pk)
        asked = request.method == "POST"
        findings = rehearse(restaurant, ask=asked)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Rehearse"),
            "subtitle": restaurant,
            "opts": self.opts,
            "media": self.media,
            "restaurant": restaurant,
            "asked": asked,
            "rows": [
                (each.level.value, WORDS[each.level], each, _page_of(each))
                # What is to be mended first: a carte has hundreds that are good.
                for each in sorted(findings, key=lambda each: URGENT.index(each.level))
            ],
            "wrong": sum(each.level == Level.BAD for each in findings),
            "form": TableForm(restaurant),
        }
        return TemplateResponse(request, "admin/ordering/restaurant/rehearse.html", context)

    def trial_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Writes the order; what becomes of it is seen on its page."""
        restaurant = self._changeable(request, pk)
        if request.method != "POST":
            raise Http404
        back = reverse("admin:ordering_restaurant_rehearse", args=[pk])
        form = TableForm(restaurant, request.POST)
        if not form.is_valid():
            self.message_user(request, gettext("Choose a table."), messages.ERROR)
            return HttpResponseRedirect(back)
        table: Table = form.cleaned_data["table"]
        try:
            addition = training.place(restaurant=restaurant, table_number=table.number)
        except training.NotSent as error:
            said = gettext("Nothing was sent: %(why)s.") % {"why": error}
            self.message_user(request, said, messages.ERROR)
            return HttpResponseRedirect(back)
        self.log_change(request, restaurant, gettext("Order for a training table."))
        said = gettext(
            "This order is on its way to %(table)s. Load this page again to see it arrive, "
            "and cancel it on the till when you have seen it there."
        ) % {"table": table}
        self.message_user(request, said, messages.WARNING)
        return HttpResponseRedirect(
            reverse("admin:ordering_order_change", args=[addition.order_id])
        )


def _page_of(finding: Finding) -> str:
    """Where it is mended; an option is a row on its group's page."""
    thing = finding.thing
    if thing is None:
        return ""
    shown = thing.group if isinstance(thing, Option) else thing
    name = f"admin:{shown._meta.app_label}_{shown._meta.model_name}_change"
    try:
        return reverse(name, args=[shown.pk])
    except NoReverseMatch:
        return ""
