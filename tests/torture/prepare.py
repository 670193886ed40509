"""Fills a run's database: tables, restaurants with a register each, and triggers that note every change of a state."""

import json
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from ordering.models import Membership, Restaurant
from ordering.services import drafts
from ordering.services.transfer import export_restaurant
from pos_bridge.arrows import ARROWS
from pos_bridge.models import Register
from tests.torture.plan import Plan

DISHES = 6
PRICE_TO_COME = "8.20"

SQLITE = """
CREATE TABLE torture_change (id INTEGER PRIMARY KEY AUTOINCREMENT, addition INTEGER, old_state TEXT, new_state TEXT,
 old_number INTEGER, new_number INTEGER, body_changed INTEGER, at REAL);
CREATE TRIGGER torture_born AFTER INSERT ON pos_bridge_addition BEGIN
 INSERT INTO torture_change (addition, old_state, new_state, old_number, new_number, body_changed, at)
 VALUES (NEW.id, '', NEW.state, NULL, NEW.number, 0, (julianday('now') - 2440587.5) * 86400.0); END;
CREATE TRIGGER torture_moved AFTER UPDATE ON pos_bridge_addition
 WHEN OLD.state <> NEW.state OR OLD.number <> NEW.number OR OLD.body <> NEW.body BEGIN
 INSERT INTO torture_change (addition, old_state, new_state, old_number, new_number, body_changed, at)
 VALUES (NEW.id, OLD.state, NEW.state, OLD.number, NEW.number, OLD.body <> NEW.body,
  (julianday('now') - 2440587.5) * 86400.0); END;
"""
POSTGRESQL = """
CREATE TABLE torture_change (id BIGSERIAL PRIMARY KEY, addition BIGINT, old_state TEXT, new_state TEXT,
 old_number BIGINT, new_number BIGINT, body_changed INTEGER, at DOUBLE PRECISION);
CREATE FUNCTION torture_note() RETURNS trigger AS $$ BEGIN
 IF TG_OP = 'INSERT' THEN
  INSERT INTO torture_change (addition, old_state, new_state, old_number, new_number, body_changed, at)
  VALUES (NEW.id, '', NEW.state, NULL, NEW.number, 0, extract(epoch FROM clock_timestamp()));
 ELSIF OLD.state <> NEW.state OR OLD.number <> NEW.number OR OLD.body <> NEW.body THEN
  INSERT INTO torture_change (addition, old_state, new_state, old_number, new_number, body_changed, at)
  VALUES (NEW.id, OLD.state, NEW.state, OLD.number, NEW.number, (OLD.body <> NEW.body)::int,
   extract(epoch FROM clock_timestamp()));
 END IF; RETURN NULL; END $$ LANGUAGE plpgsql;
CREATE TRIGGER torture_noted AFTER INSERT OR UPDATE ON pos_bridge_addition
 FOR EACH ROW EXECUTE FUNCTION torture_note();
"""


KEYS = {
    "leo2": {"shop": "SHOP1", "pub_key": "KEY1"},
    "enregistreuse": {"idboutique": "SHOP1", "key": "KEY1"},
    "tiller": {"restaurant_token": "SHOP1", "provider_token": "KEY1"},
}


def restaurant_file(place: int, register_port: int, kind: str, tables: int) -> dict[str, object]:
    """A small house whose own limits let a whole evening pass in minutes."""
    dishes = [f"plat-{dish}" for dish in range(DISHES)]
    return {
        "slug": f"torture-{place}",
        "name": f"Torture {place}",
        "languages": ["fr", "en"],
        "limits": {
            "orders_per_hour": 1_000_000,
            "orders_per_minute": 1_000_000,
            "amount_per_cover": "9999.00",
            # The clock jumps by an hour, and phones scan once.
            "silence_minutes": 1440,
        },
        "register": {
            "kind": kind,
            "base_url": f"http://127.0.0.1:{register_port}",
            "credentials": KEYS[kind],
        },
        "tables": [{"number": number} for number in range(1, tables + 1)],
        "categories": [{"key": "plats", "name": {"fr": "Plats", "en": "Mains"}, "items": dishes}],
        "products": [
            {
                "key": key,
                "register_id": str(100 + dish),
                "name": {"fr": f"Plat {dish}", "en": f"Dish {dish}"},
                "price": f"{7 + dish}.{10 + 7 * dish}",
                "vat": ("10", "20", "5.5")[dish % 3],
                "allergens": None,
            }
            for dish, key in enumerate(dishes)
        ],
    }


def main() -> None:
    plan = Plan.of_this_process()
    call_command("migrate", verbosity=0)
    for place, port in enumerate(plan.register_ports):
        file = plan.path / f"restaurant-{place}.json"
        content = restaurant_file(place, port, plan.kind(place + 1), plan.tables)
        file.write_text(json.dumps(content))
        call_command("import_restaurant", str(file), verbosity=0)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.connection.executescript(SQLITE)
        else:
            cursor.execute(POSTGRESQL)
    plan.cards = [
        [f"{plan.web}/t/{table.code}/" for table in restaurant.tables.order_by("number")]
        for restaurant in Restaurant.objects.order_by("pk")
    ]
    plan.arrows = {state.value: sorted(map(str, targets)) for state, targets in ARROWS.items()}
    ids = list(Register.objects.order_by("pk").values_list("pk", flat=True))
    assert ids == list(range(1, len(ids) + 1)), ids
    plan.save()


def with_a_carte_to_come() -> None:
    """Each house has another price of its first dish from the middle of the service on."""
    main()
    plan = Plan.of_this_process()
    manager = User.objects.create_user("manager", is_staff=True)
    for restaurant in Restaurant.objects.order_by("pk"):
        Membership.objects.create(user=manager, restaurant=restaurant, role="manager")
        data = export_restaurant(restaurant)
        data["products"][0]["price"] = PRICE_TO_COME
        live_at = timezone.now() + timedelta(seconds=plan.seconds / 2)
        drafts.store(restaurant=restaurant, data=data, live_at=live_at, by=manager)
