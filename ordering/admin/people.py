"""Who may do what. Only the installer gives rights."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from axes.utils import reset
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ordering.admin.base import NOTHING, READING, HouseAdmin, Narrowed, is_installer
from ordering.models import Membership
from ordering.services import acts

LET_IN = _("Let them try to log in again")


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

    @admin.action(description=LET_IN, permissions=["change"])
    def let_in(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Whoever was locked out by wrong passwords need not wait (T21)."""
        for person in queryset:
            if reset(username=person.username):
                self.log_change(request, person, gettext("May try to log in again."))
        _say_let_in(self, request, queryset.count())

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        # The first page of a new person asks for name and password only.
        return self.inlines if obj else []


@admin.register(Membership)
class MembershipAdmin(HouseAdmin):
    manager_may = READING
    service_may = NOTHING
    form = forms.ModelForm
    fields = ["user", "restaurant", "role"]
    list_display = ["user", "restaurant", "role", "locked_out"]
    list_filter = ["restaurant", "role"]
    list_select_related = ["user", "restaurant"]
    actions = ["let_in"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        return super().get_queryset(request).annotate(locked_out=Exists(_locks()))

    @admin.display(description=_("Has tried too many wrong passwords"), boolean=True)
    def locked_out(self, membership: Any) -> bool:
        return bool(membership.locked_out)

    def has_let_in_permission(self, request: HttpRequest) -> bool:
        """Whoever reads the list is a manager of those who stand on it, or the installer."""
        return self.has_view_permission(request)

    @admin.action(description=LET_IN, permissions=["let_in"])
    def let_in(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        """A manager helps their own people, also on an evening on which no installer answers. Never the installer,
        whose password would be theirs to guess at without end (T21).
        """
        mine = queryset.filter(user__is_superuser=False)
        for membership in mine:
            with transaction.atomic():
                name = membership.user.get_username()
                if reset(username=name):
                    acts.record(
                        by=request.user,
                        restaurant=membership.restaurant,
                        what="login_let_in",
                        name=name,
                    )
        _say_let_in(self, request, mine.count())

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


def _locks() -> QuerySet[AccessAttempt]:
    """Of the person of a membership, at any address, as axes counts them."""
    return AccessAttempt.objects.filter(
        username=OuterRef("user__username"),
        failures_since_start__gte=settings.AXES_FAILURE_LIMIT,
        attempt_time__gt=timezone.now() - settings.AXES_COOLOFF_TIME,
    )


def _say_let_in(page: admin.ModelAdmin[Any], request: HttpRequest, count: int) -> None:
    said = ngettext("%(count)s person may try again.", "%(count)s people may try again.", count)
    page.message_user(request, said % {"count": count}, messages.SUCCESS)
