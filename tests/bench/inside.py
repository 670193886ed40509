"""What is done with the product's own code, in a process of the house: `python -m tests.bench.inside FUNCTION JSON`."""

import json
import sys
from typing import Any

import django

LIMITS = {
    "orders_per_hour": 1_000_000,
    "orders_per_minute": 1_000_000,
    "amount_per_cover": "99999.00",
}


def fill(*, restaurants: int, registers: list[int]) -> list[list[str]]:
    """The cards' addresses of those with a register of their own. Each has a carte of 120 products, and a register."""
    from django.core.management import call_command

    from ordering.models import Restaurant
    from tests.bench.copies import copy
    from tests.bench.house import PRODUCTS, TABLES

    for place, port in enumerate(registers):
        file = _file(place, port, PRODUCTS, TABLES)
        path = f"{_directory()}/restaurant-{place}.json"
        with open(path, "w") as target:
            json.dump(file, target)
        call_command("import_restaurant", path, verbosity=0, stdout=sys.stderr)
    copy(Restaurant.objects.order_by("pk")[0], upto=restaurants)
    houses = Restaurant.objects.order_by("pk")[: len(registers)]
    return [[f"/t/{table.code}/" for table in house.tables.order_by("number")] for house in houses]


def grow(*, orders: int) -> None:
    """Orders of evenings past, in restaurant 1: rows as they stay, written by the database itself."""
    from tests.bench.past import write

    write(orders)


def queue(*, orders: int, after: int = 0) -> int:
    """Orders that wait for delivery, of all houses in turn; `after` so many of before."""
    from django.conf import settings

    from ordering.models import Guest, Restaurant
    from ordering.services import cart, pricing, visits
    from ordering.services import orders as sending

    houses = [list(house.tables.order_by("number")) for house in Restaurant.objects.order_by("pk")]
    for place in range(after, after + orders):
        tables = houses[place % len(houses)]
        table = tables[place // len(houses) % len(tables)]
        guest = visits.join(
            table=table, secret=f"bench-{place % (len(houses) * len(tables))}", covers=2
        )
        guest = Guest.objects.select_related("visit__table__restaurant").get(pk=guest.pk)
        cart.add(guest=guest, product_key="plat-1", quantity=1, chosen=[])
        seen = pricing.priced(guest.visit).fingerprint
        sending.place(
            guest=guest, submission_key=f"bench-key-of-order-{place}", seen=seen, language="fr"
        )
    assert settings.GUEST_SEND_INTERVAL == 0
    return orders


def waiting(*, after: int) -> dict[str, Any]:
    """How many additions are taken, and for those but the first so many: the seconds from the order to `accepted`, and
    from the first to the last.
    """
    from pos_bridge.models import Addition

    taken = Addition.objects.exclude(accepted_at=None).order_by("pk")
    return {
        "taken": taken.count(),
        "seconds": [
            (accepted - created).total_seconds()
            for accepted, created in taken.values_list("accepted_at", "created_at")[after:]
            if accepted is not None
        ],
        "span": _span(list(taken.values_list("accepted_at", flat=True)[after:])),
    }


def a_body() -> dict[str, Any]:
    """What a delivery looks like on the wire: path, headers and text."""
    from pos_bridge.models import Addition
    from pos_bridge.registers.leo2 import CONTENT_TYPE, PATH

    query = "module=atoo_shop&type=table&method=atoo_post_table&shop=SHOP1&pub_key=KEY1"
    addition = Addition.objects.order_by("pk")[0]
    return {
        "path": f"{PATH}?{query}",
        "headers": {"Content-Type": CONTENT_TYPE},
        "body": addition.body,
    }


def _span(moments: list[Any]) -> float:
    return (max(moments) - min(moments)).total_seconds() if moments else 0.0


def _file(place: int, port: int, products: int, tables: int) -> dict[str, Any]:
    keys = [f"plat-{number}" for number in range(products)]
    categories = [keys[start : start + 12] for start in range(0, products, 12)]
    return {
        "slug": f"bench-{place}",
        "name": f"Bistrot {place}",
        "languages": ["fr", "en"],
        "limits": LIMITS,
        "register": {
            "kind": "leo2",
            "base_url": f"http://127.0.0.1:{port}",
            "credentials": {"shop": "SHOP1", "pub_key": "KEY1"},
        },
        "tables": [{"number": number} for number in range(1, tables + 1)],
        "categories": [
            {"key": f"part-{number}", "name": {"fr": f"Partie {number}", "en": f"Part {number}"}, "items": items}
            for number, items in enumerate(categories)
        ],
        "products": [
            {
                "key": key,
                "register_id": str(1000 + number),
                "name": {"fr": f"Suprême de volaille numéro {number}", "en": f"Chicken supreme number {number}"},
                "description": {
                    "fr": f"Jus court au thym, légumes de saison, purée maison, recette {number}",
                    "en": f"Thyme jus, vegetables of the season, mashed potatoes, recipe {number}",
                },
                "price": f"{7 + number % 23}.{10 + number % 80}",
                "vat": "10",
                "allergens": [["milk"], ["gluten", "eggs"], [], None][number % 4],
            }
            for number, key in enumerate(keys)
        ],
    }  # fmt: skip


def _directory() -> str:
    import os

    return os.environ["BENCH_DIR"]


if __name__ == "__main__":
    django.setup()
    print(json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))))  # noqa: T201
