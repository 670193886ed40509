"""What became of prices: before, after, when, by whom. Rows are only ever added (services/prices.py)."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from .carte import Option, Product, SetMenu


class Way(models.TextChoices):
    HAND = "hand", _("on its page")
    SEVERAL = "several", _("several at once")
    SHEET = "sheet", _("from a spreadsheet")
    FILE = "file", _("from a restaurant file")


def said(before: int | None, after: int | None) -> str:
    """ "12.00 → 17.50", in the reader's way to write an amount."""
    amounts = (
        "—" if each is None else number_format(Decimal(each) / 100, 2) for each in (before, after)
    )
    return " → ".join(amounts)


class Changed(models.Model):
    """One price that became another one. In cents TTC."""

    # Nobody: whoever started a command. Who leaves takes nothing of the history with them.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    way = models.CharField(max_length=10, choices=Way.choices)
    at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["-at", "-pk"]


class PriceChange(Changed):
    """Of a product or a set menu."""

    Way = Way

    product = models.ForeignKey(Product, models.CASCADE, null=True, related_name="price_changes")
    set_menu = models.ForeignKey(SetMenu, models.CASCADE, null=True, related_name="price_changes")
    # Its happy-hour price: None where it had, or has, none.
    happy = models.BooleanField(default=False, db_default=False)
    before = models.BigIntegerField(null=True)
    after = models.BigIntegerField(null=True)

    class Meta(Changed.Meta):
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=True, set_menu__isnull=False)
                | Q(product__isnull=False, set_menu__isnull=True),
                name="price_change_of_one",
            )
        ]

    def __str__(self) -> str:
        return said(self.before, self.after)


class OptionPriceChange(Changed):
    """Of an option."""

    option = models.ForeignKey(Option, models.CASCADE, related_name="price_changes")
    before = models.BigIntegerField()
    after = models.BigIntegerField()

    class Meta(Changed.Meta):
        verbose_name = _("price change of an option")
        verbose_name_plural = _("price changes of options")

    def __str__(self) -> str:
        return said(self.before, self.after)
