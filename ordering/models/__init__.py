from .act import Act
from .allergens import AllergenChange
from .call import Call
from .carte import (
    ALLERGENS,
    DIETS,
    Category,
    CategoryItem,
    Choice,
    Course,
    Option,
    OptionGroup,
    Photo,
    Product,
    ProductOptionGroup,
    SetMenu,
)
from .draft import Draft
from .order import Order, OrderLine
from .photo_size import PhotoSize
from .prices import OptionPriceChange, PriceChange
from .restaurant import Membership, Restaurant, Table, new_code
from .visit import CartLine, Guest, Visit

__all__ = [
    "ALLERGENS",
    "DIETS",
    "Act",
    "AllergenChange",
    "Call",
    "CartLine",
    "Category",
    "CategoryItem",
    "Choice",
    "Course",
    "Draft",
    "Guest",
    "Membership",
    "Option",
    "OptionGroup",
    "OptionPriceChange",
    "Order",
    "OrderLine",
    "Photo",
    "PhotoSize",
    "PriceChange",
    "Product",
    "ProductOptionGroup",
    "Restaurant",
    "SetMenu",
    "Table",
    "Visit",
    "new_code",
]
