"""The carte: categories, products, option groups, set menus. Texts are {language: text}, money is whole cents TTC."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ordering.texts import house

from .fields import OrderedJSONField
from .happy import HasHappyHour
from .restaurant import KEY, Restaurant
from .sold_out import Counted, SellsOut

# Annex II of Regulation (EU) 1169/2011, in its order.
ALLERGENS = {
    "gluten": _("gluten"), "crustaceans": _("crustaceans"), "eggs": _("eggs"), "fish": _("fish"),
    "peanuts": _("peanuts"), "soybeans": _("soybeans"), "milk": _("milk"), "nuts": _("nuts"),
    "celery": _("celery"), "mustard": _("mustard"), "sesame": _("sesame"), "sulphites": _("sulphites"),
    "lupin": _("lupin"), "molluscs": _("molluscs"),
}  # fmt: skip
DIETS = {
    "vegetarian": _("vegetarian"), "vegan": _("vegan"), "halal": _("halal"), "kosher": _("kosher"),
    "organic": _("organic"), "homemade": _("homemade"), "spicy": _("spicy"),
}  # fmt: skip

REGISTER_ID_HELP = _(
    "The register's own number for it. Empty: not on the register yet; it is shown and cannot be ordered."
)

# Not what a guest sends.
PLACE = pgettext_lazy("place in a list", "order")


class Priced(HasHappyHour, SellsOut):
    """What a product and a set menu share."""

    key = models.CharField(_("key"), max_length=64, validators=[KEY])
    register_id = models.CharField(
        _("id on the register"), max_length=64, blank=True, default="", help_text=REGISTER_ID_HELP
    )
    name = OrderedJSONField(_("name"))
    description = OrderedJSONField(_("description"), default=dict, blank=True)
    price = models.BigIntegerField(_("price"), validators=[MinValueValidator(0)])
    vat = models.DecimalField(
        _("VAT, percent"),
        max_digits=4,
        decimal_places=2,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(30))],
    )
    served = models.JSONField(_("when it is served"), null=True, blank=True)
    # The bare name of a `Photo` of the restaurant.
    photo = models.CharField(_("photo"), max_length=200, blank=True, default="")
    position = models.PositiveIntegerField(default=0, editable=False)

    class Meta(SellsOut.Meta):
        abstract = True


class Category(models.Model):
    """A heading of the carte, with products and set menus in order."""

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="categories", verbose_name=_("restaurant")
    )
    key = models.CharField(_("key"), max_length=64, validators=[KEY])
    name = OrderedJSONField(_("name"))
    description = OrderedJSONField(_("description"), default=dict, blank=True)
    served = models.JSONField(_("when it is served"), null=True, blank=True)
    position = models.PositiveIntegerField(PLACE, default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "key"], name="category_key_once")
        ]

    def __str__(self) -> str:
        return house(self.name)


class Product(Counted, Priced):
    """A dish, a drink, a thing to take home."""

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="products", verbose_name=_("restaurant")
    )
    # None: not declared, never shown as free of anything. []: verified to contain none. Else what it contains.
    allergens = models.JSONField(_("allergens"), null=True, blank=True)
    diets = models.JSONField(_("diets"), default=list, blank=True)
    alcohol = models.BooleanField(_("alcohol"), default=False)
    volume = models.CharField(
        _("volume"),
        max_length=50,
        blank=True,
        default="",
        help_text=_("Of a drink, as it must be displayed: 33 cl."),
    )
    origin = models.CharField(_("origin of its meat"), max_length=200, blank=True, default="")
    course = models.PositiveSmallIntegerField(
        _("course"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "key"], name="product_key_once"),
            models.CheckConstraint(condition=Q(price__gte=0), name="product_price_range"),
            models.CheckConstraint(condition=Q(vat__gte=0, vat__lte=30), name="product_vat_range"),
        ]

    def __str__(self) -> str:
        return house(self.name)


class OptionGroup(models.Model):
    """A question about a product (how would you like it cooked?), or options that are always added."""

    class Kind(models.TextChoices):
        CHOICE = "choice", _("the guest chooses")
        AUTOMATIC = "automatic", _("always added, nobody is asked")

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="option_groups", verbose_name=_("restaurant")
    )
    key = models.CharField(_("key"), max_length=64, validators=[KEY])
    name = OrderedJSONField(_("name"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.CHOICE)
    min = models.PositiveSmallIntegerField(_("at least"), default=0)
    max = models.PositiveSmallIntegerField(
        _("at most"), null=True, blank=True, default=1, help_text=_("Empty: no limit.")
    )
    position = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("option group")
        verbose_name_plural = _("option groups")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "key"], name="option_group_key_once"),
            models.CheckConstraint(
                condition=Q(max__isnull=True) | (Q(max__gte=F("min")) & Q(max__gte=1)),
                name="option_group_min_max",
                violation_error_message=_("“At least” is above “at most”."),
            ),
        ]

    def __str__(self) -> str:
        return house(self.name)

    @property
    def is_asked(self) -> bool:
        """Whether the guest chooses among its options, or they are always added."""
        return self.kind == self.Kind.CHOICE


class Option(Counted):
    """One answer to a group's question."""

    group = models.ForeignKey(
        OptionGroup, models.CASCADE, related_name="options", verbose_name=_("option group")
    )
    key = models.CharField(_("key"), max_length=64, validators=[KEY])
    register_id = models.CharField(
        _("id on the register"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("The register's own number for it. Required where the option has a price."),
    )
    name = OrderedJSONField(_("name"))
    # Cents TTC for one unit; may be negative.
    price = models.BigIntegerField(_("price"), default=0)
    allergens = models.JSONField(_("allergens"), null=True, blank=True)
    position = models.PositiveIntegerField(PLACE, default=0)

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["group", "key"], name="option_key_once"),
            # LEO2: a message with a price must be sent with its id (docs/registers).
            models.CheckConstraint(
                condition=Q(price=0) | ~Q(register_id=""),
                name="option_price_needs_id",
                violation_error_message=_("An option with a price needs its id on the register."),
            ),
        ]

    def __str__(self) -> str:
        return house(self.name)


class ProductOptionGroup(models.Model):
    """A group asked for a product, in order."""

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="option_groups", verbose_name=_("product")
    )
    group = models.ForeignKey(
        OptionGroup, models.CASCADE, related_name="products", verbose_name=_("option group")
    )
    position = models.PositiveIntegerField(PLACE, default=0)

    class Meta:
        verbose_name = _("option group of a product")
        verbose_name_plural = _("option groups of a product")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["product", "group"], name="product_group_once")
        ]

    def __str__(self) -> str:
        return str(self.group)


class SetMenu(Counted, Priced):
    """A formule: courses at one price."""

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="set_menus", verbose_name=_("restaurant")
    )

    class Meta:
        verbose_name = _("set menu")
        verbose_name_plural = _("set menus")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "key"], name="set_menu_key_once"),
            models.CheckConstraint(condition=Q(price__gte=0), name="set_menu_price_range"),
            models.CheckConstraint(condition=Q(vat__gte=0, vat__lte=30), name="set_menu_vat_range"),
        ]

    def __str__(self) -> str:
        return house(self.name)


class Course(models.Model):
    """A step of a set menu."""

    set_menu = models.ForeignKey(
        SetMenu, models.CASCADE, related_name="courses", verbose_name=_("set menu")
    )
    key = models.CharField(_("key"), max_length=64, validators=[KEY])
    name = OrderedJSONField(_("name"))
    min = models.PositiveSmallIntegerField(_("at least"), default=1)
    max = models.PositiveSmallIntegerField(
        _("at most"), default=1, validators=[MinValueValidator(1)]
    )
    position = models.PositiveIntegerField(PLACE, default=0)

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["set_menu", "key"], name="course_key_once"),
            models.CheckConstraint(
                condition=Q(max__gte=F("min")) & Q(max__gte=1),
                name="course_min_max",
                violation_error_message=_("“At least” is above “at most”."),
            ),
        ]

    def __str__(self) -> str:
        return house(self.name)


class Choice(models.Model):
    """A product that a course offers."""

    course = models.ForeignKey(
        Course, models.CASCADE, related_name="choices", verbose_name=_("course")
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="+", verbose_name=_("product")
    )
    # Cents TTC for one, with the VAT rate of the product.
    supplement = models.BigIntegerField(
        _("supplement"), default=0, validators=[MinValueValidator(0)]
    )
    position = models.PositiveIntegerField(PLACE, default=0)

    class Meta:
        verbose_name = _("choice")
        verbose_name_plural = _("choices")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["course", "product"], name="choice_once"),
            models.CheckConstraint(condition=Q(supplement__gte=0), name="choice_supplement_range"),
        ]

    def __str__(self) -> str:
        return str(self.product)


class CategoryItem(models.Model):
    """A product or a set menu under a category, in order."""

    category = models.ForeignKey(
        Category, models.CASCADE, related_name="items", verbose_name=_("category")
    )
    product = models.ForeignKey(
        Product,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="placed",
        verbose_name=_("product"),
    )
    set_menu = models.ForeignKey(
        SetMenu,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="placed",
        verbose_name=_("set menu"),
    )
    position = models.PositiveIntegerField(PLACE, default=0)

    class Meta:
        verbose_name = _("line of a category")
        verbose_name_plural = _("lines of a category")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(product__isnull=True, set_menu__isnull=False)
                | Q(product__isnull=False, set_menu__isnull=True),
                name="category_item_is_one",
                violation_error_message=_("A product or a set menu, one of the two."),
            ),
            models.UniqueConstraint(fields=["category", "product"], name="category_product_once"),
            models.UniqueConstraint(fields=["category", "set_menu"], name="category_set_menu_once"),
        ]

    def __str__(self) -> str:
        return str(self.product or self.set_menu)


class Photo(models.Model):
    """A picture, kept in the database so that it is saved, imported and backed up with the carte it belongs to."""

    restaurant = models.ForeignKey(
        Restaurant, models.CASCADE, related_name="photos", verbose_name=_("restaurant")
    )
    name = models.CharField(_("file name"), max_length=200)
    content = models.BinaryField()
    content_type = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64, db_index=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints = [
            models.UniqueConstraint(fields=["restaurant", "name"], name="photo_name_once")
        ]

    def __str__(self) -> str:
        return self.name
