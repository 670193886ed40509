"""Products from a spreadsheet: seen first, then imported as a restaurant file is, all of it or nothing.

What the sheet mentions becomes what it says, column by column; products, and columns, that it does not mention stay.
It deletes nothing. A declaration that would say less, and what would be on sale again, must be accepted (`caution`).
"""

import hashlib
import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from ordering.models import Restaurant
from ordering.restaurant_file import Mistake, check, in_order_of
from ordering.restaurant_file.sentences import Sentence
from ordering.services import carte, prices
from ordering.spreadsheet.products import CellChange, CellMistake, ProductSheet
from ordering.spreadsheet.reading import Sheet

from .carte import CarteWriter
from .caution import cautions
from .exporting import Data, as_it_stands
from .register import not_told, register_mistakes
from .report import Report
from .stored import Stored

logger = logging.getLogger(__name__)


class SheetError(Exception):
    """The sheet is refused, and nothing was written. `mistakes` are all that is wrong with it, in its order."""

    def __init__(self, mistakes: list[CellMistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True)
class Preview:
    """What an import would do. `cautions` must be accepted; `seen` says that this was read, and nothing else."""

    changes: list[CellChange]
    cautions: list[Sentence]

    @property
    def seen(self) -> str:
        return hashlib.sha256(repr((self.changes, self.cautions)).encode()).hexdigest()


def product_sheet(restaurant: Restaurant) -> ProductSheet:
    """The columns and the products of this restaurant, as they stand."""
    return _columns(as_it_stands(restaurant))


def import_sheet(
    *, restaurant: Restaurant, sheet: Sheet, by: prices.Hand, seen: str = "", accept: bool = False
) -> tuple[Preview, Report | None]:
    """Import it where `seen` is what its preview says now, and `accept` where something must be accepted.

    Else nothing is written, and the report is None. Raises SheetError.
    """
    with transaction.atomic():
        # Nobody else imports it until this ends (importing.py).
        Restaurant.objects.filter(pk=restaurant.pk).update(carte_version=F("carte_version"))
        restaurant.refresh_from_db()
        data = as_it_stands(restaurant)
        columns = _columns(data)
        mistakes, changes = columns.take(sheet)
        mistakes += _unfinished(data, columns)
        if mistakes:
            raise SheetError(mistakes)
        stored, wanted = Stored(restaurant), _file(data, columns)
        wrong = [m for m in check(wanted) if m.path[:1] == ("products",)]
        if wrong := in_order_of(wanted, [*wrong, *register_mistakes(wanted, stored)]):
            raise SheetError([_mistake(columns, mistake) for mistake in wrong])
        preview = Preview(changes, cautions(wanted, stored, prune=False))
        told = seen == preview.seen and (accept or not preview.cautions)
        if not changes or not told:
            return preview, None
        report = Report()
        writer = CarteWriter(wanted, restaurant, stored, report, by, keep_languages=True)
        writer.write(prune=False)
        carte.changed(restaurant_id=restaurant.pk)
    for change in preview.cautions:
        logger.info("Spreadsheet of %s, accepted: %s", restaurant.slug, change)
    report.warnings += not_told(restaurant)
    return preview, report


def sheet_as_file(*, restaurant: Restaurant, sheet: Sheet) -> tuple[Data, list[Data]]:
    """The restaurant's file with the products as the sheet says, and its products as they are. It writes nothing.
    Raises SheetError.
    """
    data = as_it_stands(restaurant)
    columns = _columns(data)
    mistakes, _changes = columns.take(sheet)
    if mistakes:
        raise SheetError(mistakes)
    return {**data, "products": list(columns.products.values())}, data["products"]


def _columns(data: Data) -> ProductSheet:
    groups = [group["key"] for group in data.get("option_groups", [])]
    menus = [menu["key"] for menu in data.get("set_menus", [])]
    return ProductSheet(data["products"], data["languages"], groups, menus)


def _file(data: Data, columns: ProductSheet) -> Data:
    """What a restaurant file says of the products alone, and of the groups that they ask: the rest stays."""
    groups = [group for group in data.get("option_groups", []) if group["options"]]
    return {
        **{name: data[name] for name in ("slug", "name", "languages")},
        "tables": [],
        "categories": [],
        "products": list(columns.products.values()),
        "option_groups": groups,
    }


def _unfinished(data: Data, columns: ProductSheet) -> list[CellMistake]:
    """A group without options cannot stand in a restaurant file, and taking it off a product would change the carte."""
    empty = {group["key"] for group in data.get("option_groups", []) if not group["options"]}
    said = _(
        "The option group “%(group)s” of “%(product)s” has no options yet. Give it some, or take it off."
    )
    return [
        CellMistake(None, "", said % {"group": key, "product": product["key"]})
        for product in columns.products.values()
        for key in product.get("option_groups", [])
        if key in empty
    ]


def _mistake(columns: ProductSheet, mistake: Mistake) -> CellMistake:
    row, column = columns.place(mistake.path)
    if row is None:
        return CellMistake(None, "", mistake.said)
    return columns.mistake(row, column, mistake.text.said)
