"""A table that wants a person: a waiter, the bill, a word about allergens. What is said is said at the table."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .order import Order
from .restaurant import Table, new_code
from .visit import Guest, Visit


class Call(models.Model):
    """One call, until somebody has dealt with it. No field of it takes a text: nothing of a diner's health is kept."""

    class Kind(models.TextChoices):
        WAITER = "waiter", _("a waiter")
        BILL = "bill", _("the bill")
        ALLERGENS = "allergens", _("a question about allergens")
        ORDER = "order", _("changed their mind")

    class Pay(models.TextChoices):
        CARD = "card", _("by card")
        CASH = "cash", _("in cash")

    class Answer(models.TextChoices):
        COMING = "coming", _("someone is coming")
        MINUTES = "minutes", _("in a few minutes")

    # Where it was called from; a party may have moved since.
    table = models.ForeignKey(Table, models.CASCADE, related_name="calls")
    # None: a phone that has scanned the card and joined no party.
    visit = models.ForeignKey(Visit, models.CASCADE, null=True, related_name="calls")
    guest = models.ForeignKey(Guest, models.SET_NULL, null=True, related_name="+")
    # Of a phone that joined no party, as Guest.secret_hash: nobody else at the table is shown its question.
    asker = models.CharField(max_length=64, default="", db_default="", editable=False)
    # In forms and addresses instead of the row's own number (P16).
    code = models.CharField(max_length=32, unique=True, default=new_code, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Of the bill alone. "" where nobody has said.
    pay = models.CharField(max_length=4, choices=Pay.choices, blank=True, default="")
    parts = models.PositiveSmallIntegerField(default=1)
    # The order that they would have otherwise.
    order = models.ForeignKey(Order, models.CASCADE, null=True, related_name="calls")
    at = models.DateTimeField()
    answer = models.CharField(max_length=8, choices=Answer.choices, blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # Somebody has been there, or the guest needs nobody any more.
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            # Two phones that call at once call once.
            models.UniqueConstraint(
                fields=["visit", "kind"],
                condition=Q(closed_at__isnull=True, order__isnull=True),
                name="call_once_per_visit",
            ),
            models.UniqueConstraint(
                fields=["visit", "order"],
                condition=Q(closed_at__isnull=True),
                name="call_once_per_order",
            ),
            models.UniqueConstraint(
                fields=["table", "kind", "asker"],
                condition=Q(closed_at__isnull=True, visit__isnull=True),
                name="call_once_per_phone",
            ),
        ]
        indexes = [
            # The board asks every few seconds; the archive is not looked at.
            models.Index(
                fields=["at"], condition=Q(closed_at__isnull=True), name="call_that_is_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.get_kind_display()}"

    @property
    def place(self) -> Table:
        """Where they sit now."""
        return self.visit.table if self.visit else self.table
