"""The walks through the pages that are pictured: each yields a page's name while the page is shown."""

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

# What needs Django is imported where it is used: it is set up after this file was read.


def diner(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    from tests.browser.test_diner_access import walk

    yield from before_ordering(page, live, restaurant)
    yield from walk(page, live, restaurant)


def before_ordering(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    """What a walk through an order does not pass: a house that pauses, that takes no orders, that has sold out."""
    from ordering.models import Product, Restaurant, Visit
    from ordering.services import carte, pauses
    from tests.ordering.admin_cast import person

    table = f"{live.url}/t/{restaurant.tables.get(number=12).code}/"
    long = "Noix de Saint-Jacques de la baie de Saint-Brieuc, poireaux fondants et beurre blanc à l’orange sanguine"
    kept = Product.objects.get(key="bavette")
    croissant = Product.objects.get(key="croissant")
    Product.objects.filter(key__in=["bavette", "poireaux"]).update(sold_out=True)
    Product.objects.filter(key="croissant").update(name={"fr": long}, price=1_234_50)
    carte.changed(restaurant_id=restaurant.pk)
    page.goto(f"{live.url}/r/{restaurant.slug}/carte/")
    yield "sold out and long names"
    page.goto(f"{live.url}/r/{restaurant.slug}/carte/p/bavette/")
    yield "sold out dish"
    croissant.save(update_fields=["name", "price"])
    Product.objects.filter(key="poireaux").update(sold_out=False)
    Product.objects.filter(key="bavette").update(sold_out=kept.sold_out)
    Restaurant.objects.update(ordering=False)
    page.goto(table)
    yield "no orders by phone"
    Restaurant.objects.update(ordering=True)
    boss = person("boss", manager=[restaurant])
    pauses.pause(by=boss, restaurant=restaurant, scope="category", what="plats", minutes=30)
    page.goto(table)
    page.locator("button[name=covers][value='2']").click()
    page.wait_for_url("**/v/**")
    yield "category paused"
    pauses.pause(by=boss, restaurant=restaurant, scope="house", minutes=15)
    page.reload()
    yield "carte paused"
    page.goto("about:blank")  # else the open page asks for news meanwhile, and is led elsewhere
    page.context.clear_cookies()
    page.goto(table)
    yield "paused"
    Visit.objects.all().delete()
    Restaurant.objects.update(pauses=[])
    carte.changed(restaurant_id=restaurant.pk)
    page.context.clear_cookies()


def now() -> Any:
    from django.utils import timezone

    return timezone.now()


def enter(page: Any, live: Any, user: Any) -> None:
    """As somebody who has logged in already."""
    from django.test import Client

    client = Client()
    client.force_login(user)
    page.context.add_cookies(
        [
            {"name": name, "value": morsel.value, "url": live.url}
            for name, morsel in client.cookies.items()
        ]
    )


def full_room(restaurant: Any) -> Any:
    """Parties that choose, wait, have their order on the till, call, and one whose order is in question: that one."""
    from ordering.models import Call
    from ordering.services import calls, cart
    from pos_bridge.models import Addition, Heartbeat
    from tests import factories
    from tests.ordering.staff_cast import order

    Heartbeat.objects.create(kind="deliver", name="x", started_at=now(), beat_at=now())
    tables = list(restaurant.tables.filter(enabled=True).order_by("number"))
    for table, state, reason, age in zip(
        tables,
        (
            Addition.State.RECEIVED,
            Addition.State.HELD,
            Addition.State.UNCERTAIN,
            Addition.State.QUEUED,
        ),
        ("", "stale", "no_answer", ""),
        (900, 300, 90, 3),
        strict=False,
    ):
        guest = factories.guest(table, 2 + age % 3)
        cart.add(guest=guest, product_key="oeuf", quantity=2, chosen=[])
        place = SimpleNamespace(
            tables=restaurant.tables.filter(pk=table.pk), registers=restaurant.registers
        )
        order(place, state, reason, age, tries=int(reason == "no_answer"))
    calls.call(guest=factories.guest(tables[4], 4), kind=Call.Kind.BILL, pay="card")
    return Addition.objects.get(state=Addition.State.HELD)


def board(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    from tests.ordering.admin_cast import person

    enter(page, live, person("bob", manager=[restaurant]))
    base = f"{live.url}/board/{restaurant.slug}/"
    page.goto(base)
    yield "service, quiet"
    held = full_room(restaurant)
    page.goto(base)
    yield "service"
    number = held.order.visit.table.number
    for name, address in {
        "table of a party": f"tables/{number}/",
        "table card": f"tables/{number}/card/",
        "task": f"orders/{held.pk}/",
        "sold out list": "carte/",
        "pauses": "pauses/",
        "evening": "service/",
        "journal": "journal/",
    }.items():
        page.goto(base + address)
        yield name


def admin(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    from django.contrib.auth import get_user_model

    full_room(restaurant)
    enter(page, live, get_user_model().objects.create_superuser("alice", password="x"))
    for name, address in {
        "admin": "",
        "admin undelivered": "pos_bridge/addition/undelivered/",
        "admin restaurant": f"ordering/restaurant/{restaurant.pk}/change/",
    }.items():
        page.goto(f"{live.url}/admin/{address}")
        yield name


def a_meal(page: Any, live: Any, restaurant: Any) -> Iterator[str]:
    from pos_bridge.models import Addition

    page.goto(f"{live.url}/t/{restaurant.tables.get(number=12).code}/")
    page.locator("button[name=covers][value='2']").click()
    page.wait_for_url("**/v/**")
    visit = page.url
    yield "carte"
    for product, choices in {
        "poireaux": (),
        "bavette": ("saignante", "gratin", "os"),
        "tatin": (),
    }.items():
        page.goto(f"{visit}p/{product}/")
        for value in choices:
            page.locator(f"input[value={value}]").check()
        page.locator("#put").click()
        page.wait_for_url(re.compile("#dish"))
    page.goto(f"{visit}p/bavette/")
    yield "dish"
    page.goto(f"{visit}m/menu-colette/")
    yield "menu"
    page.emulate_media(color_scheme="dark")
    page.goto(f"{visit}#c-plats")
    yield "carte-dark"
    page.emulate_media(color_scheme="light")
    page.goto(f"{visit}cart/")
    yield "cart"
    page.locator("#order").click()
    page.wait_for_url("**/orders/**")
    Addition.objects.update(state=Addition.State.RECEIVED, received_at=now())
    page.reload()
    yield "received"
