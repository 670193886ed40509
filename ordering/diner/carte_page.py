"""The carte's HTML, rendered once for each version, language and set of open slots.

Nothing of a guest is in the kept part, no token and no cookie: its buttons name a form that stands outside of it.
What a guest has in the cart is put into the finished page (`with_counts`).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ordering import slots
from ordering.diner import hours, kept, legal
from ordering.diner.compiled import Carte, Item, Section
from ordering.diner.filtering import EVERYTHING, Wanted
from ordering.diner.said import Said, said
from ordering.models import Restaurant, Table, Visit
from ordering.services import pauses, pricing
from ordering.services.days import service_day
from ordering.services.orders import ordering_problem
from ordering.services.pricing import PricedCart
from ordering.services.problems import Problem
from pos_bridge import outbox
from pos_bridge.models import Register

# Why a category is paused, by its key, in the page's language.
Paused = Mapping[str, str]
NOTHING: Paused = {}
EVENING = 17  # o'clock: from then on it is sold out "tonight"


@dataclass(frozen=True)
class Row:
    """An item as one language and one moment show it."""

    item: Item
    section: Section
    name: Said
    description: Said
    gone: str  # "", "sold_out", "not_served", "paused" or "not_on_register"
    evening: bool
    # Why its category is paused, and until when.
    note: str = ""
    # Until when its happy hour lasts that is now: "19 h"; empty too where it does not end within a day.
    happy_until: str = ""

    @property
    def happy_hours(self) -> str:
        """When it is cheaper: “17:00–19:00”."""
        return hours.in_short(self.item.happy_hours)

    @property
    def facts(self) -> str:
        """The description, and what must be displayed of a drink and of meat."""
        words = ", ".join(part for part in (str(self.description), self.item.volume) if part)
        if not self.item.origin:
            return words
        origin = _("Origin: %(origin)s") % {"origin": self.item.origin}
        return f"{words}. {origin}" if words else origin

    @property
    def declared(self) -> list[tuple[list[Said], list[str] | None]]:
        """What the dish and each option contain; those that are checked to contain nothing, and those not declared,
        stand together at the end."""
        parts = [(self.name, self.item.allergens)]
        for group in self.item.groups:
            parts += [
                (said(each.name, self.name.language), each.allergens) for each in group.options
            ]
        found: list[tuple[list[Said], list[str] | None]] = [([parts[0][0]], parts[0][1])]
        found += [([name], contains) for name, contains in parts[1:] if contains]
        nothing: list[list[str] | None] = [[], None]
        for same in nothing:
            names = [name for name, contains in parts[1:] if contains == same]
            if names:
                found.append((names, same))
        return found

    @property
    def place(self) -> str:
        """Unique on the page, where a dish may stand in two categories."""
        return f"{self.section.key}_{self.item.key}"


def why_not(
    table: Table,
    carte: Carte,
    now: datetime,
    *,
    silent: bool,
    in_time: datetime | None = None,
) -> Problem | None:
    """Why nothing can be ordered at this table now. A register that the compiled carte has seen is believed; `silent`:
    it does not answer, as whoever has found the table knows. `in_time`: see orders.ordering_problem.
    """
    register = Register() if carte.has_register else outbox.current_register(table.restaurant_id)
    problem = ordering_problem(table, register, now, in_time=in_time)
    return Problem("register_silent") if silent and problem is None else problem


@dataclass(frozen=True)
class Fragment:
    """The carte's HTML, and what another one differs in."""

    html: SafeString
    digest: str


def depends_on(
    restaurant: Restaurant, carte: Carte, language: str, now: datetime, *, ordering: bool
) -> str:
    """All that the carte's HTML depends on: a key to keep it by."""
    local = now.astimezone(ZoneInfo(restaurant.timezone))
    asked = [
        restaurant.pk,
        restaurant.carte_version,
        str(service_day(restaurant, now)),
        language,
        ordering,
        [slots.is_open(each, local) for each in carte.slots],
        # Two happy hours of one day end at different times.
        [[slots.is_open(each, local), hours.until(each, local)] for each in carte.happy_hours],
        is_evening(local),
        _paused(restaurant, now),
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def fragment(
    restaurant: Restaurant, carte: Carte, language: str, now: datetime, *, ordering: bool
) -> Fragment:
    """The carte's HTML, kept while all that it depends on is the same."""

    def draw() -> Fragment:
        html = narrowed(restaurant, carte, language, now, ordering=ordering)
        return Fragment(html, hashlib.sha256(html.encode()).hexdigest()[:16])

    depends = depends_on(restaurant, carte, language, now, ordering=ordering)
    return kept.on_machine(f"fragment:{depends}", draw)


def state(problem: Problem | None, carte: Fragment) -> str:
    """What an open page has seen: another one where anything on the carte is another, and before the dot where it can
    be ordered no longer, or again. `carte`: without any filter.
    """
    may = problem.code if problem else "open"
    return f"{may}.{carte.digest}"


def narrowed(
    restaurant: Restaurant,
    carte: Carte,
    language: str,
    now: datetime,
    *,
    ordering: bool,
    wanted: Wanted = EVERYTHING,
) -> SafeString:
    """The carte's HTML drawn anew, as for one that is narrowed to something `wanted`: of those there are more than a
    cache has room for.
    """
    paused = _paused(restaurant, now)
    local = now.astimezone(ZoneInfo(restaurant.timezone))
    context = {
        "sections": sections(carte, language, local, paused),
        "paused": paused,
        "slug": restaurant.slug,
        "language": language,
        "ordering": ordering,
        "legal": legal.texts(restaurant, carte, language),
        # Who asks what is without something reads what is in it.
        "show_allergens": bool(wanted.without),
    }
    return render_to_string("diner/_carte.html", context)


def _paused(restaurant: Restaurant, now: datetime) -> Paused:
    if not restaurant.pauses:
        return NOTHING
    return {
        key: str(pause.problem(restaurant, now))
        for key, pause in pauses.categories(restaurant, now).items()
    }


def sections(
    carte: Carte, language: str, local: datetime | None, paused: Paused = NOTHING
) -> list[tuple[Section, Said, Said, list[Row]]]:
    """Each with its name, its description, and what stands in it; at no moment, as for paper, at its usual price."""
    return [
        (section, said(section.name, language), said(section.description, language), rows)
        for section, rows in _rows(carte, language, local, paused)
    ]


def strip(
    carte: Carte, language: str, restaurant: Restaurant, now: datetime
) -> list[tuple[str, Said]]:
    """The categories as they stand on the carte, for the strip on top of it."""
    local = now.astimezone(ZoneInfo(restaurant.timezone))
    return [(each.key, said(each.name, language)) for each in _served_first(carte, local)]


def row(
    restaurant: Restaurant,
    carte: Carte,
    key: str,
    language: str,
    now: datetime,
    *,
    is_menu: bool = False,
) -> Row | None:
    """One item for a page of its own; None where no category has it."""
    found = carte.find(key, is_menu=is_menu)
    if found is None:
        return None
    item, sections = found
    local = now.astimezone(ZoneInfo(restaurant.timezone))
    paused = _paused(restaurant, now)
    served = [each for each in sections if slots.is_open(each.served, local)]
    free = [each for each in served if each.key not in paused]
    return _row(item, (free or served or sections)[0], language, local, paused)


@dataclass(frozen=True)
class InCart:
    """What the carte shows of a table's cart: items, cents TTC, and how many of each dish, by its key."""

    count: int
    total: int
    counts: Mapping[str, int]


def in_cart(visit: Visit, carte: Carte, now: datetime) -> InCart:
    """Read once for each version of cart and carte; each time where the hour changes prices too."""

    def read() -> InCart:
        cart = pricing.priced(visit, now=now)
        return InCart(cart.count, cart.total, counts(cart))

    restaurant = visit.table.restaurant
    if carte.happy_hours:
        return read()
    day = service_day(restaurant, now)
    key = f"{visit.pk}:{visit.cart_version}:{restaurant.carte_version}:{day}"
    return kept.carts.kept(key, read)


def counts(cart: PricedCart) -> dict[str, int]:
    """How many of each dish, by its key; set menus have no button that shows it."""
    found: dict[str, int] = {}
    for line in cart.lines:
        if not line.is_menu:
            found[line.item.key] = found.get(line.item.key, 0) + line.quantity
    return found


def with_counts(html: str, carte: Carte, counted: Mapping[str, int], language: str) -> str:
    """The HTML with the number in the cart on each dish's button, in place of the “+”."""
    for key, count in counted.items():
        for row in buttons(carte, language, key):
            html = html.replace(_button(row, 0), _button(row, count))
    return html


def buttons(carte: Carte, language: str, product_key: str) -> list[Row]:
    """Each button of this product."""
    return [
        _row(item, section, language, None)
        for section in carte.sections
        for item in section.items
        if item.key == product_key and not item.is_menu
    ]


def _button(row: Row, count: int) -> str:
    return render_to_string("diner/_add.html", {"row": row, "count": count})


def _rows(
    carte: Carte, language: str, local: datetime | None, paused: Paused
) -> Iterator[tuple[Section, list[Row]]]:
    for section in _served_first(carte, local):
        yield section, [_row(item, section, language, local, paused) for item in section.items]


def _served_first(carte: Carte, local: datetime | None) -> list[Section]:
    """In the house's order; what is not served now comes last, for whoever is hungry has not come to read it."""
    if local is None:
        return carte.sections
    return sorted(carte.sections, key=lambda each: not slots.is_open(each.served, local))


def _row(
    item: Item,
    section: Section,
    language: str,
    local: datetime | None,
    paused: Paused = NOTHING,
) -> Row:
    if local:
        item = item.at(local)
    gone = _gone(item, section, local, paused) if local else ""
    return Row(
        item=item,
        section=section,
        name=said(item.name, language),
        description=said(item.description, language),
        gone=gone,
        evening=is_evening(local) if local else False,
        note=paused[section.key] if gone == "paused" else "",
        happy_until=hours.until(item.happy_hours, local)
        if local and item.usual_price is not None
        else "",
    )


def _gone(item: Item, section: Section, local: datetime, paused: Paused) -> str:
    if item.sold_out:
        return "sold_out"
    if not slots.is_open(item.served, local) or not slots.is_open(section.served, local):
        return "not_served"
    if section.key in paused:
        return "paused"
    return "" if item.on_register else "not_on_register"


def is_evening(local: datetime) -> bool:
    return local.hour >= EVENING or local.hour < 5
