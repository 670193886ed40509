"""What an import must not do unseen: say less about allergens than before, or sell what is sold out.

Listed is, for a product or an option that exists,

- an allergen that would no longer be declared,
- a declaration, also “none of the 14”, that would become “not declared”,
- “not declared” that would become “none of the 14”,
- for a product, an always added option with allergens, or of which none is declared, that would no longer be added, or
  only if chosen,
- sold out, in any way, that would be on sale again, or be so on an earlier day (set menus too),
- a count of portions that would be higher, or not be counted any more,

and, with `prune`, deleting what has a declaration or is sold out: it would come back without them. Declaring
allergens where nothing was declared only adds a warning, and needs no leave.
"""

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from ordering.models import OptionGroup, ProductOptionGroup, SetMenu
from ordering.models.sold_out import runs_out
from ordering.restaurant_file.mistakes import show
from ordering.restaurant_file.sentences import Sentence
from ordering.services.days import service_day

from .said import Caution
from .stored import Stored


class AcceptanceNeeded(Exception):
    """The import would do what a person must have seen. `changes` are sentences; nothing was written."""

    def __init__(self, changes: list[Sentence]) -> None:
        self.changes = changes
        self.fingerprint = fingerprint(changes)
        super().__init__("\n".join(changes))


def fingerprint(changes: list[Sentence]) -> str:
    """Says which changes somebody has read: what is accepted is these, and no others."""
    return hashlib.sha256("\n".join(changes).encode()).hexdigest()


def cautions(data: dict[str, Any], stored: Stored, *, prune: bool) -> list[Sentence]:
    """Everything that has to be accepted before the import may be made."""
    # Where there is no restaurant, nothing is sold out.
    owner = stored.restaurant
    day = service_day(owner, timezone.now()) if owner else date.min
    return [
        *_kind(
            "product",
            {item["key"]: item for item in data["products"]},
            stored.products,
            prune,
            day,
        ),
        *_kind(
            "option",
            {
                (group["key"], option["key"]): option
                for group in data.get("option_groups", [])
                for option in group["options"]
            },
            stored.options,
            prune,
            day,
        ),
        *_kind(
            "set menu",
            {item["key"]: item for item in data.get("set_menus", [])},
            stored.set_menus,
            prune,
            day,
        ),
        *_no_longer_added(data, stored),
        *(_undeclared_deleted(data, stored) if prune else ()),
    ]


def _kind(
    what: str, wanted: dict[Any, dict[str, Any]], stored: dict[Any, Any], prune: bool, day: date
) -> Iterator[Caution]:
    for key, row in stored.items():
        name = what, "/".join(key) if isinstance(key, tuple) else key
        before = None if isinstance(row, SetMenu) else row.allergens
        if (item := wanted.get(key)) is not None:
            if not isinstance(row, SetMenu):
                yield from _declaration(name, before, item.get("allergens"))
            yield from _on_sale(name, row, item, day)
        elif prune and before is not None:
            text = _("it would be deleted with its declaration, “contains none of the 14”")
            if before:
                text = _("it would be deleted with its declaration, “contains %(allergens)s”")
            yield Caution(*name, text, allergens=before)
        elif prune and row.is_sold_out(day):
            yield Caution(*name, _("it is sold out, and would be deleted"))


def _on_sale(name: tuple[str, str], row: Any, item: dict[str, Any], day: date) -> Iterator[Caution]:
    until, left = item.get("sold_out_until"), item.get("portions")
    before = row.portions
    was = _back(row.sold_out, row.sold_out_until, before)
    again = _back(item.get("sold_out", False), date.fromisoformat(until) if until else None, left)
    if was > day and again <= day:
        yield Caution(*name, _("it is sold out, and would be on sale again"))
    elif was > day and again < was:
        text = _("it is sold out, and would be on sale again on %(day)s")
        yield Caution(*name, text, day=again)
    elif before and left is None:
        text = _("it has %(before)s portions left, and would not be counted any more")
        yield Caution(*name, text, before=before)
    elif before and left is not None and left > before:
        text = _("it has %(before)s portions left, and would have %(after)s")
        yield Caution(*name, text, before=before, after=int(left))


def _back(sold_out: bool, until: date | None, portions: int | None) -> date:
    """The day of service on which it is on sale again by itself; the last of all days where it never is."""
    return date.max if runs_out(sold_out, None, date.min, portions) else until or date.min


def _declaration(
    name: tuple[str, str], before: list[str] | None, after: list[str] | None
) -> Iterator[Caution]:
    if before is None and after == []:
        text = _("its allergens are not declared, and would be declared as none of the 14")
        yield Caution(*name, text)
    elif before == [] and after is None:
        text = _("it is declared to contain none of the 14, and would not be declared any more")
        yield Caution(*name, text)
    elif before and after is None:
        text = _("it contains %(allergens)s, and would not be declared any more")
        yield Caution(*name, text, allergens=before)
    elif before and (gone := [allergen for allergen in before if allergen not in (after or [])]):
        text = _("it would no longer be declared to contain %(allergens)s")
        yield Caution(*name, text, allergens=gone)


def _no_longer_added(data: dict[str, Any], stored: Stored) -> Iterator[Caution]:
    declared: dict[str, list[str]] = {}
    unknown: set[str] = set()
    for (group, _key), option in stored.options.items():
        if stored.option_groups[group].kind != OptionGroup.Kind.AUTOMATIC:
            continue
        if option.allergens is None:
            # Without it, the dish would be declared (P22).
            unknown.add(group)
        elif option.allergens:
            declared.setdefault(group, []).extend(option.allergens)
    if stored.restaurant is None:
        return
    groups = {item["key"]: item.get("option_groups", []) for item in data["products"]}
    kinds = {item["key"]: item.get("kind", "choice") for item in data.get("option_groups", [])}
    rows = ProductOptionGroup.objects.filter(
        product__restaurant=stored.restaurant, group__key__in={*declared, *unknown}
    ).values_list("product__key", "group__key")
    for product, group in rows.order_by("product__position", "product", "position"):
        gone = product in groups and group not in groups[product]
        if gone or kinds.get(group, OptionGroup.Kind.AUTOMATIC) != OptionGroup.Kind.AUTOMATIC:
            text = _(
                "%(group)s, which is always added to it and is not declared, would no longer be"
            )
            if group in declared:
                text = _(
                    "%(group)s, which is always added to it and contains %(allergens)s, would no longer be"
                )
            contained = list(dict.fromkeys(declared.get(group, [])))
            yield Caution("product", product, text, group=show(group), allergens=contained)


def _undeclared_deleted(data: dict[str, Any], stored: Stored) -> Iterator[Caution]:
    """Of a group that is added still: what it is added to would be declared all at once (P22)."""
    wanted = {
        group["key"]: {option["key"] for option in group["options"]}
        for group in data.get("option_groups", [])
    }
    for (group, key), option in stored.options.items():
        always = stored.option_groups[group].kind == OptionGroup.Kind.AUTOMATIC
        if always and option.allergens is None and key not in wanted.get(group, {key}):
            text = _("it is always added and is not declared, and would be deleted")
            yield Caution("option", f"{group}/{key}", text)
