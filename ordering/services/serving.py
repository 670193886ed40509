"""How a party wants to be served: everything together, or one course after the other. Asked where there are several."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from ordering.languages import interface
from ordering.models import Guest, OrderLine, Visit
from ordering.services import visits
from ordering.services.problems import Problem, Refused

if TYPE_CHECKING:
    from ordering.services.pricing import PricedLine

TOGETHER, COURSES = "together", "courses"
WISHES = ("", TOGETHER, COURSES)


def courses_of(lines: Iterable["PricedLine"]) -> list[int]:
    """The kitchen's turns that these lines belong to, the first one first."""
    lines = list(lines)
    found = {line.course for line in lines}
    found |= {choice.product.course for line in lines for choice in line.choices}
    return sorted(course for course in found if course)


def of_order_lines(lines: Iterable[OrderLine]) -> list[int]:
    """The same of lines that were sent."""
    lines = list(lines)
    found = {line.course for line in lines}
    found |= {choice["turn"] for line in lines for choice in line.choices}
    return sorted(course for course in found if course)


def wished(visit: Visit, courses: list[int]) -> str:
    """What the party has said, where there is more than one course to bring."""
    return visit.serving if len(courses) > 1 else ""


def words(wish: str, courses: Iterable[int]) -> str:
    """The wish in the language of now; nothing where there is none."""
    if wish == TOGETHER:
        return _("Everything together")
    if wish == COURSES:
        return _("In courses: starters first") if 1 in courses else _("In courses")
    return ""


def choices(courses: Sequence[int]) -> list[tuple[str, str]]:
    """What is asked, with its words; nothing where there is only one course."""
    if len(courses) < 2:
        return []
    said = [(wish, words(wish, courses)) for wish in (TOGETHER, COURSES)]
    return [("", _("As the kitchen sends it")), *said]


def in_house_words(wish: str, courses: Iterable[int], house: str) -> str:
    """As `words`, in the language that the house's register gets."""
    with translation.override(interface(house)):
        return words(wish, courses)


def wish(*, guest: Guest, wish: str) -> bool:
    """Say how the party wants to be served; True where that is new. Raises Refused, VisitEnded."""
    if wish not in WISHES:
        raise Refused(Problem("unknown_wish"))
    with transaction.atomic():
        visits.lock(guest.visit)
        others = Visit.objects.filter(pk=guest.visit_id).exclude(serving=wish)
        changed = bool(others.update(serving=wish))
    guest.visit.serving = wish
    return changed
