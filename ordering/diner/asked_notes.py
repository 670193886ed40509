"""What a page asks of notes on its dish, as it was filled in before."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict

from ordering.diner.said import Said, said
from ordering.models import Restaurant
from ordering.services import notes
from ordering.services.problems import Problem


@dataclass(frozen=True)
class AskedNotes:
    """The house's notes, each with its key and whether it is ticked; the guest's own words, whether they are asked for,
    and what is wrong with them.
    """

    house: list[tuple[str, Said, bool]]
    free: bool
    text: str
    problems: list[Problem]
    longest: int = notes.LONGEST

    def __bool__(self) -> bool:
        return bool(self.house) or self.free


def asked_notes(
    restaurant: Restaurant, language: str, data: QueryDict, problems: Sequence[Problem | str]
) -> AskedNotes:
    ticked = data.getlist("note")
    return AskedNotes(
        house=[
            (each["key"], said(each["text"], language), each["key"] in ticked)
            for each in restaurant.notes
        ],
        free=restaurant.free_note,
        text=data.get("free_note", ""),
        problems=[
            each for each in problems if isinstance(each, Problem) and each.place == notes.FREE
        ],
    )


def apart_from_notes(
    problems: Sequence[Problem | str], asked: AskedNotes
) -> Sequence[Problem | str]:
    """What is not said beside the field of the guest's own words."""
    return [each for each in problems if not asked.free or each not in asked.problems]
