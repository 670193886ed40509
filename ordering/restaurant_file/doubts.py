"""What a restaurant file may say, and nobody can have meant: said with its place, and imported all the same."""

from collections.abc import Iterator
from typing import Any

from .mistakes import Mistake, listed, show
from .parts import objects, whole, words


def doubts(data: dict[str, Any]) -> Iterator[Mistake]:
    """Of valid data alone."""
    languages = words(data, "languages")
    for index, closed in objects(data, "closed_days"):
        for language in closed.get("text", {}):
            if language not in languages:
                yield Mistake(
                    ("closed_days", index, "text", language),
                    f"the restaurant's languages are {listed(languages)}; this text is left out",
                )
    for index, menu in objects(data, "set_menus"):
        for inner, course in objects(menu, "courses"):
            least, choices = whole(course.get("min", 1)) or 0, len(course["choices"])
            if least > choices:
                yield Mistake(
                    ("set_menus", index, "courses", inner, "min"),
                    f"min is {least}, and there is only {choices} to choose: {show(menu['key'])} "
                    "cannot be ordered",
                )
