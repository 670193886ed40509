"""What a restaurant file may say, and nobody can have meant: said with its place, and imported all the same."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_noop as _

from .mistakes import Mistake, listed, show, wrong
from .parts import objects, whole, words


def doubts(data: dict[str, Any]) -> Iterator[Mistake]:
    """Of valid data alone."""
    languages = words(data, "languages")
    for index, closed in objects(data, "closed_days"):
        for language in closed.get("text", {}):
            if language not in languages:
                yield wrong(
                    ("closed_days", index, "text", language),
                    _("the restaurant's languages are %(languages)s; this text is left out"),
                    languages=listed(languages),
                )
    for index, menu in objects(data, "set_menus"):
        for inner, course in objects(menu, "courses"):
            least, choices = whole(course.get("min", 1)) or 0, len(course["choices"])
            if least > choices:
                yield wrong(
                    ("set_menus", index, "courses", inner, "min"),
                    _(
                        "min is %(least)s, and there is only %(count)s to choose: %(menu)s cannot be ordered"
                    ),
                    least=least,
                    count=choices,
                    menu=show(menu["key"]),
                )
