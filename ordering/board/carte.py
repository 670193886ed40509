"""What has run out, in two taps, and back: products, options, set menus."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ordering.board import access, pages
from ordering.board.access import Role, for_staff
from ordering.diner.pages import takes_a_form
from ordering.models import CategoryItem, Option, Restaurant
from ordering.services import days, sold_out
from ordering.services.sold_out import Thing
from ordering.texts import folded, house

TODAY, UNTIL_BACK, BACK, PORTIONS = "today", "until_back", "back", "portions"
BUTTON = re.compile(r"(today|until_back|back|portions) ([a-z]+) (\d{1,18})", re.ASCII)
DONE = {
    TODAY: sold_out.for_today,
    UNTIL_BACK: sold_out.until_back,
    BACK: sold_out.put_back,
}


@dataclass(frozen=True)
class Row:
    """`kind` and `thing.pk` name it in addresses and forms."""

    thing: Any
    kind: str
    name: str
    out: bool
    word: str

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.thing.pk}"


@dataclass(frozen=True)
class Section:
    name: str
    rows: list[Row]


@for_staff
def page(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    asked = request.GET.get("q", "").strip()[:100]
    today = days.service_day(restaurant, timezone.now())
    found = [
        Section(name, rows)
        for name, things in _sections(restaurant)
        if (rows := [row for thing in things if _is_asked(row := _row(thing, today), name, asked)])
    ]
    out = [row for section in found for row in section.rows if row.out]
    return pages.show(
        request, restaurant, role, "board/carte.html",
        asked=asked, sections=found, out=list({row.id: row for row in out}.values()),
    )  # fmt: skip


@for_staff
def thing(
    request: HttpRequest, restaurant: Restaurant, role: Role, kind: str, pk: int
) -> HttpResponse:
    """All ways for one of them to run out."""
    found = access.thing_of(restaurant, kind, pk)
    row = _row(found, days.service_day(restaurant, timezone.now()))
    return pages.show(
        request, restaurant, role, "board/thing.html",
        row=row, most=sold_out.MOST,
    )  # fmt: skip


@takes_a_form
@for_staff
def sell(request: HttpRequest, restaurant: Restaurant, role: Role) -> HttpResponse:
    """A button of the list or of a thing's page: "today product 12"."""
    pressed = BUTTON.fullmatch(request.POST.get("sell", ""))
    if pressed is None:
        raise Http404
    how, kind, pk = pressed.groups()
    found = access.thing_of(restaurant, kind, int(pk))
    name = house(found.name)
    if how == PORTIONS:
        said = _count(request, found, name)
    else:
        DONE[how](thing=found, by=request.user)
        said = _SAID[how]() % {"name": name}
    address = reverse("board:carte", args=[restaurant.slug])
    asked = request.GET.urlencode()
    return pages.done(request, f"{address}?{asked}" if asked else address, said)


# Each is asked in the reader's language, at the moment.
_SAID = {
    TODAY: lambda: _("%(name)s is sold out for today."),
    UNTIL_BACK: lambda: _("%(name)s is sold out until it is put back."),
    BACK: lambda: _("%(name)s is on sale again."),
}


def _count(request: HttpRequest, found: Thing, name: str) -> str:
    wanted = request.POST.get("portions", "")
    if not wanted.isdecimal() or len(wanted) > 4:
        return _("Nothing was changed: the portions must be a whole number.")
    portions = int(wanted)
    sold_out.count(thing=found, portions=portions, by=request.user)
    said = ngettext(
        "%(name)s: %(count)s portion left.", "%(name)s: %(count)s portions left.", portions
    )
    return said % {"name": name, "count": portions}


def _sections(restaurant: Restaurant) -> Iterator[tuple[str, list[Thing]]]:
    """As the carte has them, each thing once; then what stands under no category, and the options."""
    items = CategoryItem.objects.filter(category__restaurant=restaurant)
    placed = items.order_by("category__position", "category__pk", "position", "pk")
    by_category: dict[str, list[Thing]] = {}
    seen: set[tuple[type, int]] = set()
    for item in placed.select_related("category", "product", "set_menu"):
        found = item.product or item.set_menu
        if found is not None and (type(found), found.pk) not in seen:
            seen.add((type(found), found.pk))
            by_category.setdefault(house(item.category.name), []).append(found)
    yield from by_category.items()
    others: list[Thing] = [*restaurant.set_menus.all(), *restaurant.products.all()]
    yield _("Under no category"), [each for each in others if (type(each), each.pk) not in seen]
    by_group: dict[int, list[Thing]] = {}
    names: dict[int, str] = {}
    options = Option.objects.filter(group__restaurant=restaurant).select_related("group")
    for option in options.order_by("group__position", "group__pk", "position", "pk"):
        names[option.group_id] = house(option.group.name)
        by_group.setdefault(option.group_id, []).append(option)
    for group, things in by_group.items():
        yield names[group], things


def _is_asked(row: Row, section: str, asked: str) -> bool:
    words = folded(f"{row.name} {section}")
    return all(word in words for word in folded(asked).split())


def _row(found: Thing, today: date) -> Row:
    kind = access.kind_of(found)
    return Row(found, kind, house(found.name), found.is_sold_out(today), _word(found, today))


def _word(found: Thing, today: date) -> str:
    """In which way it has run out, or how many are left."""
    portions = found.portions
    if found.sold_out:
        return _("Sold out until it is put back")
    if found.sold_out_until and today < found.sold_out_until:
        if (found.sold_out_until - today).days == 1:
            return _("Sold out today")
        until = date_format(found.sold_out_until, "j F")
        return _("Sold out until %(day)s") % {"day": until}
    if portions == 0:
        return _("Sold out: no portion left")
    if portions is not None:
        said = ngettext("%(count)s portion left", "%(count)s portions left", portions)
        return said % {"count": portions}
    return _("On sale")
