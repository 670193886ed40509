"""Texts of a carte that lack one of the restaurant's languages, where guests read the house's language instead."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from ordering.models import Category, Course, Option, OptionGroup, Product, Restaurant, SetMenu
from ordering.models.fields import OrderedJSONField

# Everything of the carte that has texts, with the way to its restaurant.
SPOKEN: tuple[tuple[type[models.Model], str], ...] = (
    (Category, "restaurant"),
    (Product, "restaurant"),
    (SetMenu, "restaurant"),
    (Course, "set_menu__restaurant"),
    (OptionGroup, "restaurant"),
    (Option, "group__restaurant"),
    (Restaurant, "pk"),
)


@dataclass(frozen=True)
class Missing:
    """One text of one thing in one language. `text` is the house's."""

    language: str
    model: type[models.Model]
    pk: int
    field: str  # its name on screen
    text: str


def untranslated(restaurant: Restaurant) -> list[Missing]:
    """By language, in the restaurant's order of them; then by kind, in the carte's order. One query for each kind."""
    languages: list[str] = restaurant.languages
    found = [
        missing
        for model, way in SPOKEN
        if (columns := _texts(model))
        for row in model._default_manager.filter(**{way: restaurant.pk}).values("pk", *columns)
        for missing in _of(model, columns, row, languages)
    ]
    return sorted(found, key=lambda missing: languages.index(missing.language))


def _of(
    model: type[models.Model], columns: dict[str, str], row: dict[str, Any], languages: list[str]
) -> Iterator[Missing]:
    for name, label in columns.items():
        found = row[name] or []
        # The house's notes are a list of texts; those of the days closed are written in one language (closed_days.py).
        several = [each["text"] for each in found] if name == "notes" else [found]
        for texts in several:
            yield from _lacking(texts, model, row["pk"], label, languages)


def _lacking(
    texts: Any, model: type[models.Model], pk: int, label: str, languages: list[str]
) -> Iterator[Missing]:
    written = isinstance(texts, dict) and [texts[code] for code in languages if texts.get(code)]
    # What is said in no language lacks none.
    if not written:
        return
    for language in languages:
        if not texts.get(language):
            yield Missing(language, model, pk, label, written[0])


def _texts(model: type[models.Model]) -> dict[str, str]:
    """The columns that hold texts in languages, with their names on screen."""
    return {
        field.name: str(field.verbose_name)
        for field in model._meta.concrete_fields
        if isinstance(field, OrderedJSONField)
    }
