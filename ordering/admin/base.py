"""The one base class of admin. It keeps the restaurants apart: every model registered here is narrowed by it.

What a person may do follows from `Membership` alone; Django's permission rows play no part. A test walks every
registered model as the manager of one restaurant and finds nothing of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import override

from ordering.admin import slips, unsupported, whole_days
from ordering.admin.forms import HouseForm, HouseFormSet, Named, form_field
from ordering.admin.paths import PATHS, narrow, restaurant_of
from ordering.models import Membership, Restaurant
from ordering.services import carte

Role = Membership.Role

VIEW, ADD, CHANGE, DELETE = "view", "add", "change", "delete"
EVERYTHING = frozenset({VIEW, ADD, CHANGE, DELETE})
READING = frozenset({VIEW})
NOTHING: frozenset[str] = frozenset()


def roles(request: HttpRequest) -> dict[int, str]:
    """The person's role at each of their restaurants, read once for each request."""
    if not hasattr(request, "tablee_roles"):
        found = Membership.objects.filter(user=request.user.pk).values_list("restaurant", "role")
        request.tablee_roles = dict(found)  # type: ignore[attr-defined]
    known: dict[int, str] = request.tablee_roles  # type: ignore[attr-defined]
    return known


def is_installer(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_superuser


class Narrowed(BaseModelAdmin):  # type: ignore[type-arg]
    """Shows, offers, and changes nothing but what belongs to the person's restaurants."""

    # What each may do with such things: the installer everywhere, a role at its own restaurants.
    installer_may = EVERYTHING
    manager_may = EVERYTHING
    service_may = READING

    def rights(self, role: str) -> frozenset[str]:
        return self.manager_may if role == Role.MANAGER else self.service_may

    def restaurants(self, request: HttpRequest, right: str) -> list[int]:
        """Where this person may do this, of their own restaurants."""
        return [pk for pk, role in roles(request).items() if right in self.rights(role)]

    def may(self, request: HttpRequest, right: str, thing: models.Model | None = None) -> bool:
        if is_installer(request):
            return right in self.installer_may
        if thing is None:
            return bool(self.restaurants(request, right))
        restaurant = restaurant_of(thing)
        return restaurant is not None and restaurant.pk in self.restaurants(request, right)

    def allowed(
        self, request: HttpRequest, queryset: models.QuerySet[Any], right: str
    ) -> models.QuerySet[Any]:
        """What of the rows this person may see, or change, or delete."""
        if is_installer(request):
            return queryset if right in self.installer_may else queryset.none()
        return narrow(queryset, self.restaurants(request, right))

    def unlinked(
        self, request: HttpRequest, obj: models.Model | None, names: Iterable[Any]
    ) -> list[Any]:
        """Fields that are only read, without links to pages that this person is refused."""
        relations = {field.name: field for field in self.opts.fields if field.is_relation}
        return [
            name
            if name not in relations or self._may_open(request, relations[name], obj)
            else _in_words(name, relations[name].verbose_name)
            for name in names
        ]

    def _may_open(self, request: HttpRequest, relation: Any, obj: models.Model | None) -> bool:
        page: Any = self.admin_site._registry.get(relation.related_model)
        return page is None or page.may(request, VIEW, obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self.allowed(request, super().get_queryset(request), VIEW)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, VIEW, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, ADD, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, CHANGE, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, DELETE, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, VIEW)

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: Any, **kwargs: Any
    ) -> forms.Field | None:
        return form_field(db_field, **kwargs) or super().formfield_for_dbfield(
            db_field, request, **kwargs
        )

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and field.queryset is not None and not is_installer(request):
            # Only what they may write to: one who serves at B and manages A links nothing of B.
            writes = {*self.restaurants(request, ADD), *self.restaurants(request, CHANGE)}
            field.queryset = narrow(field.queryset, writes)
        return field

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField[Any] | None:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and field.queryset is not None and not is_installer(request):
            field.queryset = narrow(field.queryset, self.restaurants(request, CHANGE))
        return field


class HouseInline(Narrowed, admin.TabularInline):  # type: ignore[type-arg]
    form = HouseForm
    formset = HouseFormSet
    extra = 0

    class Media:
        js = (forms.Script("admin-tablee/rows.js", defer=True),)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        if obj is not None and not self.has_change_permission(request, obj):
            formset.form = _shown_only(formset.form)
        return formset


class HouseAdmin(Narrowed, admin.ModelAdmin):  # type: ignore[type-arg]
    """Things of one restaurant: which one is chosen before they are made, and stays."""

    form: type[forms.ModelForm[Any]] = HouseForm
    # Saving, deleting and inlines of these make the cached pages of the carte old.
    of_carte = False
    list_per_page = 200
    # Said where a thing cannot be deleted, because something that happened hangs on it.
    instead_of_deleting: Any = ""

    class Media:
        css = {"all": ("admin-tablee/admin.css",)}

    # --- Which restaurant ----------------------------------------------------------------------

    def chosen(self, request: HttpRequest) -> Restaurant | None:
        """The restaurant of a new thing: the only one there is, or the one in the address."""
        if PATHS.get(self.model) != "restaurant":
            return None
        allowed = self.choice(request)
        filters = QueryDict(request.GET.get("_changelist_filters", ""))
        wanted = request.GET.get("restaurant") or filters.get("restaurant__id__exact")
        if wanted is not None:
            found = allowed.filter(pk=wanted).first() if wanted.isdecimal() else None
            if found is None:
                raise PermissionDenied
            return found
        few = list(allowed[:2])
        return few[0] if len(few) == 1 else None

    def choice(self, request: HttpRequest) -> models.QuerySet[Restaurant]:
        everywhere = Restaurant.objects.all()
        if is_installer(request):
            return everywhere
        return narrow(everywhere, self.restaurants(request, ADD))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if self.has_add_permission(request) and (asked := self.ask_restaurant(request)):
            return asked
        return super().add_view(request, form_url, extra_context)

    def ask_restaurant(self, request: HttpRequest) -> HttpResponse | None:
        """A page of the restaurants to choose from, where it is not clear which is meant."""
        if PATHS.get(self.model) != "restaurant" or self.chosen(request):
            return None
        if not self.choice(request).exists():
            self.message_user(request, _("First there must be a restaurant."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:ordering_restaurant_add"))
        links = []
        for restaurant in self.choice(request):
            query = request.GET.copy()
            query["restaurant"] = str(restaurant.pk)
            links.append((restaurant, f"{request.path}?{query.urlencode()}"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("For which restaurant?"),
            "opts": self.opts,
            "links": links,
        }
        return TemplateResponse(request, "admin/tablee/choose_restaurant.html", context)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        response = super().response_add(request, obj, post_url_continue)
        if "_addanother" in request.POST and "restaurant" in request.GET:
            # The next one is for the same restaurant.
            return HttpResponseRedirect(request.get_full_path())
        return response

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        shown_only = obj is not None and not self.has_change_permission(request, obj)
        # Django would take the fields off a form that is only read, and show the columns as they are stored.
        form = super().get_form(request, obj, change=change and not shown_only, **kwargs)
        restaurant = self.chosen(request) if obj is None else restaurant_of(obj)
        form = type(form.__name__, (form,), {"restaurant": restaurant})
        return _shown_only(form) if shown_only else form

    # --- What is listed ------------------------------------------------------------------------

    def several(self, request: HttpRequest) -> bool:
        """Whether this person has restaurants to tell apart."""
        return is_installer(request) or len(self.restaurants(request, VIEW)) > 1

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        # Django's “Select … to change” is no French, and no help.
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return [name for name in columns if name != "restaurant" or self.several(request)]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Filters by a related thing offer only what the narrowed list holds."""
        filters: list[Any] = []
        for item in super().get_list_filter(request):
            if not isinstance(item, str) or not self._is_relation(item):
                filters.append(item)
            elif item != "restaurant" or self.several(request):
                filters.append((item, admin.RelatedOnlyFieldListFilter))
        return filters

    def get_changelist_formset(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_formset(request, **{"formset": Named, **kwargs})

    def _is_relation(self, path: str) -> bool:
        return get_fields_from_path(self.model, path)[-1].is_relation

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """Nothing but what the sidebar offers: an address must not ask letter by letter for what no page shows."""
        offered: set[Any] = {self.date_hierarchy, "id"}
        item: Any
        for item in self.list_filter:
            name = item[0] if isinstance(item, tuple) else item
            offered.add(getattr(name, "parameter_name", name))
        parts = lookup.split("__")
        begins = {"__".join(parts[:length]) for length in range(1, len(parts) + 1)}
        return bool(begins & offered) and super().lookup_allowed(lookup, value, request)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Django keeps “Price”, which no translation knows: the history needs the name as the model has it."""
        said = super().construct_change_message(request, form, formsets, add)
        models_told = [self.model, *(each.model for each in formsets or ())]
        with override(None):
            names = {
                str(capfirst(field.verbose_name)): str(field.verbose_name)
                for model in models_told
                for field in model._meta.fields + model._meta.many_to_many
            }
        for each in said:
            changed = each.get("changed", {})
            if "fields" in changed:
                changed["fields"] = [names.get(name, name) for name in changed["fields"]]
        return said

    # --- Writing -------------------------------------------------------------------------------

    def save_model(
        self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool
    ) -> None:
        columns = {field.name for field in self.opts.concrete_fields}
        if change:
            # The restaurant first: an order that counts portions locks its row, and then those of the dishes.
            self.carte_changed([obj])
            # Only what the person changed: counters and flags move on while the page is open.
            obj.save(update_fields=columns & set(form.changed_data))
            return
        if isinstance(form, HouseForm) and "position" in columns - set(form.fields):
            obj.position = form.next_position()
        obj.save()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self.carte_changed([form.instance])
        unsupported.say(request, form.instance)
        whole_days.say(request, form)
        slips.say(request, form)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        told = {"instead": self.instead_of_deleting, **(extra_context or {})}
        return super().delete_view(request, object_id, told)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.carte_changed([obj])
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            self.carte_changed(queryset)
            super().delete_queryset(request, self.allowed(request, queryset, DELETE))

    def carte_changed(self, things: Iterable[models.Model]) -> None:
        if self.of_carte:
            restaurants = {restaurant_of(thing) for thing in things}
            for restaurant in filter(None, restaurants):
                carte.changed(restaurant_id=restaurant.pk)

    def for_each(
        self,
        request: HttpRequest,
        queryset: models.QuerySet[Any],
        right: str,
        act: Callable[[Any], object],
        said: str,
    ) -> int:
        """Do it to those that the person may do it to, and write it into their history."""
        things = list(self.allowed(request, queryset, right))
        with transaction.atomic():
            for thing in things:
                act(thing)
                self.log_change(request, thing, said)
            self.carte_changed(things)
        return len(things)


@cache
def _in_words(name: str, label: Any) -> Callable[[models.Model], str]:
    # Kept: Django compares what is listed with what is only read.
    @admin.display(description=label)
    def shown(thing: models.Model) -> str:
        return str(getattr(thing, name))

    return shown


def _shown_only(form: type[forms.ModelForm[Any]]) -> type[forms.ModelForm[Any]]:
    """The same form, its values said in words."""
    return type(form.__name__, (form,), {"shown_only": True})
