"""From an item of the file to the columns of its row, with the default for what is left out."""

from datetime import date
from decimal import Decimal
from typing import Any

from pos_bridge.money import cents

# The texts at the foot of the carte, in the schema's order.
LEGAL = ("prices", "origin", "homemade", "alcohol", "note")

Item = dict[str, Any]
Columns = dict[str, Any]


class Fields:
    """Knows the restaurant's languages: every text is stored in their order, the house's own first."""

    def __init__(self, languages: list[str]) -> None:
        self.languages = languages

    def restaurant(self, item: Item) -> Columns:
        limits, legal = item.get("limits", {}), item.get("legal_texts", {})
        rules = item.get("who_may_order", {})
        return {
            "name": item["name"],
            "languages": item["languages"],
            "timezone": item.get("timezone", "Europe/Paris"),
            "colour": item.get("colour", ""),
            "logo": item.get("logo", ""),
            "hours": item.get("hours"),
            "closed_days": [
                {**each, **({"text": self._text(each["text"])} if "text" in each else {})}
                for each in sorted(item.get("closed_days", []), key=lambda each: each["from"])
            ],
            "ordering": item.get("ordering", True),
            "notes": [
                {"key": each["key"], "text": self._text(each["text"])}
                for each in item.get("notes", [])
            ],
            "free_note": item.get("free_note", False),
            "limit_covers": int(limits.get("covers", 30)),
            "limit_quantity": int(limits.get("quantity_per_line", 20)),
            "limit_lines": int(limits.get("lines_per_order", 40)),
            "limit_amount_per_cover": cents(limits.get("amount_per_cover", "60.00")),
            "limit_orders_per_hour": int(limits.get("orders_per_hour", 12)),
            **{f"legal_{name}": self._text(legal.get(name, {})) for name in LEGAL},
            "contact": item.get("contact", ""),
            "grace_minutes": int(limits.get("grace_minutes", 5)),
            "silence_minutes": int(limits.get("silence_minutes", 90)),
            "quiet_minutes": int(limits.get("quiet_minutes", 15)),
            "limit_house_per_minute": int(limits.get("orders_per_minute", 100)),
            "limit_zone_per_minute": _count(limits.get("orders_per_minute_of_zone")),
            "limit_amount_per_table": (
                cents(limits["amount_per_table"]) if "amount_per_table" in limits else None
            ),
            "approval": rules.get("approval", "never"),
            "seated_first": rules.get("seated_first", False),
            "word_of_the_day": rules.get("word_of_the_day", "off"),
            "networks": rules.get("networks", []),
        }

    def table(self, item: Item) -> Columns:
        """Without the code and its version, which are kept where they are left out."""
        seats = item.get("seats")
        return {
            "number": int(item["number"]),
            "register_id": item.get("register_id") or "",
            "label": item.get("label", ""),
            "zone": item.get("zone", ""),
            "seats": None if seats is None else int(seats),
            "ordering": item.get("ordering", True),
            "enabled": item.get("enabled", True),
            "shared": item.get("shared", False),
        }

    def category(self, item: Item) -> Columns:
        return {**self._named(item), "served": item.get("served")}

    def product(self, item: Item) -> Columns:
        course = item.get("course")
        return {
            **self.set_menu(item),
            "allergens": item.get("allergens"),
            "diets": item.get("diets", []),
            "alcohol": item.get("alcohol", False),
            "volume": item.get("volume", ""),
            "origin": item.get("origin", ""),
            "course": None if course is None else int(course),
        }

    def set_menu(self, item: Item) -> Columns:
        """What a product and a set menu share."""
        return {
            **self._named(item),
            "register_id": item.get("register_id") or "",
            "price": cents(item["price"]),
            "vat": Decimal(item["vat"]),
            "happy_price": cents(item["happy_price"]) if "happy_price" in item else None,
            "happy_hours": item.get("happy_hours"),
            "served": item.get("served"),
            "sold_out": item.get("sold_out", False),
            "sold_out_until": _date(item.get("sold_out_until")),
            "portions": _count(item.get("portions")),
            "photo": item.get("photo", ""),
        }

    def option_group(self, item: Item) -> Columns:
        most = item.get("max", 1)
        return {
            "key": item["key"],
            "name": self._text(item["name"]),
            "kind": item.get("kind", "choice"),
            "min": int(item.get("min", 0)),
            "max": None if most is None else int(most),
        }

    def option(self, item: Item) -> Columns:
        return {
            "key": item["key"],
            "register_id": item.get("register_id") or "",
            "name": self._text(item["name"]),
            "price": cents(item.get("price", "0.00")),
            "allergens": item.get("allergens"),
            "sold_out": item.get("sold_out", False),
            "sold_out_until": _date(item.get("sold_out_until")),
            "portions": _count(item.get("portions")),
        }

    def course(self, item: Item) -> Columns:
        return {
            "key": item["key"],
            "name": self._text(item["name"]),
            "min": int(item.get("min", 1)),
            "max": int(item.get("max", 1)),
        }

    def _named(self, item: Item) -> Columns:
        return {
            "key": item["key"],
            "name": self._text(item["name"]),
            "description": self._text(item.get("description", {})),
        }

    def _text(self, texts: dict[str, str]) -> dict[str, str]:
        return {language: texts[language] for language in self.languages if language in texts}


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _count(number: float | None) -> int | None:
    return None if number is None else int(number)
