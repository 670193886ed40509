"""The logo on the restaurant's page: one field, with what is shown now and a box that takes it away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminFileWidget
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ordering.admin.base import CHANGE, HouseAdmin
from ordering.admin.forms import HouseForm
from ordering.models import Restaurant
from ordering.restaurant_file import logos, photos
from ordering.services import logos as service


@dataclass(frozen=True)
class Shown:
    """What Django's field of a file asks of the one that is there."""

    name: str
    url: str

    def __str__(self) -> str:
        return self.name


class LogoForm(HouseForm):
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=AdminFileWidget({"accept": ",".join(photos.TYPES.values())}),
        help_text=_(
            "PNG, JPEG or WebP, at most 5 MB; best a PNG with a transparent ground, 400 pixels wide or more. SVG is "
            "not taken: export it as PNG. It stands above the name, small, on the phone and on the carte on paper; "
            "empty margins are cut off. What could not be seen on a light or a dark screen, such as black letters in "
            "the dark look, is set on a plate by itself."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = self.instance
        if "logo_file" in self.fields and place.pk and place.logo:
            self.initial["logo_file"] = Shown(place.logo, _address(place))

    def clean_logo_file(self) -> Any:
        upload = self.cleaned_data["logo_file"]
        # Nothing new, or the box to take it away.
        if not upload or isinstance(upload, Shown):
            return upload
        try:
            # One byte more than may be is enough to see that it is too large.
            return logos.kept(photos.look_at(upload.read(photos.BYTES_AT_MOST + 1)))
        except photos.NotAPhotoError as error:
            raise forms.ValidationError(
                _(
                    "This is not taken: a logo is a whole picture in PNG, JPEG or WebP in which something can be "
                    "seen, with at most %(megabytes)s MB and %(megapixels)s million pixels. Export it anew as PNG."
                ),
                params={
                    "megabytes": photos.BYTES_AT_MOST // 1_000_000,
                    "megapixels": photos.PIXELS_AT_MOST // 1_000_000,
                },
            ) from error


class LogoAdmin(HouseAdmin):
    """A restaurant, with its logo."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.may(request, CHANGE, obj):
            return fieldsets
        # Nothing to be read there.
        return [
            (title, {**told, "fields": [name for name in told["fields"] if name != "logo_file"]})
            for title, told in fieldsets
        ]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        logo = form.cleaned_data.get("logo_file")
        if isinstance(logo, photos.PhotoFile):
            service.put_up(restaurant=obj, logo=logo)
        elif logo is False:
            service.take_down(restaurant=obj)
        elif obj.logo and not obj.logo_drawn:
            # Somebody stopped the process before it was drawn.
            service.settle(restaurant=obj)


def _address(restaurant: Restaurant) -> str:
    """Of its picture; of this page where that is missing: without one, Django offers no box to take it away."""
    found = restaurant.photos.filter(name=restaurant.logo).values_list("sha256", flat=True).first()
    return reverse("diner:photo", args=[restaurant.slug, found]) if found else "."
