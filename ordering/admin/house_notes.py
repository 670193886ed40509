"""The house's notes, as lines of text: “Sans oignon | No onion”, in the order of the restaurant's languages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from ordering.admin import widgets
from ordering.restaurant_file.rules import NOT_IN_NOTES, NOTE_AT_MOST, NOTES_AT_MOST
from ordering.texts import LIGATURES, house

BETWEEN = " | "
HELP = _(
    "One line for each note that guests may tick on a dish, in %(languages)s with | between: “%(example)s”. "
    "The kitchen gets the first language. Empty: no notes."
)
EXAMPLES = {"fr": "Sans oignon", "en": "No onion", "de": "Ohne Zwiebeln", "es": "Sin cebolla"}
EXAMPLES["it"] = "Senza cipolla"

Note = dict[str, Any]
Texts = dict[str, str]


def notes_text(notes: Iterable[Mapping[str, Any]] | None, languages: Sequence[str]) -> str:
    return "\n".join(
        BETWEEN.join(each["text"].get(language, "") for language in languages).rstrip(" |")
        for each in notes or ()
    )


def parse_notes(lines: str, languages: Sequence[str]) -> list[Texts]:
    """The texts of such lines. Raises ValidationError that quotes the line."""
    found = [
        _parsed(line.strip(), languages)
        # Not `splitlines`: it takes apart what is refused here in words.
        for line in lines.replace("\r", "").split("\n")
        if line.strip()
    ]
    if len(found) > NOTES_AT_MOST:
        many = _("At most %(most)s lines.")
        raise ValidationError(many, code="many", params={"most": NOTES_AT_MOST})
    said = [house(texts) for texts in found]
    for text in said:
        if said.count(text) > 1:
            raise ValidationError(
                _("“%(line)s” stands here twice."), code="twice", params={"line": text}
            )
    return found


def with_keys(found: Sequence[Texts], before: Sequence[Note], language: str) -> list[Note]:
    """As they are stored. A note that says the same keeps its key. One that says something else is another note: a page
    that was opened before must not tick “sauce apart” where its guest has read “no peanuts”. Raises ValidationError
    where the house could not say one.
    """
    if dumb := [texts for texts in found if language not in texts]:
        raise ValidationError(
            _("“%(line)s” is not written in “%(language)s” yet."),
            code="language",
            params={"line": house(dumb[0]), "language": language},
        )
    # By what the kitchen was told, also where the house speaks another language from now on.
    keys = {next(iter(each["text"].items())): each["key"] for each in before}
    # Also what is taken off the list: an old page has its key.
    taken = {each["key"] for each in before}
    notes = []
    for texts in found:
        same = (keys.pop(said) for said in texts.items() if said in keys)
        key = next(same, "") or _free_key(house(texts), taken)
        taken.add(key)
        notes.append({"key": key, "text": {language: texts[language], **texts}})
    return notes


def _free_key(text: str, taken: set[str]) -> str:
    key = slugify(text.translate(LIGATURES))[:60].strip("-_").replace("_", "-") or "note"
    number = 1
    free = key
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    return free


def _parsed(line: str, languages: Sequence[str]) -> Texts:
    texts = [text.strip() for text in line.split("|")]
    params = {"line": line[:60], "most": NOTE_AT_MOST}
    if len(texts) > len(languages) or not texts[0]:
        raise ValidationError(
            _("“%(line)s”: a text in each of the restaurant's languages with | between."),
            code="line",
            params=params,
        )
    if any(len(text) > NOTE_AT_MOST for text in texts):
        raise ValidationError(
            _("“%(line)s…”: at most %(most)s characters for what guests read."),
            code="long",
            params=params,
        )
    if any(NOT_IN_NOTES.search(text) for text in texts):
        raise ValidationError(
            _("“%(line)s” holds a character that no printer should get."),
            code="character",
            params=params,
        )
    return {language: text for language, text in zip(languages, texts, strict=False) if text}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n")] if text else []


class NotesInput(widgets.LinesInput):
    spoken: Sequence[str] = ()

    def words(self, value: Any) -> Any:
        return value if isinstance(value, str) else notes_text(value, self.spoken)


class NotesField(forms.Field):
    """Lines of text. RestaurantForm reads them: a restaurant that is new says its languages in the same form."""

    widget = NotesInput
    languages: Sequence[str] = ()

    def speak(self, languages: Iterable[str], value: Iterable[Mapping[str, Any]] | None) -> None:
        """Ask for the texts in these languages, and in those that they have already, so that none is lost."""
        known = [language for each in value or () for language in each["text"]]
        self.languages = list(dict.fromkeys([*languages, *known]))
        self.widget.spoken = self.languages
        codes = self.languages or ["fr", "en"]
        example = BETWEEN.join(EXAMPLES.get(code, "…") for code in codes)
        self.help_text = HELP % {"languages": ", ".join(codes), "example": example}

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else notes_text(value, self.languages)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """`initial`: as they are stored, or the text that the page was opened with."""
        return _lines(self.prepare_value(initial)) != _lines(str(data or ""))
