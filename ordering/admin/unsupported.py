"""What the register cannot be told is said when the carte is saved, and not at dinner (P25)."""

from __future__ import annotations

from django.contrib import messages
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext

from ordering.services.unsupported import unsupported_of

SHOWN = 5  # nobody reads more of them on one page; the rehearsal names them all


def say(request: HttpRequest, thing: models.Model) -> None:
    """Warn of it on the next page. It is saved all the same: half a change may be needed to make the other half."""
    for finding in unsupported_of(thing)[:SHOWN]:
        said = gettext("%(about)s cannot be ordered so: %(why)s")
        messages.warning(request, said % {"about": finding.about, "why": finding.words})
