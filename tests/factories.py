"""Rows for tests, with sensible defaults. `carte()` is small and has options of every kind."""

import itertools
from decimal import Decimal
from typing import Any

from django.utils import timezone

from ordering.models import (
    Category,
    CategoryItem,
    Course,
    Guest,
    Option,
    OptionGroup,
    Order,
    OrderLine,
    Product,
    ProductOptionGroup,
    Restaurant,
    SetMenu,
    Table,
    Visit,
    new_code,
)
from ordering.services import visits
from pos_bridge.models import Register
from pos_bridge.ticket import Ticket, TicketLine

_count = itertools.count(1)


def restaurant(slug: str = "chez-alice", **fields: Any) -> Restaurant:
    return Restaurant.objects.create(
        **{
            "slug": slug,
            "name": slug.replace("-", " ").title(),
            "languages": ["fr", "en"],
            **fields,
        }
    )


def table(of: Restaurant | None = None, number: int = 12, **fields: Any) -> Table:
    return Table.objects.create(restaurant=of or restaurant(), number=number, **fields)


def register(of: Restaurant, **fields: Any) -> Register:
    return Register.objects.create(
        **{
            "restaurant": of,
            "kind": "leo2",
            "base_url": "http://127.0.0.1:9500",
            "credentials": {"shop": "SHOP1", "pub_key": "KEY1"},
            **fields,
        }
    )


def product(
    of: Restaurant, key: str = "soupe", *, category: Category | None = None, **fields: Any
) -> Product:
    """A product of 8.00 euros at 10 %, under a category that is always served."""
    number = next(_count)
    made = Product.objects.create(
        **{
            "restaurant": of,
            "key": key,
            "register_id": str(1000 + number),
            "name": {"fr": key.capitalize(), "en": f"{key.capitalize()} (en)"},
            "price": 8_00,
            "vat": Decimal(10),
            "position": number,
            **fields,
        }
    )
    if category is None:
        category, _ = Category.objects.get_or_create(
            restaurant=of, key="carte", defaults={"name": {"fr": "Carte", "en": "Carte"}}
        )
    CategoryItem.objects.create(category=category, product=made, position=number)
    return made


def option_group(of: Product, key: str, options: dict[str, int], **fields: Any) -> OptionGroup:
    """A group asked for a product: {option key: price in cents}."""
    group = OptionGroup.objects.create(
        **{
            "restaurant": of.restaurant,
            "key": key,
            "name": {"fr": key.capitalize(), "en": key.upper()},
            **fields,
        }
    )
    Option.objects.bulk_create(
        Option(
            group=group,
            key=option,
            name={"fr": option.capitalize(), "en": option.upper()},
            price=price,
            register_id=str(2000 + next(_count)),
            position=position,
        )
        for position, (option, price) in enumerate(options.items())
    )
    ProductOptionGroup.objects.create(product=of, group=group, position=next(_count))
    return group


def set_menu(
    of: Restaurant,
    key: str,
    courses: dict[str, dict[str, int]],
    *,
    bounds: dict[str, tuple[int, int]] | None = None,
    **fields: Any,
) -> SetMenu:
    """A set menu of 25.00 euros at 10 %, always served: {course key: {product key: supplement in cents}}. A course
    asks for one, or from min to max as `bounds` says.
    """
    number = next(_count)
    menu = SetMenu.objects.create(
        **{
            "restaurant": of,
            "key": key,
            "register_id": str(3000 + number),
            "name": {"fr": key.capitalize(), "en": f"{key.capitalize()} (en)"},
            "price": 25_00,
            "vat": Decimal(10),
            "position": number,
            **fields,
        }
    )
    for position, (course_key, choices) in enumerate(courses.items()):
        low, high = (bounds or {}).get(course_key, (1, 1))
        course = Course.objects.create(
            set_menu=menu,
            key=course_key,
            name={"fr": course_key.capitalize(), "en": course_key.upper()},
            min=low,
            max=high,
            position=position,
        )
        for place, (product_key, supplement) in enumerate(choices.items()):
            course.choices.create(
                product=of.products.get(key=product_key), supplement=supplement, position=place
            )
    category, _ = Category.objects.get_or_create(
        restaurant=of, key="carte", defaults={"name": {"fr": "Carte", "en": "Carte"}}
    )
    CategoryItem.objects.create(category=category, set_menu=menu, position=number)
    return menu


def visit(at: Table, covers: int = 2) -> Visit:
    return Visit.objects.create(table=at, covers=covers)


def guest(at: Table, covers: int = 2, secret: str | None = None) -> Guest:
    """A phone at the table, by the same road as a real one."""
    return visits.join(table=at, secret=secret or new_code(), covers=covers)


def order(of: Guest, **fields: Any) -> Order:
    """An order of one soup, without an addition."""
    made = Order.objects.create(
        **{
            "restaurant": of.visit.table.restaurant,
            "table": of.visit.table,
            "visit": of.visit,
            "guest": of,
            "submission_key": new_code(),
            "day": timezone.localdate(),
            "number": next(_count),
            "covers": of.visit.covers,
            "total": 8_00,
            "language": "fr",
            **fields,
        }
    )
    OrderLine.objects.create(
        order=made,
        position=0,
        product_key="soupe",
        register_id="1001",
        name={"fr": "Soupe"},
        quantity=1,
        unit_price=8_00,
        vat=Decimal(10),
    )
    return made


def ticket(**fields: Any) -> Ticket:
    """A soup for table 12."""
    return Ticket(
        **{
            "order": 1,
            "table": 12,
            "covers": 2,
            "lines": (
                TicketLine(
                    name="Soupe", quantity=1, unit_price=8_00, vat=Decimal(10), register_id="1001"
                ),
            ),
            **fields,
        }
    )
