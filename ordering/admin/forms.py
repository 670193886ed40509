"""The one form of admin: it knows whose restaurant it is for, and says what is wrong next to the field (P25)."""

from __future__ import annotations

from itertools import chain, count
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Max
from django.utils.text import capfirst, slugify
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from ordering.admin import closed_days, house_notes, widgets
from ordering.admin.fields import (
    AllergensField,
    DietsField,
    LanguagesField,
    MoneyField,
    NetworksField,
    PercentField,
    SlotsField,
    TextsField,
    TimeZoneField,
)
from ordering.admin.paths import narrow, parent_name, restaurant_of
from ordering.models import Product, Restaurant, SetMenu
from ordering.restaurant_file.rules import LEGAL_AT_MOST
from ordering.texts import LIGATURES
from pos_bridge.models import Register
from pos_bridge.registers import adapter_class
from pos_bridge.registers.base import Adapter

KEY_HELP = _("The restaurant file finds it by this. Empty: made from the name.")
POSITION_HELP = _("Lowest first. Empty: at the end.")
SLOTS_HELP = _(
    "One line for each: “tue–fri 12:00-14:30”, or “19:00-02:00” for every day. "
    "Empty: whenever ordering is open."
)
# What the adapters say, who know no Django.
ID_PROBLEMS = [gettext_noop("only ASCII digits are an id on this register")]
# Orders store these in small columns.
SMALL = 32_767


def form_field(db_field: models.Field[Any, Any], **said: Any) -> forms.Field | None:
    """The field made for people, or None where Django's own does. `said`: another label or help text."""
    name = db_field.name
    given: dict[str, Any] = {
        "label": capfirst(db_field.verbose_name),
        "required": not db_field.blank,
        "help_text": db_field.help_text,
        **{key: said[key] for key in ("label", "help_text") if key in said},
    }
    if isinstance(db_field, models.JSONField):
        if name.startswith("legal_"):
            return TextsField(long=True, most=LEGAL_AT_MOST, **given)
        match name:
            case "name":
                return TextsField(**given)
            case "description":
                return TextsField(long=True, **given)
            case "served" | "hours" | "happy_hours":
                return SlotsField(**{**given, "help_text": given["help_text"] or SLOTS_HELP})
            case "closed_days":
                return closed_days.ClosedDaysField(
                    **{**given, "help_text": given["help_text"] or closed_days.HELP}
                )
            case "notes":
                return house_notes.NotesField(**given)
            case "allergens":
                return AllergensField(**given)
            case "diets":
                return DietsField(**given)
            case "languages":
                return LanguagesField(**given)
            case "networks":
                return NetworksField(**given)
    if isinstance(db_field, models.BigIntegerField):
        # Only an option may take something off the price.
        signed = name == "price" and not issubclass(db_field.model, (Product, SetMenu))
        initial = db_field.get_default() if db_field.has_default() else None
        return MoneyField(signed=signed, initial=initial, **given)
    if isinstance(db_field, models.DateField) and not isinstance(db_field, models.DateTimeField):
        return forms.DateField(widget=widgets.DayInput(), **given)
    if name == "vat":
        return PercentField(max_digits=4, decimal_places=2, **given)
    if name == "timezone":
        return TimeZoneField(max_length=64, initial="Europe/Paris", **given)
    return None


# What others change while a page is open: the page says what stood there, so that it is not put back.
MOVES_ON = {
    "sold_out", "sold_out_until", "portions", "allergens", "price", "happy_price", "happy_hours",
    "served", "hours", "free_note",
}  # fmt: skip


class HouseForm(forms.ModelForm):  # type: ignore[type-arg]
    """Offers the languages, the things and the register's rules of one restaurant."""

    # Of a form that stands alone; one of an inline is told by its formset.
    restaurant: Restaurant | None = None
    # Where the page is only to be read, values are said in words.
    shown_only = False

    def __init__(
        self,
        *args: Any,
        restaurant: Restaurant | None = None,
        made_keys: set[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.restaurant = restaurant or self.restaurant
        # Shared by the rows of an inline, so that two new ones do not make the same key.
        self.made_keys = set() if made_keys is None else made_keys
        belongs = parent_name(type(self.instance)) == "restaurant"
        if self.restaurant and belongs and self.instance.restaurant_id is None:
            # Chosen once, when the thing is made: nothing of a carte moves to another house.
            self.instance.restaurant = self.restaurant
        for name, field in self.fields.items():
            self._prepare(name, field)
            if self.shown_only and isinstance(field.widget, widgets.Plain):
                field.widget.read_only = True

    def _prepare(self, name: str, field: forms.Field) -> None:
        if isinstance(field.widget, widgets.Templated):
            field.widget.named = str(capfirst(field.label or ""))
        if isinstance(field, TextsField):
            languages = self.restaurant.languages if self.restaurant else []
            field.speak(languages, getattr(self.instance, name, None))
        elif isinstance(field, house_notes.NotesField):
            field.speak(
                self.restaurant.languages if self.restaurant else [], self.initial.get(name)
            )
            field.show_hidden_initial = True
        elif isinstance(field, forms.ModelChoiceField) and self.restaurant:
            if field.queryset is not None and field.queryset.model is not Restaurant:
                field.queryset = narrow(field.queryset, [self.restaurant.pk])
        elif name == "key":
            field.required = False
            field.help_text = KEY_HELP
        elif name == "position":
            field.required = False
            field.help_text = POSITION_HELP
            if self.instance._state.adding:
                self.initial["position"] = None
        elif name in MOVES_ON:
            field.show_hidden_initial = True
        elif name.startswith("limit_") and isinstance(field, forms.IntegerField):
            field.validators.append(MaxValueValidator(SMALL))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "key" in self.fields and "key" not in self.errors:
            self._clean_key(cleaned)
        least, most = cleaned.get("min"), cleaned.get("max")
        if least is not None and most is not None and least > most:
            self.add_error("min", _("“At least” is above “at most”."))
        if "allergens" in cleaned and "allergens" in self.changed_data:
            self._clean_allergens(self["allergens"])
        return cleaned

    def _clean_allergens(self, bound: forms.BoundField) -> None:
        """Who declares otherwise has seen what is declared now, or would take back what somebody else has (P22)."""
        stored, field = self.initial.get("allergens"), bound.field
        seen = self.data.get(bound.html_initial_name)
        if self.instance.pk is None or seen is None or not field.has_changed(stored, bound.data):
            return
        try:
            same = field.to_python(seen) == field.clean(stored)
        except forms.ValidationError:
            same = False
        if not same:
            said = _("Nothing was changed: “%(name)s” is not what you saw any more. Look again.")
            self.add_error("allergens", forms.ValidationError(said, params={"name": self.instance}))

    def clean_position(self) -> int:
        position: int | None = self.cleaned_data["position"]
        return self.next_position() if position is None else position

    def clean_register_id(self) -> str:
        register_id: str = self.cleaned_data["register_id"].strip()
        kind = register_id and self.restaurant and register_kind(self.restaurant)
        if kind and (problem := id_problem(kind, register_id)):
            raise forms.ValidationError(
                _("“%(id)s” cannot be an id on the register: %(why)s."),
                params={"id": register_id, "why": problem},
            )
        return register_id

    def next_position(self) -> int:
        last = self.siblings().aggregate(last=Max("position"))["last"]
        return 0 if last is None else last + 1

    def siblings(self) -> models.QuerySet[Any]:
        """What stands beside this in the same restaurant, group or menu."""
        model = type(self.instance)
        parent = getattr(self.instance, f"{parent_name(model)}_id")
        return model._default_manager.filter(**{parent_name(model): parent})

    def _clean_key(self, cleaned: dict[str, Any]) -> None:
        key = cleaned.get("key") or ""
        if not key:
            name = next(iter((cleaned.get("name") or {}).values()), "")
            cleaned["key"] = self._free_key(name) if name else ""
        elif key in self._taken_keys():
            self.add_error("key", _("Another one has this key already."))

    def _taken_keys(self) -> set[str]:
        """Keys of the siblings; products and set menus share theirs, since categories name both."""
        taken = set(self.siblings().exclude(pk=self.instance.pk).values_list("key", flat=True))
        other: type[models.Model] | None = {Product: SetMenu, SetMenu: Product}.get(
            type(self.instance)
        )
        if other is not None:
            sold = other._default_manager.filter(restaurant=self.instance.restaurant_id)
            taken |= set(sold.values_list("key", flat=True))
        return taken

    def _free_key(self, name: str) -> str:
        latin = name.translate(LIGATURES)
        # A name in another script leaves no letters for a key.
        stem = (
            slugify(latin).replace("_", "-").strip("-")[:60] or type(self.instance).__name__.lower()
        )
        taken = self._taken_keys() | self.made_keys
        numbered = (f"{stem}-{number}" for number in count(2))
        key = next(key for key in chain([stem], numbered) if key not in taken)
        self.made_keys.add(key)
        return key

    def _get_validation_exclusions(self) -> set[str]:
        # The restaurant is not on the form, and the rules that name it hold all the same.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"restaurant"} if self.restaurant else excluded


class Named(forms.BaseModelFormSet):  # type: ignore[type-arg]
    """Rows of a table: each input is named by its column, for whoever does not see the table."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            # Each row has its own copy of the widget, and what stands in the frame of a related thing's links has one.
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs.setdefault("aria-label", str(capfirst(field.label or "")))


class HouseFormSet(Named, forms.BaseInlineFormSet):  # type: ignore[type-arg]
    """Tells each row whose restaurant it is for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.made_keys: set[str] = set()
        super().__init__(*args, **kwargs)

    def save_existing(self, form: Any, obj: Any, commit: bool = True) -> Any:
        """Only what the person changed, as HouseAdmin.save_model."""
        if commit:
            columns = {field.name for field in obj._meta.concrete_fields}
            obj.save(update_fields=columns & set(form.changed_data))
        return obj

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(index),
            "restaurant": restaurant_of(self.instance),
            "made_keys": self.made_keys,
        }

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        # Django lets the hidden number of a row be any row's of the table.
        number = form.fields[self.model._meta.pk.name]  # type: ignore[union-attr]
        if isinstance(number, forms.ModelChoiceField) and number.queryset is not None:
            restaurant = restaurant_of(self.instance)
            number.queryset = narrow(number.queryset, [restaurant.pk] if restaurant else [])


def register_kind(restaurant: Restaurant) -> str | None:
    """The kind of the register in use, whose ids everything carries."""
    current = Register.objects.filter(restaurant=restaurant, current=True)
    return current.values_list("kind", flat=True).first()


def id_problem(kind: str, register_id: str) -> str | None:
    """Why this cannot be an id on such a register, in the language of the page."""
    # A kind that is not spoken yet has ids like the others (restaurant.schema.json).
    problem = (adapter_class(kind) or Adapter).id_problem(register_id)
    return gettext(problem) if problem else None
