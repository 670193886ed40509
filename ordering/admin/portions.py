"""Portions counted on the list of products and of set menus: before a service, all on one page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ordering.admin.base import CHANGE, HouseAdmin
from ordering.admin.forms import HouseForm
from ordering.services import carte

MOVED = _("Nothing was changed: “%(name)s” is not what you saw any more. Look again.")


class PortionsForm(HouseForm):
    """One row of the list. It says what stood there (forms.MOVES_ON), so that orders' counting is not taken back."""

    def seen(self) -> int | None:
        bound = self["portions"]
        return bound.field.to_python(self.data.get(bound.html_initial_name))

    def clean_portions(self) -> int | None:
        portions: int | None = self.cleaned_data["portions"]
        if "portions" in self.changed_data and self.instance.portions != self.seen():
            raise forms.ValidationError(MOVED, params={"name": self.instance})
        return portions


class CountsPortions(HouseAdmin):
    list_editable = ["portions"]

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        may = self.may

        class Form(PortionsForm):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                # Who manages one house and serves at another sees both on one list.
                if not may(request, CHANGE, self.instance):
                    self.fields["portions"].disabled = True

        return super().get_changelist_form(request, **{**kwargs, "form": Form})

    def save_model(
        self, request: HttpRequest, obj: Any, form: forms.ModelForm[models.Model], change: bool
    ) -> None:
        if not isinstance(form, PortionsForm):
            super().save_model(request, obj, form, change)
        elif not carte.count_portions(thing=obj, seen=form.seen(), portions=obj.portions):
            self.message_user(request, str(MOVED) % {"name": obj}, messages.ERROR)
