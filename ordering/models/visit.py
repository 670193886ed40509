"""A party at a table, its phones, and what they have chosen and not sent."""

from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from .carte import Product, SetMenu
from .fields import OrderedJSONField
from .restaurant import Table, new_code


class Visit(models.Model):
    """One party at one table, from the first answer to the covers until it leaves."""

    table = models.ForeignKey(Table, models.PROTECT, related_name="visits", verbose_name=_("table"))
    code = models.CharField(max_length=32, unique=True, default=new_code, editable=False)
    covers = models.PositiveSmallIntegerField(_("covers"), validators=[MinValueValidator(1)])
    # The covers that the amount of an order is held against, since guests have corrected them: those that the first
    # answer or the team gave. None: the covers themselves (services/limits.py).
    covers_counted = models.PositiveSmallIntegerField(null=True, editable=False)
    # How what stands in the cart shall be brought (services/serving.py); nothing said where it is empty.
    serving = models.CharField(max_length=10, default="", db_default="", editable=False)
    # Raised by every change of the cart. Raising it is also the lock that puts the writers of one cart in a row.
    cart_version = models.PositiveBigIntegerField(default=0, editable=False)
    # Raised when some of its phones are led to another table.
    partings = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    # The last sign of life: a phone joined, the cart was changed, an order sent. None: since it was opened.
    touched_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    # Wrong words of the day that its phones have given, and since when the team says that the party is here
    # (services/presence.py).
    word_tries = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    vouched_at = models.DateTimeField(null=True, editable=False)
    # The party that this one has become part of (services/moves.py); its orders stay here, where they were sent.
    moved_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="joined", db_index=False
    )
    # Of one phone alone, at a table that strangers share.
    shared = models.BooleanField(default=False, db_default=False, editable=False)
    # Since when the next party sits there although nobody had freed the table; then since when the staff know.
    left_behind_at = models.DateTimeField(null=True, editable=False)
    left_seen_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["-opened_at"]
        constraints = [
            # Two phones that answer the covers at once open one visit.
            models.UniqueConstraint(
                fields=["table"],
                condition=Q(ended_at__isnull=True, shared=False),
                name="visit_one_open_party_per_table",
            ),
            models.CheckConstraint(condition=Q(covers__gte=1), name="visit_covers_range"),
        ]
        indexes = [
            # services/floor.py, services/visits.py: those that sit here now.
            models.Index(fields=["table"], condition=Q(ended_at__isnull=True), name="visit_open"),
            # services/seating.py: those that somebody of the staff has still to look after.
            models.Index(
                fields=["table"],
                condition=Q(left_behind_at__isnull=False, left_seen_at__isnull=True),
                name="visit_left_behind",
            ),
            # Few are joined to another: an index of the many that are not would tell SQLite that it finds nearly all.
            models.Index(
                fields=["moved_to"], condition=Q(moved_to__isnull=False), name="visit_joined"
            ),
        ]

    def __str__(self) -> str:
        opened = date_format(localtime(self.opened_at), "SHORT_DATETIME_FORMAT")
        return f"{self.table}, {opened}"

    @property
    def last_sign(self) -> datetime:
        """Of life: when somebody of the party last did something."""
        return self.touched_at or self.opened_at


class Guest(models.Model):
    """One phone in a visit, known by the random value in its cookie and by nothing else."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="guests", verbose_name=_("visit"))
    # HMAC of the cookie's random value (pos_bridge.encryption.lookup_hash).
    secret_hash = models.CharField(max_length=64, editable=False)
    # From 1 in the order of joining: "Second phone".
    number = models.PositiveSmallIntegerField(_("number"))
    joined_at = models.DateTimeField(auto_now_add=True)
    # When it gave the word of the day, and how many wrong ones.
    word_at = models.DateTimeField(null=True, editable=False)
    word_tries = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    # The same phone in the party that it was moved to: whoever asks for this one is led there.
    moved_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="+"
    )
    # When the staff last led this phone to another table, so that it can be told once.
    moved_at = models.DateTimeField(null=True, editable=False)
    # Only if the guest wants one; forgotten with the visit (P21).
    name = models.CharField(max_length=20, blank=True, default="", db_default="", editable=False)
    # Has chosen all and waits for the others; a change of the own lines takes it back.
    ready = models.BooleanField(default=False, db_default=False, editable=False)
    # The keys of its last taps that added something, each heard once, and of those before (services/taps.py).
    taps = models.CharField(max_length=400, default="", db_default="", editable=False)
    taps_before = models.CharField(max_length=3060, default="", db_default="", editable=False)

    class Meta:
        verbose_name = _("guest")
        verbose_name_plural = _("guests")
        ordering = ["visit", "number"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "secret_hash"], name="guest_secret_once"),
            models.UniqueConstraint(fields=["visit", "number"], name="guest_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.visit}, {self.number}"


class CartLine(models.Model):
    """What one guest has chosen and not sent."""

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="cart_lines")
    guest = models.ForeignKey(Guest, models.CASCADE, related_name="cart_lines")
    # A product or a set menu, one of the two.
    product = models.ForeignKey(Product, models.CASCADE, null=True, related_name="cart_lines")
    set_menu = models.ForeignKey(SetMenu, models.CASCADE, null=True, related_name="cart_lines")
    # In forms instead of the row's own number (P16).
    code = models.CharField(max_length=32, unique=True, default=new_code, editable=False)
    quantity = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])
    # [group key, option key] pairs that the guest chose; automatic ones are added when it is priced.
    chosen = models.JSONField(default=list)
    # Of a set menu: [{"course", "product", "chosen"}], keys, in the order of the menu; `chosen` as above.
    composed = models.JSONField(default=list, db_default=[])
    # House notes that were ticked, [{"key", "text"}] as they were then, in the order of the house's list.
    notes = OrderedJSONField(default=list, db_default=[])
    # In the guest's own words, as services/notes.py lets them pass.
    note = models.CharField(max_length=80, default="", db_default="")
    # Cents TTC of one unit with its options when the guest last confirmed it: “12,00 € before, 13,00 € now”.
    shown_price = models.BigIntegerField()
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("line of a cart")
        verbose_name_plural = _("lines of a cart")
        ordering = ["added_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="cart_line_quantity_range")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.product or self.set_menu}"
