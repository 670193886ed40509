"""What the check before service finds, line by line, and how one thing is tried on the register's adapter."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from ordering.models import Restaurant
from ordering.services.trial_lines import Trial
from pos_bridge.errors import Unsupported
from pos_bridge.models import Register
from pos_bridge.registers import adapter_class
from pos_bridge.registers.base import Adapter
from pos_bridge.ticket import Ticket
from pos_bridge.words import REASONS

logger = logging.getLogger(__name__)


class Level(StrEnum):
    GOOD = "good"
    BAD = "bad"
    LOOK = "look"  # a person knows whether it is meant


@dataclass(frozen=True)
class Finding:
    """A line of the report. `mend`: what to do about it; `thing`: whose page it is done on."""

    about: str
    level: Level
    words: str
    mend: str = ""
    thing: models.Model | None = None


@dataclass(frozen=True)
class House:
    """A restaurant with its register in use, whose keys stay unread, and what speaks to it."""

    restaurant: Restaurant
    register: Register
    adapter: type[Adapter]

    @property
    def language(self) -> str:
        return self.restaurant.house_language

    def problem(self, **fields: Any) -> str | None:
        """Why the register cannot be told this ticket, in the adapter's words, or None."""
        ticket = Ticket(**{"order": 1, "table": 1, "covers": 1, **fields})
        try:
            self.adapter.try_on(ticket, self.register.options)
        except Unsupported as unsupported:
            return unsupported.reason
        except Exception:
            # A mistake of ours on one thing must not hide the others.
            logger.exception("%s cannot be built for %s", ticket, self.register.kind)
            return str(REASONS["internal"])
        return None


def house_of(restaurant: Restaurant) -> House | None:
    """None where the restaurant has no register, or one of a kind that is not known."""
    current = Register.objects.filter(restaurant=restaurant, current=True)
    register = current.defer("credentials").first()
    adapter = adapter_class(register.kind) if register else None
    return House(restaurant, register, adapter) if register and adapter else None


def unsupported(
    house: House, about: str, trials: Iterable[Trial], thing: models.Model
) -> list[Finding]:
    """Each reason once; what holds for the plainest of all is not said again of the others."""
    seen: set[str] = set()
    found = []
    for trial in trials:
        problem = house.problem(lines=(trial.line,))
        if problem is None or problem in seen:
            continue
        seen.add(problem)
        said = _("with %(option)s: %(problem)s") if trial.about else "%(problem)s"
        found.append(
            bad(about, said % {"option": trial.about, "problem": problem}, on_its_page(), thing)
        )
    return found


def on_its_page() -> str:
    """The mend of most things, in words."""
    return _("Change it on its page in admin, or in the restaurant file.")


def good(about: str, words: str, thing: models.Model | None = None) -> Finding:
    """A line that is right."""
    return Finding(about, Level.GOOD, words, thing=thing)


def look(about: str, words: str, thing: models.Model | None = None) -> Finding:
    """A line that a person has to look at: neither right nor wrong."""
    return Finding(about, Level.LOOK, words, thing=thing)


def bad(about: str, words: str, mend: str, thing: models.Model | None = None) -> Finding:
    """A line that is wrong, with what to do."""
    return Finding(about, Level.BAD, words, mend, thing)
