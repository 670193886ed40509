"""What is wrong with a restaurant file, said in words and with its place."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop as _

from .sentences import Sentence

Path = tuple[str | int, ...]

SHOWN_AT_MOST = 60


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong. `path` leads to it: ("products", 12, "price"); empty: the file itself."""

    path: Path
    text: Sentence

    def __str__(self) -> str:
        return str(self.sentence)

    @property
    def sentence(self) -> Sentence:
        """With its place."""
        if not self.path:
            return self.text
        return Sentence(_("%(thing)s: %(words)s"), thing=place(self.path), words=self.text)

    @property
    def said(self) -> str:
        """In the reader's language."""
        return self.sentence.said


def wrong(path: Path, text: str, **values: Any) -> Mistake:
    """A mistake of a sentence in English, translated where somebody reads it, and of what stands in it."""
    return Mistake(path, Sentence(text, **values))


class RestaurantFileError(Exception):
    """The file is refused. `mistakes` are all that is wrong with it, in the order of the file."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = list(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def place(path: Path) -> str:
    """ "products[12].name.fr" of a path. Names that are not ours are quoted where they could mislead."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.isascii() and step.replace("_", "").replace("-", "").isalnum() and len(step) < 70:
            text += f".{step}" if text else step
        else:
            text += f"[{show(step)}]"
    return text


def show(value: Any) -> str:
    """A value as it stands in the file, made short and safe to print. Lists and objects are only named."""
    if isinstance(value, dict):
        return Sentence(_("an object"))
    if isinstance(value, list):
        return Sentence(_("a list"))
    if isinstance(value, str) and len(value) > SHOWN_AT_MOST:
        value = value[:SHOWN_AT_MOST] + "…"
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > SHOWN_AT_MOST and not isinstance(value, str):
        text = text[:SHOWN_AT_MOST] + "…"
    # A lone surrogate breaks a terminal, a control character or a change of direction deceives its reader.
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def listed(words: Sequence[str], last: str = _("%(words)s and %(last)s")) -> str:
    """ "a, b and c"; `last`: a sentence with other words between the last two."""
    if len(words) > 1:
        return Sentence(last, words=list(words[:-1]), last=words[-1])
    return words[0] if words else ""


def in_order_of(data: Any, mistakes: Iterable[Mistake]) -> list[Mistake]:
    """The mistakes from the top of the file to its end, each once."""
    orders: dict[int, dict[str, int]] = {}

    def where(mistake: Mistake) -> list[int]:
        found, here = [], data
        for step in mistake.path:
            if isinstance(here, dict) and step in here:
                if id(here) not in orders:
                    orders[id(here)] = {name: index for index, name in enumerate(here)}
                found.append(orders[id(here)][str(step)])
                here = here[step]
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                found.append(step)
                here = here[step]
            else:
                break
        return found

    return sorted(dict.fromkeys(mistakes), key=where)
