"""Inputs that plain Django does not have. Their templates are the project's, so they render themselves."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ordering.models import ALLERGENS

UNDECLARED, NONE, CONTAINS = "undeclared", "none", "contains"
ALLERGEN_STATES = {
    UNDECLARED: _("not declared"),
    NONE: _("verified: none of the 14"),
    CONTAINS: _("contains"),
}


class Plain:
    """A widget that says its value in words where the page is only to be read (Django asks for `read_only`)."""

    read_only = False

    def words(self, value: Any) -> Any:
        return value

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        if self.read_only:
            return render_to_string("admin/tablee/_words.html", {"words": self.words(value)})
        return super().render(name, value, attrs, renderer)  # type: ignore[misc]


class ShortInput(Plain, forms.TextInput):
    """A narrow input for an amount or a percentage."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "size": 8, **(attrs or {})})


class AmountInput(ShortInput):
    def words(self, value: Any) -> Any:
        return self.say_amount(value) if isinstance(value, int) else value

    # Given by the field, which knows how an amount is written.
    say_amount: Callable[[Any], str] = staticmethod(str)


class DayInput(forms.DateInput):
    """A day of the house: the browser's own calendar, which compares no clocks."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class LinesInput(Plain, forms.Textarea):
    """Slots, one on each line."""

    def __init__(self) -> None:
        super().__init__({"rows": 3, "cols": 40})

    say_lines: Callable[[Any], str] = staticmethod(str)

    def words(self, value: Any) -> Any:
        return value if isinstance(value, str) else self.say_lines(value)


class Templated(Plain, forms.Widget):
    """A widget whose template is one of ours."""

    template: str
    # What its parts are of, said to whoever does not see the label beside them: the form gives it.
    named = ""

    def context(self, name: str, value: Any, html_id: str) -> dict[str, Any]:
        raise NotImplementedError(type(self).__qualname__)

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        if self.read_only:
            return super().render(name, value, attrs, renderer)
        html_id = (attrs or {}).get("id") or f"id_{name}"
        return render_to_string(self.template, self.context(name, value, html_id))

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class TextsInput(Templated):
    """One input for each language; the form says which (`TextsField.speak`)."""

    template = "admin/tablee/_texts.html"
    languages: Sequence[str] = ()

    def __init__(self, *, long: bool = False) -> None:
        super().__init__()
        self.long = long

    def context(self, name: str, value: Any, html_id: str) -> dict[str, Any]:
        texts = value if isinstance(value, Mapping) else {}
        return {
            "long": self.long,
            "named": self.named,
            "several": len(self.languages) > 1,
            "inputs": [
                {
                    "language": language,
                    "name": f"{name}_{language}",
                    "id": f"{html_id}_{language}",
                    "text": texts.get(language, ""),
                }
                for language in self.languages
            ],
        }

    def words(self, value: Any) -> str:
        texts = value if isinstance(value, Mapping) else {}
        return " · ".join(texts[language] for language in self.languages if texts.get(language))

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, str]:
        return {language: data.get(f"{name}_{language}", "") for language in self.languages}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return all(f"{name}_{language}" not in data for language in self.languages)

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_{self.languages[0]}" if id_ and self.languages else id_


class AllergensInput(Templated):
    """Three states that cannot be taken for one another, and the fourteen for the third."""

    template = "admin/tablee/_allergens.html"

    def __init__(self, *, folded: bool = False) -> None:
        super().__init__()
        # In a row of a table it is folded to one line that says the state.
        self.folded = folded

    def context(self, name: str, value: Any, html_id: str) -> dict[str, Any]:
        state, contained = self.parts(value)
        return {
            "id": html_id,
            "name": name,
            "named": self.named,
            "folded": self.folded,
            "words": self.words(value),
            "states": [
                {"value": key, "label": label, "checked": key == state}
                for key, label in ALLERGEN_STATES.items()
            ],
            "allergens": [
                {"value": key, "label": label, "checked": key in contained}
                for key, label in ALLERGENS.items()
            ],
        }

    @staticmethod
    def parts(value: Any) -> tuple[str, Sequence[str]]:
        """The state and the boxes of a stored value or of what was posted."""
        if isinstance(value, tuple):
            return value
        if value is None:
            return UNDECLARED, ()
        return (CONTAINS, value) if value else (NONE, ())

    def words(self, value: Any) -> Any:
        state, contained = self.parts(value)
        if state == CONTAINS and contained:
            names = ", ".join(str(ALLERGENS.get(key, key)) for key in contained)
            return gettext("contains: %(allergens)s") % {"allergens": names}
        return ALLERGEN_STATES.get(state, "")

    def value_from_datadict(
        self, data: Any, files: Any, name: str
    ) -> tuple[str, Sequence[str]] | None:
        boxes = data.getlist(f"{name}_contains") if hasattr(data, "getlist") else ()
        return data.get(f"{name}_state", ""), boxes

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}_state" not in data


class SeenAllergens(forms.HiddenInput):
    """What was declared when the page was opened."""

    def format_value(self, value: Any) -> str:
        return json.dumps(value)


class Boxes(Plain, forms.CheckboxSelectMultiple):
    def words(self, value: Any) -> str:
        labels = dict(self.choices)
        return ", ".join(str(labels.get(key, key)) for key in value or ())


class WrittenInput(Plain, forms.TextInput):
    """A list that is typed with commas between."""

    def words(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class SecretInput(forms.PasswordInput):
    """Nothing that was typed or stored ever comes back into the page."""

    def __init__(self) -> None:
        super().__init__({"autocomplete": "new-password", "size": 40}, render_value=False)
