"""Where on a page a problem is said: beside the field that it is about, or above everything."""

from collections.abc import Collection, Sequence

from ordering.services.problems import Problem

# What a code alone is about, by the name of the field.
FIELDS = {
    "quantity": "quantity",
    "covers": "covers",
    "name_too_long": "name",
    "say_word": "word",
    "word_wrong": "word",
    "word_tries": "word",
    "unknown_wish": "serving",
}

Wrongs = dict[str, list[Problem]]


def beside(problems: Sequence[Problem | str], places: Collection[str]) -> Wrongs:
    """The problems that a field of the page is about, by its name. `places`: keys of groups, codes of lines."""
    found: Wrongs = {}
    for each in problems:
        if isinstance(each, Problem):
            field = each.place if each.place in places else FIELDS.get(each.code)
            if field:
                found.setdefault(field, []).append(each)
    return found


def above(problems: Sequence[Problem | str], wrongs: Wrongs) -> list[Problem | str]:
    """The others."""
    said = [each for some in wrongs.values() for each in some]
    return [each for each in problems if each not in said]
