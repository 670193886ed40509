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
    "house_paused": _("paused the orders by phone of the whole house until %(until)s"),
    "zone_paused": _("paused the orders by phone of the zone “%(of)s” until %(until)s"),
    "category_paused": _("paused the orders by phone of the category “%(of)s” until %(until)s"),
    "house_paused_today": _("paused the orders by phone of the whole house until tomorrow"),
    "zone_paused_today": _("paused the orders by phone of the zone “%(of)s” until tomorrow"),
    "category_paused_today": _(
        "paused the orders by phone of the category “%(of)s” until tomorrow"
    ),
    "house_resumed": _("ended the pause of the whole house"),
    "zone_resumed": _("ended the pause of the zone “%(of)s”"),
    "category_resumed": _("ended the pause of the category “%(of)s”"),
    "slowed_down": _(
        "told guests to wait %(minutes)s minutes; orders in a minute at most: %(orders)s"
    ),
    "word_renewed": _("renewed the word of the day"),
    "party_vouched": _("said that the party is here"),
    "call_coming": _("answered a call: someone is coming"),
    "call_minutes": _("answered a call: in a few minutes"),
    "call_done": _("dealt with a call"),
    "visit_moved": _("moved the party to table %(to)s"),
    "visit_joined": _("joined the party to the one at table %(to)s, %(covers)s covers together"),
    "visit_parted": _("parted %(covers)s covers from the party, to table %(to)s"),
    "table_seated": _("seated a party of %(covers)s"),
    "covers_set": _("corrected the covers from %(before)s to %(after)s"),
    "party_left": _("confirmed that the party before had left"),
    "sold_out_today": _("sold out for today: %(name)s"),
    "sold_out": _("sold out until it is put back: %(name)s"),
    "back_on_sale": _("on sale again: %(name)s"),
    "portions_left": _("%(portions)s portions left: %(name)s"),
    "table_ordering_off": _("switched ordering by phone off"),
    "table_ordering_on": _("switched ordering by phone on"),
    "order_on_till": _("noted order %(order)s as being on the till"),
    "order_by_hand": _("entered order %(order)s by hand"),
    "order_cancelled": _("noted that nobody wants order %(order)s any more"),
    "order_sent_again": _("sent order %(order)s again"),
    "order_sent_anew": _("sent order %(order)s anew"),
    "order_seen_to": _("saw to order %(order)s, which stood on the till all the same"),
    "login_let_in": _("let %(name)s try to log in again"),
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
