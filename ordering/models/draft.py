"""A carte that waits for its hour: the carte of a restaurant file, carried out once (services/drafts.py)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .fields import OrderedJSONField
from .restaurant import Restaurant


class Draft(models.Model):
    """One carte to come. Its state moves by guarded UPDATE, from WAITING to one of the others, and stays there."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for its hour")
        LIVE = "live", _("went live")
        REFUSED = "refused", _("did not go live")
        CANCELLED = "cancelled", _("cancelled")

    restaurant = models.ForeignKey(Restaurant, models.CASCADE, related_name="drafts")
    # Of a restaurant file what a draft may change (services/drafts.py: OF_A_CARTE), as it was given.
    data = OrderedJSONField()
    # Where it says something of its own about what is sold out: [["products", key], ["option_groups", key, key], …].
    stock = OrderedJSONField(default=list)
    live_at = models.DateTimeField(_("goes live"))
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # Who leaves takes nothing of the history with them.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    # The sentences of services/transfer/caution.py that were accepted when it was stored.
    accepted = OrderedJSONField(default=list)
    # When it went live, was refused or was cancelled, and what was said of it then: sentences of the import.
    settled_at = models.DateTimeField(null=True)
    outcome = OrderedJSONField(default=list)
    # When somebody said that they have read of its failure.
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-live_at", "-pk"]
        indexes = [
            # watch looks for it at every round.
            models.Index(fields=["live_at"], condition=Q(state="waiting"), name="draft_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.restaurant}, {self.live_at:%Y-%m-%d %H:%M}"
