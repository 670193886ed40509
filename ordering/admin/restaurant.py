"""The house itself: names, languages, hours, limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.translation import gettext_lazy as _

from ordering.admin.base import CHANGE, EVERYTHING, VIEW
from ordering.admin.closed_days import Days, with_texts
from ordering.admin.drafts import DraftsAdmin
from ordering.admin.house_notes import Note, parse_notes, with_keys
from ordering.admin.logo import LogoAdmin, LogoForm
from ordering.admin.paths import narrow
from ordering.admin.printed import PrintedAdmin
from ordering.admin.untranslated import UntranslatedAdmin
from ordering.models import (
    Category,
    Course,
    Option,
    OptionGroup,
    Product,
    Restaurant,
    SetMenu,
)

# Everything of the carte that has a name in languages.
NAMED: tuple[type[models.Model], ...] = (Category, Product, OptionGroup, Option, SetMenu, Course)


class RestaurantForm(LogoForm):
    def clean_languages(self) -> list[str]:
        languages: list[str] = self.cleaned_data["languages"]
        if languages and self.instance.pk and languages != self.instance.languages:
            nameless = list(_without_a_name(self.instance, languages[0]))
            if nameless:
                self.add_error(
                    "languages",
                    _(
                        "%(count)s names are not written in “%(language)s” yet, for example “%(name)s”."
                    )
                    % {
                        "count": len(nameless),
                        "language": languages[0],
                        "name": nameless[0],
                    },
                )
        return languages

    def clean_closed_days(self) -> Days:
        language = (self.cleaned_data.get("languages") or self.instance.languages or ["fr"])[0]
        return with_texts(
            self.cleaned_data["closed_days"], self.instance.closed_days or [], language
        )

    def clean_notes(self) -> list[Note]:
        languages = self.cleaned_data.get("languages") or self.instance.languages or ["fr"]
        # As the page asked for them, whatever becomes of the languages with this form.
        asked = self.fields["notes"].languages or languages  # type: ignore[attr-defined]
        found = parse_notes(self.cleaned_data["notes"] or "", asked)
        return with_keys(found, self.instance.notes or [], languages[0])


def _without_a_name(restaurant: Restaurant, language: str) -> Iterator[str]:
    """Names that the house could not say in this language, which every one of them must have."""
    for model in NAMED:
        for name in narrow(model._default_manager.all(), [restaurant.pk]).values_list(
            "name", flat=True
        ):
            if language not in name:
                yield next(iter(name.values()), "")


@admin.register(Restaurant)
class RestaurantAdmin(LogoAdmin, DraftsAdmin, UntranslatedAdmin, PrintedAdmin):
    form = RestaurantForm
    manager_may = frozenset({VIEW, CHANGE})
    # A restaurant with orders cannot be deleted; one without can, by the installer.
    installer_may = EVERYTHING
    of_carte = True
    list_display = ["name", "slug", "ordering"]
    search_fields = ["name", "slug"]
    fieldsets = [
        (None, {"fields": ["name", "slug", "ordering", "hours", "closed_days"]}),
        (_("On the phone"), {"fields": ["languages", "colour", "logo_file", "timezone"]}),
        (_("Notes on a dish"), {"fields": ["notes", "free_note"]}),
        (
            _("At the foot of the carte"),
            {
                "fields": [
                    "legal_prices",
                    "legal_origin",
                    "legal_homemade",
                    "legal_alcohol",
                    "legal_note",
                ],
                "description": _("What the law wants shown, and what the house wants to add."),
            },
        ),
        (_("Privacy"), {"fields": ["contact"]}),
        (
            _("Who may order"),
            {
                "fields": ["approval", "seated_first", "word_of_the_day", "networks"],
                "description": _(
                    "Against orders from people who are not here: a card can be photographed. Each of these keeps "
                    "such an order from the kitchen; none is needed where that does not happen."
                ),
            },
        ),
        (
            _("Limits"),
            {
                "fields": [
                    "limit_covers",
                    "limit_quantity",
                    "limit_lines",
                    "limit_amount_per_cover",
                    "limit_orders_per_hour",
                    "limit_amount_per_table",
                    "limit_zone_per_minute",
                    "limit_house_per_minute",
                    "grace_minutes",
                ],
                "description": _(
                    "More covers, lines or of one thing is not sent: the phone asks the guests to call a waiter. "
                    "A higher amount, or more orders in a time, waits on the board for the team’s OK."
                ),
            },
        ),
        (_("The party at a table"), {"fields": ["silence_minutes", "quiet_minutes"]}),
    ]

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs.setdefault(
            "help_texts",
            {
                "languages": _(
                    "Codes with commas between, the house's own first: “fr, en”. "
                    "The first is also the register's."
                ),
                "timezone": _("Of the clock on the wall, for example Europe/Paris."),
                "colour": _("Of the buttons, as # and six digits: #7b1e32. Empty: Tablée's own."),
                "limit_amount_per_cover": _(
                    "In euros: 60 for each of four guests is 240 for an order of their table. It counts the covers "
                    "that the party gave first, or that the team has set; covers that guests add later count "
                    "once the team has set them."
                ),
            },
        )
        return super().get_form(request, obj, change=change, **kwargs)
