"""What the house's people do during the service is kept, with who and when."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ordering.models import Act, Restaurant, Table

# What was done, as its sentence in the journal; named parts come from `details`, the table stands beside it.
WORDS: dict[str, str | Promise] = {
    "table_freed": _("freed the table"),
    "order_approved": _("said OK to order %(number)s"),
    "order_refused": _("refused order %(number)s"),
    "house_paused": _("paused orders until %(until)s"),
    "zone_paused": _("paused the zone %(of)s until %(until)s"),
    "category_paused": _("paused the category %(of)s until %(until)s"),
    "house_resumed": _("ended the pause of the house"),
    "zone_resumed": _("ended the pause of the zone %(of)s"),
    "category_resumed": _("ended the pause of the category %(of)s"),
    "slowed_down": _(
        "told guests to wait %(minutes)s minutes; orders in a minute at most: %(orders)s"
    ),
    "word_renewed": _("renewed the word of the day"),
    "party_vouched": _("said that the party is here"),
    "cards_printed": _("printed the cards of tables: %(count)s"),
    "codes_renewed": _("renewed the codes of tables: %(count)s"),
    "service_exported": _("took the list of %(day)s home as a file"),
    "draft_stored": _("stored a carte that goes live on %(hour)s"),
    "draft_cancelled": _("cancelled the carte that was to go live on %(hour)s"),
    "draft_live": _("the carte of %(hour)s went live"),
    "draft_refused": _("the carte of %(hour)s did not go live"),
}


def record(
    *,
    by: AbstractBaseUser | AnonymousUser | None,
    restaurant: Restaurant,
    what: str,
    table: Table | None = None,
    **details: Any,
) -> Act:
    """Keep what a person did, in the transaction of what they did. `details` are words and numbers, nothing of a guest.

    `by`: nobody where the machine did it. Raises KeyError for a `what` without a sentence.
    """
    str(
        WORDS[what]
    )  # a sentence that is missing is a mistake of ours, found by the first test that comes by
    return Act.objects.create(
        restaurant=restaurant,
        person_id=by.pk if by is not None else None,
        what=what,
        table=table,
        details=details,
        at=timezone.now(),
    )


def sentence(act: Act) -> str:
    """What was done, in the reader's language."""
    return str(WORDS.get(act.what, act.what)) % act.details
