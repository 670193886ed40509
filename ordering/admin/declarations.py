"""Every change of an allergen declaration that is made in admin is kept, and shown (T34)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from ordering.admin.base import DELETE, READING, HouseAdmin
from ordering.admin.paths import restaurant_of
from ordering.admin.widgets import AllergensInput
from ordering.models import AllergenChange, Option, OptionGroup, Product
from ordering.services import declarations
from ordering.services.declarations import Declared, How

# On the page of a product; the list has them all.
SHOWN = 20


class KeepsDeclarations(HouseAdmin):
    """Writes down what a form or a deletion changes of allergens, in the same transaction."""

    @admin.display(description=_("changes of allergens"))
    def allergen_changes(self, thing: Any) -> str:
        """The newest of a product or an option, as a table."""
        if thing.pk is None:
            return "-"
        changes = thing.allergen_changes.all()[:SHOWN]
        return render_to_string(
            "admin/tablee/_allergen_changes.html",
            {"rows": [(each, said(each.before), said(each.after)) for each in changes]},
        )

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        rows = [form, *(row for formset in formsets for row in formset.forms)]
        gone = {id(row) for formset in formsets for row in formset.deleted_forms}
        restaurant = restaurant_of(form.instance)
        if restaurant is None:
            return
        declarations.keep(
            [
                _of_form(request, restaurant.pk, row, deleted=id(row) in gone)
                for row in rows
                if isinstance(row.instance, Product | Option) and "allergens" in row.fields
            ]
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            _keep_deleted(request, [obj])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            _keep_deleted(request, self.allowed(request, queryset, DELETE))
            super().delete_queryset(request, queryset)


def _of_form(
    request: HttpRequest, restaurant_id: int, form: Any, *, deleted: bool
) -> AllergenChange | None:
    """What the form of one product or option has changed. Its `initial` is what stood in the database."""
    thing = form.instance
    if not deleted and (thing.pk is None or "allergens" not in form.changed_data):
        return None
    # A row that was deleted has lost its number, and not its names.
    here = Declared(
        type(thing), thing.pk or 0, declarations.of(thing).key, str(thing), thing.allergens
    )
    before = Declared(here.model, here.pk, here.key, here.name, form.initial.get("allergens"))
    return declarations.changed(
        restaurant_id=restaurant_id,
        before=before,
        after=None if deleted else here,
        how=How.ADMIN,
        user=request.user,
    )


def _keep_deleted(request: HttpRequest, things: Iterable[models.Model]) -> None:
    changes = []
    for thing in things:
        restaurant = restaurant_of(thing)
        if restaurant is None:
            continue
        changes += [
            declarations.changed(
                restaurant_id=restaurant.pk,
                before=declarations.of(each),
                after=None,
                how=How.ADMIN,
                user=request.user,
            )
            for each in _declared_in(thing)
        ]
    declarations.keep(changes)


def _declared_in(thing: models.Model) -> list[Product | Option]:
    if isinstance(thing, OptionGroup):
        return list(thing.options.select_related("group"))
    return [thing] if isinstance(thing, Product | Option) else []


def said(declared: list[str] | None) -> str:
    return str(AllergensInput().words(declared))


@admin.register(AllergenChange)
class AllergenChangeAdmin(HouseAdmin):
    """To be read, by whoever works there; also what was declared of things that are gone."""

    installer_may = READING
    manager_may = READING
    list_display = ["at", "restaurant", "name", "was", "now", "how", "user_name"]
    list_filter = ["restaurant", "how"]
    list_select_related = ["restaurant"]
    search_fields = ["name", "key"]
    date_hierarchy = "at"
    fields = ["at", "name", "key", "was", "now", "how", "user_name"]
    readonly_fields = ["at", "name", "key", "was", "now", "how", "user_name"]

    @admin.display(description=_("before"))
    def was(self, change: AllergenChange) -> str:
        return said(change.before)

    @admin.display(description=_("after"))
    def now(self, change: AllergenChange) -> str:
        return str(_("deleted")) if change.deleted else said(change.after)
