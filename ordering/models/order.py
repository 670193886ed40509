"""What was sent at once, with names, prices and VAT as they were at that moment."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .fields import OrderedJSONField
from .restaurant import Restaurant, Table, new_code
from .visit import Guest, Visit


class Order(models.Model):
    """A round. Its delivery is `additions`, of which the last counts."""

    restaurant = models.ForeignKey(
        Restaurant, models.PROTECT, related_name="orders", verbose_name=_("restaurant")
    )
    table = models.ForeignKey(Table, models.PROTECT, related_name="orders", verbose_name=_("table"))
    visit = models.ForeignKey(Visit, models.PROTECT, related_name="orders", verbose_name=_("visit"))
    guest = models.ForeignKey(Guest, models.PROTECT, related_name="orders", verbose_name=_("guest"))
    code = models.CharField(max_length=32, unique=True, default=new_code, editable=False)
    # Random, made with the form: the same form sent again is the same order (P4).
    submission_key = models.CharField(max_length=64, editable=False)
    # The number that people see: the order's count at this restaurant on this day of service.
    day = models.DateField(_("day"))
    number = models.PositiveIntegerField(_("order"))
    covers = models.PositiveSmallIntegerField(_("covers"))
    # Cents TTC: shown, confirmed and sent.
    total = models.BigIntegerField(_("total"))
    language = models.CharField(_("language"), max_length=12)
    # As Visit.serving.
    serving = models.CharField(_("how it is brought"), max_length=10, default="", db_default="")
    # {"products": {pk: count}, "options": …, "set_menus": …}; None where nothing was counted, or it was given back.
    portions_taken = models.JSONField(null=True, editable=False)
    created_at = models.DateTimeField(_("sent"), auto_now_add=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["visit", "submission_key"], name="order_submission_once"
            ),
            models.UniqueConstraint(
                fields=["restaurant", "day", "number"], name="order_number_once"
            ),
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_range"),
        ]
        indexes = [
            # services/orders.py counts a table's orders of the last hour.
            models.Index(fields=["table", "created_at"], name="order_of_table"),
        ]

    def __str__(self) -> str:
        return _("Order %(number)s") % {"number": self.number}


class OrderLine(models.Model):
    """A line as it was sent."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    position = models.PositiveSmallIntegerField()
    product_key = models.CharField(_("product"), max_length=64)
    register_id = models.CharField(_("id on the register"), max_length=64, blank=True)
    # {language: text}, as it was.
    name = OrderedJSONField(_("name"))
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    # Cents TTC of one unit, options apart; VAT in percent.
    unit_price = models.BigIntegerField(_("unit price"))
    vat = models.DecimalField(_("VAT, percent"), max_digits=4, decimal_places=2)
    # [{"group", "key", "register_id", "name", "price", "automatic"}], as they were.
    options = OrderedJSONField(_("options"), default=list)
    # Of a set menu, as they were: [{"course", "key", "register_id", "name", "vat", "supplement", "price_alone",
    # "turn", "options"}]; money is cents TTC, `vat` text, `turn` the kitchen's course, `options` as above.
    choices = OrderedJSONField(_("choices"), default=list, db_default=[])
    # House notes [{"key", "text": {language: text}}] as they were, and the guest's own words.
    notes = OrderedJSONField(_("notes"), default=list, db_default=[])
    note = models.CharField(_("note of the guest"), max_length=80, default="", db_default="")
    is_menu = models.BooleanField(default=False, db_default=False)
    # Who chose it; None where only the guest who sent the order is known.
    guest = models.ForeignKey(Guest, models.SET_NULL, null=True, related_name="+", editable=False)
    course = models.PositiveSmallIntegerField(_("course"), null=True)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["order", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="order_line_once")
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {next(iter(self.name.values()), '')}"

    @property
    def total(self) -> int:
        inside = [(choice["supplement"], choice["options"]) for choice in self.choices]
        return self.quantity * sum(
            price + sum(option["price"] for option in options)
            for price, options in [(self.unit_price, self.options), *inside]
        )
