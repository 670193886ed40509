"""All that a phone may send. A number is ASCII digits, 1 to 999; anything else is refused in words (F14)."""

import re
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

DIGITS = re.compile(r"[0-9]{1,3}\Z", re.ASCII)
OPTION = "option."  # what the name of a group's inputs begins with


class CountField(forms.CharField):
    """A whole number: not "2.5", not "١٢", not "1e9", not "-1"."""

    default_error_messages = {
        "required": _("Please enter a whole number from 1 to 999."),
        "count": _("Please enter a whole number from 1 to 999."),
    }

    def __init__(self, *, lowest: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lowest = lowest

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        if not text:
            return None
        if not DIGITS.match(text) or int(text) < self.lowest:
            raise forms.ValidationError(self.error_messages["count"], code="count")
        return int(text)


class Form(forms.Form):
    """With its mistakes as sentences."""

    def words(self) -> list[str]:
        return [str(word) for words in self.errors.values() for word in words]


class Stepped(Form):
    """A number between − and +. Without a script the two buttons send `step` with the form."""

    step = forms.ChoiceField(choices=[("-1", "−"), ("1", "+")], required=False)

    def step_by(self) -> int:
        return int(self.cleaned_data["step"] or 0)


class JoinForm(Stepped):
    """The covers, or nothing where a party already sits at the table."""

    covers = CountField(required=False)


class CoversForm(Stepped):
    covers = CountField()

    def stepped(self) -> int:
        return int(self.cleaned_data["covers"]) + self.step_by()


class AddForm(Stepped):
    product = forms.CharField(max_length=64)
    quantity = CountField()

    def stepped(self) -> int:
        return max(1, int(self.cleaned_data["quantity"]) + self.step_by())


class LineForm(Stepped):
    """One line of the cart: a new quantity, a step, or away with it."""

    line = forms.CharField(max_length=32)
    quantity = CountField(lowest=0)
    remove = forms.BooleanField(required=False)

    def stepped(self) -> int:
        if self.cleaned_data["remove"]:
            return 0
        return int(self.cleaned_data["quantity"]) + self.step_by()


class SendForm(Form):
    submission_key = forms.RegexField(r"^[A-Za-z0-9_-]{16,64}\Z")
    seen = forms.RegexField(r"^[0-9a-f]{64}\Z")


def chosen(data: QueryDict) -> list[tuple[str, str]]:
    """(group, option) of each input that was filled in; the server knows which of them are offered."""
    return [
        (name.removeprefix(OPTION), option)
        for name in data
        if name.startswith(OPTION)
        for option in data.getlist(name)
        if option
    ]
