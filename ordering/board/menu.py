"""The links on top of every page of the board."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class Link:
    """`name`: of an address that takes the restaurant's slug alone."""

    label: str | Promise
    name: str
    manager: bool = False


MENU = [
    Link(pgettext_lazy("page of the board", "Service"), "board:board"),
    Link(pgettext_lazy("page of the board", "Pause"), "board:pauses"),
    Link(pgettext_lazy("page of the board", "Sold out"), "board:carte"),
    Link(_("End of service"), "board:service"),
    Link(_("Journal"), "board:journal", manager=True),
]
