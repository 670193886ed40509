"""The ways to be sold out: until switched back, until a day of service, and by a count of portions."""

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _


class SellsOut(models.Model):
    """What runs out: until it is switched back, or until a day of service."""

    sold_out = models.BooleanField(_("sold out"), default=False)
    sold_out_until = models.DateField(
        _("sold out until"),
        null=True,
        blank=True,
        help_text=_("On sale again on this day, at five in the morning."),
    )

    class Meta:
        abstract = True

    def is_sold_out(self, day: date) -> bool:
        """On this day of service, in any way."""
        return runs_out(self.sold_out, self.sold_out_until, day, getattr(self, "portions", None))


class Counted(SellsOut):
    """What may also be counted by portions."""

    portions = models.PositiveIntegerField(
        _("portions left"),
        null=True,
        blank=True,
        help_text=_("Counted down by the orders, sold out at 0. Empty: not counted."),
    )

    class Meta:
        abstract = True


def runs_out(sold_out: bool, until: date | None, day: date, portions: int | None) -> bool:
    """Whether something is sold out on this day of service."""
    return sold_out or portions == 0 or (until is not None and day < until)
