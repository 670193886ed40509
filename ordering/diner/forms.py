"""All that a phone may send. A number is ASCII digits, 1 to 999; anything else is refused in words (F14)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ordering.models import Call
from ordering.services.set_menus import Composed
from ordering.services.visits import Answer

DIGITS = re.compile(r"[0-9]{1,3}\Z", re.ASCII)
OPTION = "option."  # what the name of a group's inputs begins with
CHOICE = "choice."  # of a course's; its options' are "option.<course>.<product>.<group>"
QUANTITY = "quantity."  # and of a cart line's
CODE = re.compile(
    r"[A-Za-z0-9_-]{1,64}"
)  # of a cart line; PostgreSQL cannot even be asked for a NUL
KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")  # of a submission, as SendForm takes it
TAP = re.compile(r"[0-9a-f]{16}")
NO_NUMBER = -1  # what every service refuses
# The forms to send a cart that are understood. Whoever changes what its fields mean counts up the number that the
# page says (_cart_seen.html), and keeps the one before here while pages with it may be open, 4 hours after the
# release (F11). The first release's said none.
SCHEMAS = {"", "1", "2"}


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

    step = forms.CharField(required=False)

    def step_by(self) -> int:
        return {"-1": -1, "1": 1}.get(self.cleaned_data["step"], 0)


class JoinForm(Stepped):
    """The covers, or nothing where a party already sits at the table; and whether the phone belongs to it, where it
    was asked.
    """

    covers = CountField(required=False)
    party = forms.CharField(required=False)
    seated = forms.CharField(required=False)

    def answer(self) -> Answer | None:
        """Nothing where it says nothing that we asked."""
        belongs = {"yes": True, "no": False}.get(self.cleaned_data.get("party", ""))
        try:
            seated_at = datetime.fromisoformat(self.cleaned_data.get("seated", ""))
        except ValueError:
            return None
        if belongs is None or seated_at.tzinfo is None:
            return None
        return Answer(seated_at, belongs)

    def declined(self) -> str | None:
        """Since when the party has been seated that the phone does not belong to, also beside wrong covers."""
        answer = self.answer()
        return answer.seated_at.isoformat() if answer and not answer.belongs else None


class MenuForm(Stepped):
    quantity = CountField()

    def stepped(self) -> int:
        return max(1, int(self.cleaned_data["quantity"]) + self.step_by())

    # Of a dish or a menu: add one, and ask again for the next.
    each = forms.CharField(required=False)

    def wanted(self) -> int:
        """How many are added as they are chosen now."""
        return 1 if self.cleaned_data["each"] else int(self.cleaned_data["quantity"])

    def left(self) -> int:
        """How many more are asked for after this one; 0 where nobody asked for them one by one."""
        more = int(self.cleaned_data["quantity"]) - 1
        return max(1, more) if self.cleaned_data["each"] else 0


class AddForm(MenuForm):
    product = forms.CharField(max_length=64)


class CallForm(Stepped):
    """Whom they want, and of the bill how they pay. No field takes a text: what it is about is said at the table."""

    kind = forms.ChoiceField(choices=Call.Kind.choices)
    pay = forms.ChoiceField(choices=Call.Pay.choices, required=False)
    parts = CountField(required=False)
    order = forms.RegexField(r"^[A-Za-z0-9_-]{16,64}\Z", required=False)

    def stepped(self, most: int) -> int:
        return max(1, min(int(self.cleaned_data["parts"] or 1) + self.step_by(), most))


class SendForm(Form):
    submission_key = forms.RegexField(r"^[A-Za-z0-9_-]{16,64}\Z")
    seen = forms.RegexField(r"^[0-9a-f]{64}\Z")
    # Of the guest's own lines; pages of the first release have none.
    seen_mine = forms.RegexField(r"^[0-9a-f]{64}\Z", required=False)
    # What was pressed: "mine" or "all"; "ready" or "wait", for the others.
    whose = forms.CharField(required=False)
    schema = forms.CharField(required=False)
    # The word of the day, where the page asks for it.
    word = forms.CharField(required=False)

    def alone(self) -> bool:
        """Whether only the guest's own lines are sent."""
        return bool(self.cleaned_data["whose"] == "mine")

    def is_understood(self) -> bool:
        """Whether its fields mean what this release takes them for; another one's are shown and asked again (F11)."""
        return self.cleaned_data["schema"] in SCHEMAS


def chosen(data: QueryDict) -> list[tuple[str, str]]:
    """(group, option) of each input that was filled in; the server knows which of them are offered."""
    return [
        (name.removeprefix(OPTION), option)
        for name in data
        if name.startswith(OPTION)
        for option in data.getlist(name)
        if option
    ]


def noted(data: QueryDict) -> dict[str, Any]:
    """The notes on a dish or a set menu, as services/cart.py takes them."""
    return {"notes": data.getlist("note"), "note": data.get("free_note", "")}


def tap(data: QueryDict) -> str:
    """The key of the tap, which only the script gives; nothing where it is none."""
    key = data.get("tap", "")
    return key if TAP.fullmatch(key) else ""


def left(data: QueryDict) -> int:
    """How many more of a dish are chosen one by one, in the address that the one before led to; 0 for none."""
    return max(0, _number(data.get("left", "")))


def composed(data: QueryDict) -> Composed:
    """What was chosen of each course of a set menu, with its options; those of other choices are not looked at."""
    options = chosen(data)
    return [
        {
            "course": course,
            "product": product,
            "chosen": [
                [name.removeprefix(f"{course}.{product}."), option]
                for name, option in options
                if name.startswith(f"{course}.{product}.")
            ],
        }
        for field in data
        if field.startswith(CHOICE)
        for course in [field.removeprefix(CHOICE)]
        for product in data.getlist(field)
        if product
    ]


@dataclass(frozen=True)
class CartPage:
    """What stands in the fields of the cart page. What was not sent has not been changed."""

    quantities: dict[str, int]
    covers: int | None
    removed: list[str]
    serving: str | None = None
    name: str | None = None


def cart_page(data: QueryDict) -> CartPage:
    """The numbers on the cart page, after the − or + that was pressed there."""
    removed = [code for code in dict.fromkeys(data.getlist("remove")) if CODE.fullmatch(code)]
    quantities = {
        code: _stepped(data, code, data.get(name, ""))
        for name in data
        if name.startswith(QUANTITY) and CODE.fullmatch(code := name.removeprefix(QUANTITY))
        if code not in removed
    }
    covers = _stepped(data, "covers", data.get("covers", "")) if "covers" in data else None
    if covers == _number(data.get("covers_before", "")) != NO_NUMBER:
        covers = None  # another phone may have corrected them since
    serving = data.get("serving")
    if serving == data.get("serving_before"):
        serving = None  # likewise
    name: str | None = str(data.get("name", ""))
    if "name" not in data or name == data.get("name_before", ""):
        name = None  # what was not changed here may have been changed in another tab
    return CartPage(quantities, covers, removed, serving, name)


def _stepped(data: QueryDict, what: str, text: Any) -> int:
    number = _number(text)
    step = (what in data.getlist("more")) - (what in data.getlist("less"))
    return NO_NUMBER if number == NO_NUMBER else max(0, number + step)


def _number(text: Any) -> int:
    return int(text) if DIGITS.match(text.strip()) else NO_NUMBER
