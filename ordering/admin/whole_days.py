"""“17:00-17:00” is a whole day, as the restaurant file has it; who types it has more often slipped, and is told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from ordering.admin.fields import SlotsField, slots_text


def say(request: HttpRequest, form: forms.ModelForm[Any]) -> None:
    """Warn of what was typed just now, on the next page. It is saved: a file says so too, and may mean it."""
    for name in form.changed_data:
        field = form.fields[name]
        if not isinstance(field, SlotsField):
            continue
        for slot in form.cleaned_data[name] or []:
            if slot["from"] == slot["to"]:
                said = gettext(
                    "%(field)s: “%(slot)s” is a whole day, from %(time)s to %(time)s on the next. "
                    "If you mean less, write when it ends."
                )
                values = {"field": field.label, "slot": slots_text([slot]), "time": slot["from"]}
                messages.warning(request, said % values)
