"""A restaurant, its people, and its tables."""

import secrets

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pos_bridge.encryption import EncryptedTextField, lookup_hash

from .fields import OrderedJSONField
from .house_rules import HouseRules

KEY = RegexValidator(
    r"^[a-z0-9][a-z0-9-]{0,63}\Z",
    _("Small letters without accents, digits and hyphens, at most 64, for example “plat-du-jour”."),
)
COLOUR = RegexValidator(
    r"^#[0-9a-fA-F]{6}\Z", _("A colour as # and six digits, for example #7b1e32.")
)

# LEO2 numbers its tables so (docs/registers); the other two take any of these.
LOWEST_TABLE, HIGHEST_TABLE = 1, 89_999
# Minutes; a shorter one would end a meal between two courses.
SHORTEST_SILENCE = 30


def new_code() -> str:
    """128 random bits, for an address that nobody can guess (P16)."""
    return secrets.token_urlsafe(16)


class Restaurant(HouseRules):
    """One place: a carte, tables, languages, hours, one register."""

    slug = models.CharField(
        _("short name in addresses"),
        max_length=64,
        unique=True,
        validators=[KEY],
        help_text=_(
            "Part of the address of the carte. Cards that are printed do not depend on it."
        ),
    )
    name = models.CharField(_("name"), max_length=200)
    # Language codes; the first is the house's own and the register's.
    languages = models.JSONField(_("languages"), default=list)
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Paris")
    colour = models.CharField(_("colour"), max_length=7, blank=True, validators=[COLOUR])
    # The bare name of a `Photo` of the restaurant.
    logo = models.CharField(max_length=200, default="", db_default="", blank=True, editable=False)
    # How pages show it, once it is drawn: {"sha256": …, "width": …, "height": …, "light": …, "dark": …}; see
    # restaurant_file/logos.py. On this row, so that no page asks once more for it.
    logo_drawn = models.JSONField(null=True, editable=False)
    # Slots as in the restaurant file; None: whenever ordering is open.
    hours = models.JSONField(_("ordering hours"), null=True, blank=True)
    # [{"from": "2026-12-24", "to": "2026-12-26", "text": {language: text}}], days of service, both included; `to` and
    # `text` may be missing. In the order of the days.
    closed_days = OrderedJSONField(_("days closed"), default=list, db_default=[], blank=True)
    ordering = models.BooleanField(
        _("takes orders"),
        default=True,
        help_text=_(
            "Off: the carte can be read on the phone, and the page says to order from the staff."
        ),
    )
    limit_covers = models.PositiveIntegerField(
        _("covers at most"), default=30, validators=[MinValueValidator(1)]
    )
    limit_quantity = models.PositiveIntegerField(
        _("quantity of a line at most"), default=20, validators=[MinValueValidator(1)]
    )
    limit_lines = models.PositiveIntegerField(
        _("lines of an order at most"), default=40, validators=[MinValueValidator(1)]
    )
    # Cents TTC.
    limit_amount_per_cover = models.BigIntegerField(
        _("amount for each cover at most"), default=60_00
    )
    limit_orders_per_hour = models.PositiveIntegerField(
        _("orders of a table in an hour at most"), default=12, validators=[MinValueValidator(1)]
    )
    # At the foot of the carte, each {language: text}; empty: what diner/legal.py says, or nothing.
    legal_prices = OrderedJSONField(
        _("prices, taxes and service"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_("Empty: “Net prices in euros, taxes and service included.”"),
    )
    legal_origin = OrderedJSONField(
        _("origin of meat"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_("For the whole carte; each product may say its own as well."),
    )
    legal_homemade = OrderedJSONField(
        _("homemade"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_("Empty: the usual sentence, where a product is said to be homemade."),
    )
    legal_alcohol = OrderedJSONField(
        _("alcohol"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_(
            "Empty: the usual warning with the age, where a product is said to be alcohol."
        ),
    )
    legal_note = OrderedJSONField(_("note of the house"), default=dict, db_default={}, blank=True)
    contact = models.CharField(
        _("who answers about data"),
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Named at “Your data” on the phone: the house's legal name, and an address or an e-mail to write to. "
            "Empty: guests are told to ask the team."
        ),
    )
    # Code of before makes restaurants without it.
    grace_minutes = models.PositiveSmallIntegerField(
        _("minutes of grace after last orders"),
        default=5,
        db_default=5,
        validators=[MaxValueValidator(60)],
        help_text=_("How long what was put into the cart in time may still be sent."),
    )
    silence_minutes = models.PositiveSmallIntegerField(
        _("minutes of silence after which a visit ends"),
        default=90,
        db_default=90,
        validators=[MinValueValidator(SHORTEST_SILENCE), MaxValueValidator(1440)],
        help_text=_(
            "Since a phone of the party last joined, changed the cart or ordered. "
            "A party with an order that is not on the till yet stays."
        ),
    )
    quiet_minutes = models.PositiveSmallIntegerField(
        _("minutes after which a new phone is asked"),
        default=15,
        db_default=15,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_(
            "When a party has ordered and been quiet for so long, a new phone at its table is "
            "asked whether it belongs to it, and sees nothing of it before."
        ),
    )
    # [{"key": …, "text": {language: text}}] in the order in which guests read them.
    notes = OrderedJSONField(_("notes for the kitchen"), default=list, db_default=[], blank=True)
    free_note = models.BooleanField(
        _("guests may write a note of their own"),
        default=False,
        db_default=False,
        help_text=_(
            "At most 80 letters and digits for each dish; they reach the kitchen as the guest wrote them, in any "
            "language."
        ),
    )
    # Raised by every change of the carte; cached pages carry it in their key.
    carte_version = models.PositiveBigIntegerField(default=1, editable=False)
    # The number that people see starts again each day at five in the morning, local time.
    order_day = models.DateField(null=True, editable=False)
    order_count = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("restaurant")
        verbose_name_plural = _("restaurants")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def house_language(self) -> str:
        return self.languages[0]


class Membership(models.Model):
    """What a person may do at a restaurant. The installer is superuser and needs none."""

    class Role(models.TextChoices):
        SERVICE = "service", _("Service: runs the service, changes no prices and no register")
        MANAGER = "manager", _("Manager: carte, tables, register")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="memberships",
        verbose_name=_("person"),
    )
    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="memberships", verbose_name=_("restaurant")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.SERVICE)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "restaurant"], name="membership_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.restaurant}"


class Table(models.Model):
    """A number that the register knows, and a secret code printed as its QR."""

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="tables", verbose_name=_("restaurant")
    )
    number = models.PositiveIntegerField(
        _("number"),
        validators=[MinValueValidator(LOWEST_TABLE), MaxValueValidator(HIGHEST_TABLE)],
        help_text=_("The number that the house and the register know the table by, 1 to 89 999."),
    )
    register_id = models.CharField(
        _("id on the register"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("Only where the register has another id for this table than its number."),
    )
    label = models.CharField(_("label"), max_length=100, blank=True, default="")
    zone = models.CharField(_("zone"), max_length=100, blank=True, default="")
    seats = models.PositiveIntegerField(
        _("seats"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    ordering = models.BooleanField(
        _("takes orders"),
        default=True,
        help_text=_("Off: the table's card shows the carte to read, and why it cannot order."),
    )
    enabled = models.BooleanField(
        _("card is valid"),
        default=True,
        help_text=_(
            "Off: the table's card leads to “unknown code”, as if it had never been printed."
        ),
    )
    shared = models.BooleanField(
        _("shared by strangers"),
        default=False,
        db_default=False,
        help_text=_(
            "On: each phone is a party of its own, with its own covers and cart. "
            "All of their orders stand on this table's number on the till."
        ),
    )
    # In the order of the restaurant file.
    position = models.PositiveIntegerField(default=0, editable=False)
    code = EncryptedTextField(default=new_code, editable=False)
    code_hash = models.CharField(max_length=64, unique=True, editable=False)
    # Printed on the card: which of two cards of one table is the newer.
    card_version = models.PositiveIntegerField(_("version of the card"), default=1, editable=False)

    class Meta:
        verbose_name = _("table")
        verbose_name_plural = _("tables")
        ordering = ["restaurant", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant", "number"],
                name="table_number_once",
                violation_error_message=_("This restaurant has a table with this number already."),
            ),
            models.CheckConstraint(
                condition=Q(number__gte=LOWEST_TABLE, number__lte=HIGHEST_TABLE),
                name="table_number_range",
                violation_error_message=_("A table's number is 1 to 89 999."),
            ),
        ]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if not self.code_hash:
            self.code_hash = lookup_hash(self.code)

    def __str__(self) -> str:
        return _("Table %(number)s") % {"number": self.number}
