"""The register with its keys, which go in and never come out."""

from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from ordering.admin import widgets
from ordering.admin.base import CHANGE, NOTHING, HouseAdmin
from ordering.admin.forms import HouseForm, id_problem
from ordering.admin.paths import narrow
from ordering.models import Option, Product, Restaurant, SetMenu, Table
from ordering.services import registers
from pos_bridge import address, decisions
from pos_bridge.encryption import DOTS, mask
from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Rejected, Uncertain
from pos_bridge.models import HIGHEST_NUMBER, Register, StrangeNumber
from pos_bridge.registers import adapter_for, kinds, maker
from pos_bridge.words import reason

# So many numbers that were never given here are listed; what is said of them counts them all.
SHOWN = 100
# Of a try that books nothing. The class is all that is shown: an answer could be anything (P19, T25).
OUTCOMES: list[tuple[type[DeliveryError], Any]] = [
    (NotSent, _("it cannot be reached at its address")),
    (Misconfigured, _("something here must be changed first: most often a key, else the address")),
    (Rejected, _("it answers, and refuses what it was asked; are the keys right?")),
    (Uncertain, _("something answers that does not speak as a register does")),
]


def _input_name(kind: str, credential: str) -> str:
    return f"{kind}_{credential}"


class RegisterRules(HouseForm):
    """Keys typed here replace those that are stored, one by one; an empty input keeps what is there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.credentials if self.instance.pk else {}
        for kind, _label in kinds():
            for name in registers.credential_names(kind):
                field = self.fields.get(_input_name(kind, name))
                if field is not None and kind == self.instance.kind and name in stored:
                    field.help_text = _("Now %(mask)s. Leave empty to keep it.") % {
                        "mask": mask(stored[name])
                    }

    def typed(self, kind: str) -> dict[str, str]:
        return {
            name: self.cleaned_data.get(_input_name(kind, name), "")
            for name in registers.credential_names(kind)
        }

    def clean_base_url(self) -> str:
        base_url: str = self.cleaned_data["base_url"].strip()
        if problem := address.problem(base_url):
            self._forget_what_may_be_a_key(base_url)
            raise forms.ValidationError(problem)
        return base_url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        kind, base_url = cleaned.get("kind"), cleaned.get("base_url")
        if not kind:
            return cleaned
        self._refuse_keys_of_others(kind)
        if base_url:
            self._need_all_keys(kind, base_url)
        if self.restaurant and (problem := _first_id_problem(self.restaurant, kind)):
            self.add_error("kind", problem)
        return cleaned

    def _refuse_keys_of_others(self, kind: str) -> None:
        for other, _label in kinds():
            for name, value in self.typed(other).items() if other != kind else ():
                if value:
                    self.add_error(
                        _input_name(other, name), _("This is a key of another kind of register.")
                    )

    def _need_all_keys(self, kind: str, base_url: str) -> None:
        typed = self.typed(kind)
        for name in registers.missing_keys(self.restaurant, kind, base_url, typed):
            self.add_error(
                _input_name(kind, name),
                _("Needed. Another kind, address or shop needs its keys typed anew."),
            )

    def _forget_what_may_be_a_key(self, base_url: str) -> None:
        """Whoever pastes a whole request as the address has pasted its key: the page does not repeat it."""
        plain = base_url.partition("?")[0].partition("#")[0]
        shown = "" if "@" in plain else plain
        # Copied by itself: a QueryDict taken apart is one of lists, and an empty key would be "['']".
        data: Any = copy(self.data)
        data[self.add_prefix("base_url")] = shown
        self.data = data


def _first_id_problem(restaurant: Restaurant, kind: str) -> str | None:
    """What has an id already that such a register cannot have."""
    for model in (Product, Option, SetMenu, Table):
        things = narrow(model._default_manager.exclude(register_id=""), [restaurant.pk])
        for thing in things:
            if problem := id_problem(kind, thing.register_id):
                return gettext(
                    "“%(thing)s” has the id “%(id)s”, which cannot be one on such a register: %(why)s."
                ) % {"thing": thing, "id": thing.register_id, "why": problem}
    return None


def _key_field(credential: str) -> forms.CharField:
    return forms.CharField(
        label=credential, required=False, max_length=500, widget=widgets.SecretInput()
    )


RegisterForm: Any = type(HouseForm)(  # type: ignore[misc]
    "RegisterForm",
    (RegisterRules,),
    {
        _input_name(kind, name): _key_field(name)
        for kind, _label in kinds()
        for name in registers.credential_names(kind)
    },
)


@admin.register(Register)
@method_decorator(sensitive_post_parameters(), name="changeform_view")
class RegisterAdmin(HouseAdmin):
    service_may = NOTHING
    # Deleted, it is gone from the cached carte as well, which knows whether there is one.
    of_carte = True
    form = RegisterForm
    list_display = ["__str__", "restaurant", "base_url", "current", "paused", "silence"]
    list_filter = ["restaurant", "kind", "current"]
    list_select_related = ["restaurant"]
    actions = ["check_connections"]
    instead_of_deleting = _(
        "A register that has had orders stays, for its orders. To use another one, change kind, address or keys on its "
        "page; to stop ordering, untick “takes orders” on the restaurant’s page."
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        # The list does not even read the keys.
        return super().get_queryset(request).defer("credentials")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # One of before stays as it was for what still waits for it.
        return super().has_change_permission(request, obj) and (obj is None or obj.current)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None and not obj.current:
            shown = ["kind", "base_url", "keys", "current", "paused", "silence"]
            return [(None, {"fields": shown, "description": _("A register of before.")})]
        state = [
            name
            for name, shown in (
                ("paused", obj is not None and obj.paused_reason),
                ("silence", obj is not None and obj.failures),
            )
            if shown
        ]
        groups = [
            (
                label,
                {
                    "fields": [
                        _input_name(kind, name) for name in registers.credential_names(kind)
                    ],
                    "classes": [] if obj is None or obj.kind == kind else ["collapse"],
                    "description": maker(kind).note
                    or _("Only for this kind; its maker gives them to the restaurant."),
                },
            )
            for kind, label in kinds()
        ]
        return [(None, {"fields": ["kind", "base_url", *state]}), *groups]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["keys", "paused", "silence", "current"]

    @admin.display(description=_("keys"))
    def keys(self, register: Register) -> str:
        masked = register.credentials.masked()
        return ", ".join(f"{name} {dots}" for name, dots in masked.items()) or DOTS

    @admin.display(description=_("paused because"), ordering="paused_reason")
    def paused(self, register: Register) -> str:
        return reason(register.paused_reason)

    @admin.display(description=_("no answer"), ordering="silent_since")
    def silence(self, register: Register) -> str:
        """Tries in a row that it has not answered as it should, and since when."""
        if not register.failures:
            return ""
        tries = ngettext("%(count)s try in a row", "%(count)s tries in a row", register.failures)
        tries %= {"count": register.failures}
        if register.silent_since is None:
            return tries
        since = date_format(localtime(register.silent_since), "SHORT_DATETIME_FORMAT")
        return gettext("%(tries)s, since %(time)s") % {"tries": tries, "time": since}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        restaurant = obj.restaurant
        configured = registers.configure(
            restaurant=restaurant,
            kind=form.cleaned_data["kind"],
            base_url=form.cleaned_data["base_url"],
            credentials=form.typed(form.cleaned_data["kind"]),
        )
        # From here on, history and answer speak of the record that is in use.
        obj.pk = configured.register.pk
        obj.refresh_from_db()
        if configured.another:
            said = _(
                "This is another register: new orders go to it. What waits for the one before stays "
                "with that one, and is not sent to this."
            )
            self.message_user(request, said, messages.WARNING)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        response = super().response_change(request, obj)
        if "_continue" in request.POST:
            return HttpResponseRedirect(_page_of(obj.pk))
        return response

    # --- Numbers that were never given here ----------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        shown: dict[str, Any] = {**(extra_context or {})}
        if object_id.isdecimal():
            strange = StrangeNumber.objects.filter(register=int(object_id), settled_at=None)
            mine = self.allowed(request, Register.objects.filter(pk=object_id), CHANGE)
            if strange.exists() and mine.exists():
                shown["strange"] = strange.order_by("-number")[:SHOWN]
                shown["strange_count"] = strange.count()
        return super().change_view(request, object_id, form_url, shown)

    def numbers_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A person has looked at the numbers, up to the highest that the page showed."""
        register = self.allowed(request, Register.objects.all(), CHANGE).filter(pk=pk).first()
        highest = request.POST.get("highest", "")
        if request.method != "POST" or register is None or not highest.isdecimal():
            raise Http404
        settled = decisions.accept_numbers(register, highest=min(int(highest), HIGHEST_NUMBER))
        said = ngettext(
            "%(count)s number was looked at: orders go on above %(highest)s.",
            "%(count)s numbers were looked at: orders go on above %(highest)s.",
            settled,
        ) % {"count": settled, "highest": highest}
        if settled:
            self.log_change(request, register, said)
        self.message_user(request, said, messages.SUCCESS if settled else messages.WARNING)
        return HttpResponseRedirect(_page_of(pk))

    # --- Checking the connection ---------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        check = path(
            "<int:pk>/check/",
            self.admin_site.admin_view(self.check_view),
            name="pos_bridge_register_check",
        )
        numbers = path(
            "<int:pk>/numbers/",
            self.admin_site.admin_view(self.numbers_view),
            name="pos_bridge_register_numbers",
        )
        return [check, numbers, *super().get_urls()]

    def check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        register = self.allowed(request, Register.objects.all(), CHANGE).filter(pk=pk).first()
        if request.method != "POST" or register is None:
            raise Http404
        self._check(request, register)
        return HttpResponseRedirect(_page_of(pk))

    @admin.action(description=_("Check the connection"), permissions=[CHANGE])
    def check_connections(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for register in self.allowed(request, queryset, CHANGE):
            self._check(request, register)

    def _check(self, request: HttpRequest, register: Register) -> None:
        level, words = _outcome(register)
        said = gettext("%(register)s: %(outcome)s.") % {"register": register, "outcome": words}
        self.message_user(request, said, level)


def _outcome(register: Register) -> tuple[int, str]:
    adapter = adapter_for(register)
    if adapter is None:
        return messages.WARNING, gettext("this kind of register is not spoken yet")
    try:
        adapter.check()
    except DeliveryError as error:
        words = (words for kind, words in OUTCOMES if isinstance(error, kind))
        return messages.ERROR, str(next(words, gettext("it did not work")))
    return messages.SUCCESS, gettext("it answers, and knows these keys")


def _page_of(pk: int) -> str:
    return reverse("admin:pos_bridge_register_change", args=[pk])
