"""Who may do what. Only the installer gives rights."""

from __future__ import annotations

from typing import Any

from axes.utils import reset
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ordering.admin.base import NOTHING, READING, HouseAdmin, Narrowed, is_installer
from ordering.models import Membership


class InstallersOnly(Narrowed):
    manager_may = NOTHING
    service_may = NOTHING


class MembershipInline(InstallersOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    extra = 1


admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(InstallersOnly, UserAdmin):  # type: ignore[type-arg]
    inlines = [MembershipInline]
    list_display = ["username", "first_name", "last_name", "is_active", "is_staff", "is_superuser"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (
            _("May come in"),
            {
                "fields": ["is_active", "is_staff", "is_superuser"],
                "description": _(
                    "Who works at a restaurant needs “staff status” and a membership below, and "
                    "nothing else. A superuser is the installer and sees every restaurant."
                ),
            },
        ),
        (None, {"fields": ["last_login"]}),
    ]
    readonly_fields = ["last_login"]
    filter_horizontal = []
    actions = ["let_in"]

    @admin.action(description=_("Let them try to log in again"), permissions=["change"])
    def let_in(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Whoever was locked out by wrong passwords need not wait (T21)."""
        for person in queryset:
            if reset(username=person.username):
                self.log_change(request, person, gettext("May try to log in again."))
        said = ngettext(
            "%(count)s person may try again.", "%(count)s people may try again.", queryset.count()
        )
        self.message_user(request, said % {"count": queryset.count()}, messages.SUCCESS)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        # The first page of a new person asks for name and password only.
        return self.inlines if obj else []


@admin.register(Membership)
class MembershipAdmin(HouseAdmin):
    manager_may = READING
    service_may = NOTHING
    form = forms.ModelForm
    fields = ["user", "restaurant", "role"]
    list_display = ["user", "restaurant", "role"]
    list_filter = ["restaurant", "role"]
    list_select_related = ["user", "restaurant"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # A manager reads who works there, and opens nobody's page.
        fields = super().get_fields(request, obj)
        return fields if is_installer(request) else self.unlinked(request, obj, fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if is_installer(request) else self.get_fields(request, obj)

    def chosen(self, request: HttpRequest) -> None:
        # Here the restaurant is one of the questions.
        return None

    def ask_restaurant(self, request: HttpRequest) -> None:
        return None
