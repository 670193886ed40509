"""What was declared of allergens before: every change of a declaration, with who and when and how."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .carte import Option, Product
from .restaurant import Restaurant


class AllergenChange(models.Model):
    """One change of one declaration. Written in the transaction of the change, and never changed."""

    class How(models.TextChoices):
        ADMIN = "admin", _("by hand")
        IMPORT = "import", _("by an import")

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="allergen_changes", verbose_name=_("restaurant")
    )
    # What it is of, as long as it is there. No rule of the database: code of before this table deletes them too (F29).
    product = models.ForeignKey(
        Product,
        models.SET_NULL,
        null=True,
        related_name="allergen_changes",
        verbose_name=_("product"),
        db_constraint=False,
    )
    option = models.ForeignKey(
        Option,
        models.SET_NULL,
        null=True,
        related_name="allergen_changes",
        verbose_name=_("option"),
        db_constraint=False,
    )
    # Its keys ("soupe", "pain/blanc") and its name in the house's language, as they were.
    key = models.CharField(_("key"), max_length=130)
    name = models.TextField(_("name"))
    # As on a product: None is not declared.
    before = models.JSONField(_("before"), null=True)
    after = models.JSONField(_("after"), null=True)
    # The thing itself was deleted, with its declaration.
    deleted = models.BooleanField(_("deleted"), default=False)
    how = models.CharField(_("how"), max_length=10, choices=How.choices)
    # None: an import on the command line, or somebody who is gone.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    # As it was then: it outlives the account.
    user_name = models.CharField(_("name of the person"), max_length=150, blank=True, default="")
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("change of allergens")
        verbose_name_plural = _("changes of allergens")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.name
