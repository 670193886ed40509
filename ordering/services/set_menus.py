"""A set menu as a guest composes it: of each course some products, each with its own options."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ordering.models import Choice, Course, Product
from ordering.services.options import Groups, PricedOption, choose, unanswerable
from ordering.services.problems import Problem, too_few, too_many
from ordering.slots import is_open
from ordering.texts import in_language

Composed = list[dict[str, Any]]
"""[{"course": key, "product": key, "chosen": [[group key, option key], …]}, …]"""

Courses = list[tuple[Course, list[Choice]]]
"""What a set menu offers, in order; a course without a choice is not among them."""


@dataclass(frozen=True)
class PricedChoice:
    """A product inside a set menu as it is now. `supplement` is cents TTC for one."""

    course: str
    product: Product
    supplement: int
    options: tuple[PricedOption, ...]

    @property
    def unit_total(self) -> int:
        return self.supplement + sum(option.price for option in self.options)


def courses_of(menu_ids: set[int]) -> defaultdict[int, Courses]:
    """What each set menu offers, in one query."""
    found: defaultdict[int, Courses] = defaultdict(list)
    if not menu_ids:
        return found
    choices = (
        Choice.objects.filter(course__set_menu__in=menu_ids)
        .select_related("course", "product")
        .annotate(gap=unanswerable("product"))
        .order_by("course__position", "course_id", "position", "pk")
    )
    for choice in choices:
        courses = found[choice.course.set_menu_id]
        if not courses or courses[-1][0].pk != choice.course_id:
            courses.append((choice.course, []))
        courses[-1][1].append(choice)
    return found


def compose(
    courses: Courses,
    groups: Mapping[int, Groups],
    composed: Composed,
    moments: Sequence[datetime] = (),
) -> tuple[list[PricedChoice], list[Problem]]:
    """What was composed, in the menu's order, and what is wrong with it. `groups`: by product; `moments`: the
    restaurant's local times at one of which a product must be served, where there are any.
    """
    wanted = {(each["course"], each["product"]): each["chosen"] for each in composed}
    offered = {
        (course.key, choice.product.key) for course, choices in courses for choice in choices
    }
    problems = []
    if len(wanted) != len(composed) or not wanted.keys() <= offered:
        problems.append(Problem("unknown_choice"))
    found: list[PricedChoice] = []
    for course, choices in courses:
        taken = [choice for choice in choices if (course.key, choice.product.key) in wanted]
        name = in_language(course.name)
        if len(taken) < course.min:
            problems.append(too_few(course.key, name, course.min))
        elif len(taken) > course.max:
            problems.append(too_many(course.key, name, course.max))
        for choice in taken:
            product = choice.product
            options, wrong = choose(
                groups.get(product.pk, []),
                [(group, key) for group, key in wanted[course.key, product.key]],
            )
            name = in_language(product.name)
            problems += [replace(problem, place=course.key, name=name) for problem in wrong]
            problems += _problems(choice, course.key, moments)
            found.append(PricedChoice(course.key, product, choice.supplement, tuple(options)))
    return found, problems


def in_order(courses: Courses, composed: Composed) -> Composed:
    """The same, written in one way: as the menu has its courses and choices."""
    place = {
        (course.key, choice.product.key): (number, choice_number)
        for number, (course, choices) in enumerate(courses)
        for choice_number, choice in enumerate(choices)
    }
    return sorted(
        ({**each, "chosen": sorted(map(list, each["chosen"]))} for each in composed),
        key=lambda each: place[each["course"], each["product"]],
    )


def on_register(choice: Choice) -> bool:
    """Whether it can be told to the register, with an answer to all that is asked about it."""
    return bool(choice.product.register_id) and not getattr(choice, "gap", False)


def _problems(choice: Choice, course: str, moments: Sequence[datetime]) -> list[Problem]:
    product = choice.product
    codes = {
        "option_sold_out": product.sold_out,
        "choice_not_on_register": not on_register(choice),
        # Not by its categories: what is a main dish at night may be in a menu at noon.
        "choice_not_served": bool(moments)
        and not any(is_open(product.served, local) for local in moments),
    }
    params = {"option": in_language(product.name)}
    return [Problem(code, course, params) for code, is_so in codes.items() if is_so]
