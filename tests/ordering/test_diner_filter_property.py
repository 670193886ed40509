"""The allergen filter against a judge of its own: every way to order is tried, one by one (P22)."""

from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordering.diner.compiled import Carte, Choice, Course, Group, Item, Option, Section
from ordering.diner.filtering import Wanted, narrowed

NAMES = ["milk", "eggs", "sesame"]
pytestmark = pytest.mark.pure

declared = st.one_of(st.none(), st.lists(st.sampled_from(NAMES), unique=True))


@st.composite
def groups(draw):
    found = []
    for number in range(draw(st.integers(0, 2))):
        options = [
            Option(f"o{index}", {"fr": "o"}, 0, draw(declared), draw(st.booleans()))
            for index in range(draw(st.integers(1, 3)))
        ]
        least = draw(st.integers(0, 2))
        found.append(Group(f"g{number}", {"fr": "g"}, draw(st.booleans()), least, None, options))
    return found


def item(key, **fields):
    return Item(
        **{
            "key": key, "is_menu": False, "name": {"fr": key}, "description": {}, "price": 1,
            "served": None, "sold_out": False, "on_register": True, "photo": "", **fields,
        }
    )  # fmt: skip


@st.composite
def cartes(draw):
    dishes = [
        item(f"d{number}", allergens=draw(declared), groups=draw(groups()))
        for number in range(draw(st.integers(1, 3)))
    ]
    hidden = draw(declared)
    choices = [
        Choice(d.key, {"fr": d.key}, 0, d.all_allergens, False, bool(d.groups)) for d in dishes
    ]
    choices.append(Choice("hidden", {"fr": "h"}, 0, hidden, False, False))
    courses = [
        Course(
            f"c{number}", {"fr": "c"}, draw(st.integers(0, 1)), 2,
            draw(st.lists(st.sampled_from(choices), max_size=3, unique_by=lambda c: c.key)),
        )
        for number in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    menu = item("menu", is_menu=True, courses=courses)
    return Carte([Section("s", {"fr": "s"}, {}, None, [*dishes, menu])], True)


def orders_of_dish(dish):
    """Every way to order it: the declarations of all that comes to the table."""
    ways = [[dish.allergens]]
    for group in dish.groups:
        if group.automatic:
            ways = [[*way, *(option.allergens for option in group.options)] for way in ways]
            continue
        left = [option for option in group.options if not option.sold_out]
        sizes = range(group.min, len(left) + 1)
        picks = list(chain.from_iterable(combinations(left, size) for size in sizes))
        ways = [[*way, *(option.allergens for option in pick)] for way in ways for pick in picks]
    return ways


def orders_of_menu(menu, dishes):
    """Every way to choose one dish in each course that must be chosen, or one dish at all."""
    ways = [[]]
    for course in menu.courses:
        inside = []
        for choice in course.choices:
            dish = dishes.get(choice.key)
            inside += orders_of_dish(dish) if dish else [[choice.allergens]]
        none = [[]] if course.min == 0 else []
        ways = [[*way, *more] for way in ways for more in [*inside, *none]]
    return [way for way in ways if way]


def is_free(way, avoided):
    return all(part is not None and not set(part) & avoided for part in way)


@settings(max_examples=300, deadline=None)
@given(cartes(), st.sets(st.sampled_from(NAMES), min_size=1))
def test_it_shows_as_without_exactly_what_can_be_ordered_so(carte, avoided):
    """P22: nothing that cannot, and nothing undeclared; and it hides nothing that can."""
    items = carte.sections[0].items
    dishes = {each.key: each for each in items if not each.is_menu}
    expected = {
        each.key
        for each in items
        if any(
            is_free(way, avoided)
            for way in (orders_of_menu(each, dishes) if each.is_menu else orders_of_dish(each))
        )
    }
    shown = narrowed(carte, Wanted(without=frozenset(avoided)))
    assert {each.key for part in shown.sections for each in part.items} == expected


@settings(max_examples=100, deadline=None)
@given(cartes(), st.sets(st.sampled_from(NAMES), min_size=1), st.sampled_from(NAMES))
def test_to_avoid_more_never_shows_more(carte, avoided, another):
    """P22"""

    def keys(names):
        shown = narrowed(carte, Wanted(without=frozenset(names)))
        return {each.key for part in shown.sections for each in part.items}

    assert keys(avoided | {another}) <= keys(avoided)
