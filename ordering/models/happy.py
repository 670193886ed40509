"""Another price in some hours (ordering/happy.py says which price holds)."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class HasHappyHour(models.Model):
    """What may be cheaper in some hours. Without hours the happy price holds never."""

    # Cents TTC; None: there is no happy hour.
    happy_price = models.BigIntegerField(
        _("happy-hour price"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_(
            "Lower than the price; it holds in the hours below. Options and supplements cost the same at any hour."
        ),
    )
    # Slots as in the restaurant file.
    happy_hours = models.JSONField(
        _("happy hours"),
        null=True,
        blank=True,
        help_text=_(
            "One line for each: “mon–fri 17:00-19:00”, or “22:00-01:00” for every day. Empty: no happy hour. Where a "
            "drink with alcohol is cheaper in these hours, French law wants drinks without alcohol cheaper too."
        ),
    )

    class Meta:
        abstract = True
