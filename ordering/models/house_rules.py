"""Who may order at a restaurant and how much at once, and what the staff have slowed down or paused for now."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .fields import OrderedJSONField


class Approval(models.TextChoices):
    NEVER = "never", _("Never: orders go to the register at once")
    FIRST = "first", _("The first order of a party")
    EVERY = "every", _("Every order")


class WordOfTheDay(models.TextChoices):
    OFF = "off", _("No word is asked for")
    DAILY = "daily", _("A new word each day")
    KEPT = "kept", _("The same word until the team renews it")


class HouseRules(models.Model):
    """Settings of a restaurant and what the staff have said for now. Every column has a default in the database: code
    of before makes restaurants without them.
    """

    approval = models.CharField(
        _("a tap of the team before the register"),
        max_length=10,
        choices=Approval.choices,
        default=Approval.NEVER,
        db_default=Approval.NEVER,
        help_text=_(
            "Which orders wait on the board until somebody of the team has tapped “OK”. With “the first order of a "
            "party”, a card photographed and used from elsewhere sends nothing to the kitchen, and a party waits "
            "once; so does a phone that joins it later."
        ),
    )
    seated_first = models.BooleanField(
        _("the team seats the party first"),
        default=False,
        db_default=False,
        help_text=_(
            "On: a phone cannot begin at a free table; it says to ask to be seated, and joins once the team has "
            "seated the party on the board."
        ),
    )
    word_of_the_day = models.CharField(
        _("word of the day"),
        max_length=10,
        choices=WordOfTheDay.choices,
        default=WordOfTheDay.OFF,
        db_default=WordOfTheDay.OFF,
        help_text=_(
            "Each phone gives it once, before its first order. Write it where only guests see it; it stands on the "
            "board, where the team can renew it."
        ),
    )
    # Raised by each renewal: another number is another word (services/presence.py).
    word_turn = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    # CIDRs as text.
    networks = models.JSONField(
        _("networks of the house"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_(
            "The addresses that phones on the house’s Wi-Fi come from, for example “203.0.113.7, 2001:db8:1::/48”. "
            "Only phones that come from there may order; where there is a word of the day too, either of the two is "
            "enough. Empty: from anywhere. Behind a proxy, the setting PROXIES must be right."
        ),
    )
    limit_house_per_minute = models.PositiveIntegerField(
        _("orders of the house in a minute at most"),
        default=100,
        db_default=100,
        validators=[MinValueValidator(1)],
        help_text=_("Against a flood of false orders: what comes beyond waits for the team’s OK."),
    )
    limit_zone_per_minute = models.PositiveIntegerField(
        _("orders of a zone in a minute at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("The same for the tables of each zone. Empty: no limit."),
    )
    # Cents TTC.
    limit_amount_per_table = models.BigIntegerField(
        _("amount of a party at most"),
        null=True,
        blank=True,
        help_text=_(
            "All that a party has ordered by phone, in euros; what goes beyond waits for the team’s OK. "
            "Empty: no limit."
        ),
    )
    # What is paused now (services/pauses.py): [{"scope", "what", "until", "text"}]. On the restaurant’s own row, which
    # every page of a phone reads anyway; who paused what stands in the journal (services/acts.py).
    pauses = OrderedJSONField(default=list, db_default=[], editable=False)
    # Slower instead of closed, for one day of service (services/pauses.py).
    waiting_minutes = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    slow_per_minute = models.PositiveSmallIntegerField(null=True, editable=False)
    slower_day = models.DateField(null=True, editable=False)

    class Meta:
        abstract = True
