"""Search and filters over the compiled carte: a name, diets, and what it must be without.

The allergen filter is strict (P22). Shown as “without” is only what can be ordered so, every part of it declared:

- a dish whose own declaration is known and names none of them, nor does that of anything that is always added to it,
  sold out or not; and which has, for each question that must be answered, enough answers of which the same is true;
- a set menu that has, for each course that must be chosen, enough such dishes.

What is asked is nowhere kept: it says something of somebody's health, and stands in the address alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.http import HttpResponse, QueryDict
from django.utils.text import capfirst

from ordering.diner.compiled import Carte, Choice, Group, Item, Option
from ordering.models import ALLERGENS, DIETS
from ordering.texts import folded

LONGEST = 80

# A box of the form: its value, its label, whether it is ticked.
Box = tuple[str, str, bool]


@dataclass(frozen=True)
class Wanted:
    """What a page is asked to show. Nothing asked: everything."""

    text: str = ""
    diets: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.text or self.diets or self.without)

    @property
    def named(self) -> list[str]:
        """The allergens, in the order of the regulation."""
        return [name for name in ALLERGENS if name in self.without]

    @property
    def named_diets(self) -> list[str]:
        return [name for name in DIETS if name in self.diets]

    @property
    def understood(self) -> bool:
        """A word that is no allergen could be one that somebody must avoid: then nothing is “without”."""
        return self.without <= ALLERGENS.keys() and self.diets <= DIETS.keys()


EVERYTHING = Wanted()


@dataclass(frozen=True)
class Form:
    """The form as the page shows it, and how many dishes of how many."""

    wanted: Wanted
    diets: list[Box]
    allergens: list[Box]
    shown: int
    total: int


def wanted(query: QueryDict) -> Wanted:
    """What the address asks for: `q`, and any number of `diet` and `without`."""
    return Wanted(
        text=" ".join(query.get("q", "").replace("\0", " ").split())[:LONGEST],
        diets=frozenset(filter(None, query.getlist("diet"))),
        without=frozenset(filter(None, query.getlist("without"))),
    )


def asked(wanted: Wanted) -> list[tuple[str, str]]:
    """The same as names and values, for an address or a form."""
    return [
        *([("q", wanted.text)] if wanted.text else []),
        *(("diet", name) for name in sorted(wanted.diets)),
        *(("without", name) for name in sorted(wanted.without)),
    ]


def narrowed(carte: Carte, wanted: Wanted) -> Carte:
    """The carte with what answers to all of it, in its sections; a section without any is left out."""
    if not wanted:
        return carte
    dishes = _dishes(carte)
    words = folded(wanted.text).split()
    sections = [
        replace(
            section, items=[item for item in section.items if _fits(item, words, wanted, dishes)]
        )
        for section in carte.sections
    ]
    return replace(carte, sections=[section for section in sections if section.items])


def form(carte: Carte, shown: Carte, wanted: Wanted) -> Form:
    """`shown`: the carte narrowed to what is wanted. Diets that no dish has are not offered."""
    known = {diet for item in _items(carte) for diet in item.diets}
    return Form(
        wanted=wanted,
        diets=[
            (key, capfirst(str(label)), key in wanted.diets)
            for key, label in DIETS.items()
            if key in known | wanted.diets
        ],
        allergens=[
            (key, capfirst(str(label)), key in wanted.without) for key, label in ALLERGENS.items()
        ],
        shown=len(_items(shown)),
        total=len(_items(carte)),
    )


def unsaid(response: HttpResponse) -> HttpResponse:
    """The answer to such an address is kept by no cache, and the address is told to nobody, not to ourselves.

    Not `no-referrer`: with it, a browser sends a form without the origin that protects it (T17).
    """
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "strict-origin"
    return response


def _fits(item: Item, words: list[str], wanted: Wanted, dishes: dict[str, Item]) -> bool:
    names = folded(" ".join(item.name.values()))
    if not wanted.understood or not all(word in names for word in words):
        return False
    if not item.is_menu:
        return _dish_fits(item, wanted)
    if not wanted.diets and not wanted.without:
        return True
    fitting = {
        course.key: sum(_choice_fits(each, wanted, dishes) for each in course.choices)
        for course in item.courses
    }
    # Where no course must be chosen, something must be there to choose all the same.
    return any(fitting.values()) and all(
        fitting[course.key] >= course.min for course in item.courses
    )


def _dish_fits(item: Item, wanted: Wanted) -> bool:
    return wanted.diets <= set(item.diets) and (
        not wanted.without or can_be_without(item, wanted.without)
    )


def _choice_fits(choice: Choice, wanted: Wanted, dishes: dict[str, Item]) -> bool:
    """A dish that stands nowhere on the carte has no diets that are known here, and no options."""
    if choice.sold_out:
        return False
    if dish := dishes.get(choice.key):
        return _dish_fits(dish, wanted)
    return not wanted.diets and free_of(choice.allergens, wanted.without)


def can_be_without(item: Item, allergens: frozenset[str]) -> bool:
    """Whether a dish can be ordered without any of these, everything that then comes being declared."""
    added = [option for group in item.groups if group.automatic for option in group.options]
    return (
        free_of(item.allergens, allergens)
        and all(free_of(option.allergens, allergens) for option in added)
        and all(_can_be_answered(group, allergens) for group in item.asked)
    )


def free_of(declared: list[str] | None, allergens: Iterable[str]) -> bool:
    """Declared, and none of these in it. Not declared is never without (P22)."""
    return declared is not None and not set(declared) & set(allergens)


def _can_be_answered(group: Group, allergens: frozenset[str]) -> bool:
    def good(option: Option) -> bool:
        return not option.sold_out and free_of(option.allergens, allergens)

    return sum(map(good, group.options)) >= group.min


def _dishes(carte: Carte) -> dict[str, Item]:
    return {item.key: item for item in _items(carte) if not item.is_menu}


def _items(carte: Carte) -> list[Item]:
    """Each once, also where it stands in two sections."""
    found = {(item.is_menu, item.key): item for part in carte.sections for item in part.items}
    return list(found.values())
