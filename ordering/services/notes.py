"""Notes on a dish: the house's own, which are ticked, and the guest's words, where the house lets them be written.

What a guest writes is printed in a kitchen and read by whoever opens a spreadsheet: of it only what cannot be a
command to a printer, a browser or a spreadsheet passes, and what does not pass is named and never dropped (F19, T13).
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ordering.models import Restaurant
from ordering.services.problems import Problem
from ordering.texts import in_language

Note = dict[str, Any]
"""{"key": …, "text": {language: text}}"""

LONGEST = 80  # characters of a guest's own words
FREE = "free_note"  # the place of a problem with them

PUNCTUATION = set(".,;:!?'’()-/+&%°¿¡·،؛؟、。！？，：；（）")
USUAL = ". , ; : ! ? ' ( ) - / + &"  # of these, what most keyboards have
MOST_MARKS = 4  # on one letter, in the scripts that are written
# Letters and marks that nobody sees.
UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0}
UNSEEN |= {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


def ticked(restaurant: Restaurant, keys: Iterable[str]) -> tuple[list[Note], list[Problem]]:
    """These of the house's notes, in its order, and what is wrong."""
    wanted = set(keys)
    found = [note for note in restaurant.notes if note["key"] in wanted]
    known = {note["key"] for note in found}
    return found, [Problem("unknown_note")] if wanted - known else []


def written(restaurant: Restaurant, text: str) -> tuple[str, list[Problem]]:
    """A guest's own words as they are kept: in NFC, every blank a space. And what is wrong with them."""
    if len(text) > 100 * LONGEST:  # nobody typed it
        return "", [_too_long(len(text))]
    composed = unicodedata.normalize("NFC", text)
    blanks = (" " if unicodedata.category(each) == "Zs" else each for each in composed)
    note = "".join(blanks).strip(" ")
    if not note:
        return "", []
    if not restaurant.free_note:
        return "", [Problem("free_note_off", FREE)]
    problems = [_too_long(len(note))] if len(note) > LONGEST else []
    if (odd := _odd(note)) is not None:
        problems.append(
            Problem("note_character", FREE, {"character": _shown(odd), "others": USUAL})
        )
    return ("" if problems else note), problems


def of_today(
    restaurant: Restaurant, kept: Sequence[Note], note: str
) -> tuple[tuple[Note, ...], list[Problem]]:
    """The notes of a cart line as the house words them now, and those that it has taken off its list."""
    texts = {each["key"]: each["text"] for each in restaurant.notes}
    gone = [
        Problem("note_gone", params={"note": in_language(each["text"])})
        for each in kept
        if each["key"] not in texts
    ]
    if note and not restaurant.free_note:
        gone.append(Problem("free_note_gone", params={"note": note}))
    return tuple({**each, "text": texts.get(each["key"], each["text"])} for each in kept), gone


def for_register(notes: Iterable[Mapping[str, Any]], note: str, house: str) -> str:
    """All notes of a line in one text: the house's in its own language, and the guest's words between « », which no
    guest can write: nobody's words pass for the house's.
    """
    own = [f"« {note} »"] if note else []
    return ", ".join([*(in_language(each["text"], house) for each in notes), *own])


def _too_long(count: int) -> Problem:
    return Problem("note_too_long", FREE, {"count": count, "most": LONGEST})


def _odd(note: str) -> str | None:
    """The first character that cannot be taken."""
    marks = MOST_MARKS  # there is no letter before the first
    for each in note:
        kind = unicodedata.category(each)
        marks = marks + 1 if kind[0] == "M" else 0
        is_known = kind[0] in "LM" or kind == "Nd" or each == " " or each in PUNCTUATION
        if not is_known or marks > MOST_MARKS or ord(each) in UNSEEN:
            return each
    return None


def _shown(character: str) -> str:
    """As a person can find it; one that nobody sees, or that turns the sentence around, by its number."""
    kind = unicodedata.category(character)
    seen = kind[0] in "LPSN" and ord(character) not in UNSEEN
    return f"“{character}”" if seen else f"U+{ord(character):04X}"
