"""The carte by hand: categories, products, option groups, set menus."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from ordering.admin import widgets
from ordering.admin.base import CHANGE, DELETE, VIEW, HouseInline
from ordering.admin.declarations import KeepsDeclarations
from ordering.admin.duplicate import DuplicateAdmin
from ordering.admin.fields import AllergensField
from ordering.admin.forms import HouseForm, HouseFormSet
from ordering.admin.portions import CountsPortions, PortionsForm
from ordering.admin.prices import PRICES_BEFORE, OptionPricesAdmin, PricesAdmin
from ordering.admin.rates import TellsOtherRates
from ordering.admin.sold_out import SELL_OUT, SoldOut
from ordering.models import (
    Category,
    CategoryItem,
    Choice,
    Course,
    Option,
    OptionGroup,
    Photo,
    Product,
    ProductOptionGroup,
    SetMenu,
)
from ordering.restaurant_file import photos
from ordering.services import carte
from ordering.texts import folded

FOR_THE_FILE: Any = (_("In the restaurant file"), {"fields": ["key"], "classes": ["collapse"]})

HAPPY_HOUR: Any = (_("Happy hour"), {"fields": ["happy_price", "happy_hours"]})


class CarteAdmin(KeepsDeclarations):
    """What the cached pages of the carte are made of, found by its names in any language."""

    of_carte = True
    search_fields = ["key"]

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        found, doubles = super().get_search_results(request, queryset, search_term)
        words = folded(search_term).split()
        if not words:
            return found, doubles
        # Not by the database: SQLite's holds é as an escape, and neither of the two takes e for é.
        named = [
            pk
            for pk, texts in queryset.values_list("pk", "name")
            if all(word in folded(" ".join(texts.values())) for word in words)
        ]
        return queryset.filter(Q(pk__in=named) | Q(pk__in=found.values("pk"))), doubles


class PricedAdmin(CountsPortions, PricesAdmin, SoldOut, CarteAdmin):
    """A product or a set menu, with its photo, and what became of its price."""

    actions = [*SoldOut.actions, "change_prices"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.may(request, CHANGE, obj):
            return fieldsets
        # Nothing to be read there.
        return [
            (title, {**told, "fields": [name for name in told["fields"] if name != "upload"]})
            for title, told in fieldsets
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if isinstance(form, PortionsForm):
            return
        self.keep_price(request, obj, form, change)
        if photo := form.cleaned_data["upload"]:
            carte.set_photo(thing=obj, photo=photos.for_phones(photo))


class AllergenState(admin.SimpleListFilter):
    """To find what nobody has declared yet (P22)."""

    title = _("allergens")
    parameter_name = "allergens"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(widgets.ALLERGEN_STATES.items())

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any]:
        declared = queryset.filter(allergens__isnull=False)
        match self.value():
            case widgets.UNDECLARED:
                return queryset.filter(allergens__isnull=True)
            case widgets.NONE:
                return declared.filter(allergens=[])
            case widgets.CONTAINS:
                return declared.exclude(allergens=[])
        return queryset


class PricedForm(HouseForm):
    """A product or a set menu, with a photo of those that the restaurant has."""

    photo = forms.ChoiceField(label=_("Photo"), required=False)
    upload = forms.FileField(
        label=_("New photo"),
        required=False,
        widget=forms.FileInput({"accept": ",".join(photos.TYPES.values())}),
        help_text=_(
            "JPEG, PNG or WebP. It is made small enough for a phone, and where and when it was "
            "taken is left out."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        photo = self.fields.get("photo")
        if isinstance(photo, forms.ChoiceField):
            found = Photo.objects.filter(restaurant=self.restaurant)
            if self.restaurant:
                found = found.exclude(name=self.restaurant.logo)
            names = set(found.values_list("name", flat=True))
            # The one that it names stays, also where the picture itself is missing.
            names |= {self.instance.photo} - {""}
            photo.choices = [("", "—"), *((name, name) for name in sorted(names))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        price, lower = cleaned.get("price"), cleaned.get("happy_price")
        if lower is not None and price is not None and lower >= price:
            self.add_error("happy_price", _("It must be lower than the price."))
        if lower is not None and cleaned.get("happy_hours", ()) is None:
            self.add_error("happy_hours", _("Say in which hours it has its happy-hour price."))
        return cleaned

    def clean_upload(self) -> photos.PhotoFile | None:
        upload = self.cleaned_data["upload"]
        if upload is None:
            return None
        try:
            # One byte more than may be is enough to see that it is too large.
            return photos.look_at(upload.read(photos.BYTES_AT_MOST + 1))
        except photos.NotAPhotoError as error:
            raise forms.ValidationError(
                _(
                    "This is not taken: a photo is a whole picture in JPEG, PNG or WebP, with at most "
                    "%(megabytes)s MB and %(megapixels)s million pixels."
                ),
                params={
                    "megabytes": photos.BYTES_AT_MOST // 1_000_000,
                    "megapixels": photos.PIXELS_AT_MOST // 1_000_000,
                },
            ) from error


class OptionForm(HouseForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("price") and not cleaned.get("register_id", "-"):
            self.add_error("register_id", _("An option with a price needs its id on the register."))
        return cleaned


class OptionFormSet(HouseFormSet):
    """As the restaurant file wants it: a question has answers, and enough of them."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form
            for form in self.forms
            if (form.instance.pk or form.has_changed()) and form not in self.deleted_forms
        ]
        if not kept:
            raise forms.ValidationError(_("A group needs at least one option."))
        if self.instance.is_asked and self.instance.min > len(kept):
            raise forms.ValidationError(
                _("“At least” is %(min)s, and there are only %(count)s options to choose."),
                params={"min": self.instance.min, "count": len(kept)},
            )


class CategoryItemForm(HouseForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and bool(cleaned.get("product")) == bool(cleaned.get("set_menu")):
            self.add_error("product", _("A product or a set menu, one of the two."))
        return cleaned


class CategoryItemInline(HouseInline):
    model = CategoryItem
    form = CategoryItemForm
    fields = ["position", "product", "set_menu"]
    verbose_name_plural = _("what stands under it")


class ProductOptionGroupInline(HouseInline):
    model = ProductOptionGroup
    fields = ["position", "group"]
    verbose_name_plural = _("option groups, in the order in which they are asked")


class OptionInline(HouseInline):
    model = Option
    form = OptionForm
    formset = OptionFormSet
    fields = [
        "position",
        "name",
        "price",
        "register_id",
        "sold_out",
        "portions",
        "allergens",
        "key",
    ]

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: Any, **kwargs: Any
    ) -> forms.Field | None:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, AllergensField):
            # A row of a table has one line for it.
            folded: Any = widgets.AllergensInput(folded=True)
            field.widget = folded
        return field


class CourseInline(HouseInline):
    model = Course
    fields = ["position", "name", "min", "max", "key"]
    show_change_link = True
    verbose_name_plural = _("courses; save, then “change” each to say what can be chosen")


class ChoiceInline(HouseInline):
    model = Choice
    fields = ["position", "product", "supplement"]
    verbose_name_plural = _("what can be chosen")


@admin.register(Category)
class CategoryAdmin(CarteAdmin):
    inlines = [CategoryItemInline]
    fieldsets = [
        (None, {"fields": ["name", "description", "position", "served"]}),
        FOR_THE_FILE,
    ]
    list_display = ["__str__", "restaurant", "position"]
    list_filter = ["restaurant"]
    list_select_related = ["restaurant"]


@admin.register(Product)
class ProductAdmin(DuplicateAdmin, PricedAdmin):
    form = PricedForm
    inlines = [ProductOptionGroupInline]
    readonly_fields = ["allergen_changes"]
    fieldsets = [
        (None, {"fields": ["name", "description", "price", "vat", "register_id"]}),
        (_("Sold out"), {"fields": ["sold_out", "sold_out_until", "portions"]}),
        (
            _("For the guest"),
            {"fields": ["allergens", "allergen_changes", "diets", "alcohol", "volume", "origin"]},
        ),
        (_("When, where, how"), {"fields": ["served", "course", "photo", "upload"]}),
        HAPPY_HOUR,
        PRICES_BEFORE,
        FOR_THE_FILE,
    ]
    list_display = ["__str__", "restaurant", "euros", "vat", "register_id", "out", "portions"]
    list_filter = [
        "restaurant",
        "placed__category",
        "sold_out",
        AllergenState,
        ("register_id", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["restaurant"]
    search_fields = ["key", "register_id"]


@admin.register(OptionGroup)
class OptionGroupAdmin(OptionPricesAdmin, CarteAdmin):
    inlines = [OptionInline]
    fieldsets = [
        (
            None,
            {
                "fields": ["name", "kind", "min", "max"],
                "description": _(
                    "A question about a product: “at least 1” makes an answer required, “at most” "
                    "2 lets the guest tick two. Products name the groups that they ask."
                ),
            },
        ),
        PRICES_BEFORE,
        FOR_THE_FILE,
    ]
    list_display = ["__str__", "restaurant", "kind", "min", "max"]
    list_filter = ["restaurant", "kind"]
    list_select_related = ["restaurant"]


@admin.register(Option)
class OptionAdmin(OptionPricesAdmin, SoldOut, CarteAdmin):
    """Made and moved in its group; here to be found, and to be sold out."""

    form = OptionForm
    manager_may = frozenset({VIEW, CHANGE, DELETE, SELL_OUT})
    installer_may = manager_may
    fieldsets = [
        (None, {"fields": ["in_group", "name", "price", "register_id", "allergens"]}),
        (_("Sold out"), {"fields": ["sold_out", "sold_out_until", "portions"]}),
        (None, {"fields": ["allergen_changes", "position", "key"]}),
        PRICES_BEFORE,
    ]
    readonly_fields = ["in_group", "allergen_changes"]
    list_display = ["__str__", "in_group", "euros", "register_id", "out"]
    list_filter = ["group__restaurant", "sold_out", AllergenState]
    list_select_related = ["group__restaurant"]
    search_fields = ["key", "register_id"]

    @admin.display(description=_("option group"), ordering="group")
    def in_group(self, option: Option) -> str:
        return _link("optiongroup", option.group)


@admin.register(SetMenu)
class SetMenuAdmin(TellsOtherRates, PricedAdmin):
    form = PricedForm
    inlines = [CourseInline]
    fieldsets = [
        (None, {"fields": ["name", "description", "price", "vat", "register_id"]}),
        (_("Sold out"), {"fields": ["sold_out", "sold_out_until", "portions"]}),
        (_("When, where, how"), {"fields": ["served", "photo", "upload"]}),
        HAPPY_HOUR,
        PRICES_BEFORE,
        FOR_THE_FILE,
    ]
    list_display = ["__str__", "restaurant", "euros", "vat", "register_id", "out", "portions"]
    list_filter = ["restaurant", "sold_out"]
    list_select_related = ["restaurant"]
    search_fields = ["key", "register_id"]


@admin.register(Course)
class CourseAdmin(TellsOtherRates, CarteAdmin):
    """Made in its set menu, and reached from there."""

    manager_may = frozenset({VIEW, CHANGE, DELETE})
    installer_may = manager_may
    inlines = [ChoiceInline]
    fieldsets = [
        (None, {"fields": ["in_menu", "name", "min", "max"]}),
        (None, {"fields": ["position", "key"]}),
    ]
    readonly_fields = ["in_menu"]
    list_display = ["__str__", "in_menu", "min", "max"]
    list_select_related = ["set_menu"]

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}

    @admin.display(description=_("set menu"), ordering="set_menu")
    def in_menu(self, course: Course) -> str:
        return _link("setmenu", course.set_menu)


def _link(name: str, thing: models.Model) -> str:
    address = reverse(f"admin:ordering_{name}_change", args=[thing.pk])
    return format_html('<a href="{}">{}</a>', address, thing)
