"""The columns of products: a django-import-export resource whose rows are products as a restaurant file says them."""

import copy
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import Resource

from ordering.models import ALLERGENS, DIETS
from ordering.restaurant_file.mistakes import Path, show

from . import cells
from .reading import Sheet, letter

Item = dict[str, Any]


@dataclass(frozen=True)
class CellMistake:
    """What is wrong with a cell. `row` is the spreadsheet's own number of it; None: with the file."""

    row: int | None
    column: str
    text: str

    def __str__(self) -> str:
        if self.row is None:
            return self.text
        said = _("Row %(row)s, column %(column)s: %(text)s")
        return said % {"row": self.row, "column": self.column, "text": self.text}


@dataclass(frozen=True)
class CellChange:
    """A cell that would become another one. `row` is the spreadsheet's."""

    row: int
    key: str
    column: str
    before: str
    after: str
    new: bool


class Column(Field):
    """One column; `path` is the place of its value in the product."""

    def __init__(self, name: str, widget: Any, *path: str) -> None:
        super().__init__(attribute=name, column_name=name, widget=widget)
        self.path = path or (name,)

    def get_value(self, instance: Item) -> Any:
        found: Any = instance
        for step in self.path:
            found = (found or {}).get(step)
        return found

    def save(self, instance: Item, row: Mapping[str, str], is_m2m: bool = False, **kw: Any) -> None:
        cell = row[self.column_name]
        # What was exported and not touched is what it was, whatever a spreadsheet makes of its line ends.
        if cell and cell == self.export(instance).replace("\r\n", "\n"):
            return
        value = self.clean(row)
        if value is None:
            _leave_out(instance, self.path)
            return
        inside = instance
        for step in self.path[:-1]:
            inside = inside.setdefault(step, {})
        inside[self.path[-1]] = value


def _leave_out(inside: Item, path: tuple[str, ...]) -> None:
    """Take it out, and a text that has no language left with it."""
    name, *rest = path
    if rest and name in inside:
        _leave_out(inside[name], tuple(rest))
    if not rest or not inside.get(name, True):
        inside.pop(name, None)


class ProductSheet(Resource):
    """`products` are a restaurant file's, `languages` the restaurant's, `groups` the keys of its option groups.

    After `take`, `products` are what they would be; what the sheet does not mention stays.
    """

    class Meta:
        import_id_fields = ("key",)
        instance_loader_class = BaseInstanceLoader
        store_instance = True
        skip_unchanged = True
        report_skipped = False
        skip_html_diff = True

    def __init__(
        self,
        products: list[Item],
        languages: list[str],
        groups: Iterable[str],
        menus: Iterable[str],
    ) -> None:
        super().__init__()
        self.products = {item["key"]: item for item in copy.deepcopy(products)}
        self.menus = set(menus)
        self.rows: dict[str, int] = {}
        self.sheet = Sheet([], [], [])
        house = languages[0]
        columns = [
            Column("key", cells.Key()),
            Column("register_id", cells.REGISTER_ID),
            *(
                Column(
                    f"name_{language}",
                    (cells.Needed if language == house else cells.Text)(one_line=True),
                    "name",
                    language,
                )
                for language in languages
            ),
            *(
                Column(f"description_{language}", cells.Text(), "description", language)
                for language in languages
            ),
            Column("price", cells.Price()),
            Column("vat", cells.Vat()),
            Column("happy_price", cells.PriceOrNone()),
            Column("allergens", cells.Allergens(ALLERGENS)),
            Column("diets", cells.Words(DIETS)),
            Column("alcohol", cells.YesNo()),
            Column("volume", cells.VOLUME),
            Column("origin", cells.ORIGIN),
            Column("course", cells.Number()),
            Column("sold_out", cells.YesNo()),
            Column("option_groups", cells.Keys({key: key for key in groups})),
        ]
        self.fields = {column.column_name: column for column in columns}

    # --- Out -----------------------------------------------------------------------------------

    def written(self, *, decimal: str = ".") -> tablib.Dataset:
        """`decimal`: what stands between euros and cents in a CSV. A spreadsheet takes “1.10” for the first of October
        where it expects a comma.
        """
        written = self.export(list(self.products.values()))
        if decimal == ".":
            return written
        numbers = [written.headers.index(name) for name in ("price", "happy_price", "vat")]
        rows = [
            [str(c).replace(".", decimal) if n in numbers else c for n, c in enumerate(row)]
            for row in written
        ]
        return tablib.Dataset(*rows, headers=written.headers)

    # --- In ------------------------------------------------------------------------------------

    def take(self, sheet: Sheet) -> tuple[list[CellMistake], list[CellChange]]:
        """Make the products what the sheet says. Everything that is wrong with its cells, or what it changes."""
        wrong = self._headings(sheet)
        if wrong:
            return wrong, []
        self.sheet = sheet
        dataset = tablib.Dataset(*sheet.rows)
        dataset.headers = [self._known(name) for name in sheet.headings]
        # It writes nothing (`save_instance`); a “dry run” would cost a savepoint for each row all the same.
        result = self.import_data(dataset, dry_run=False, use_transactions=False)
        for broken in [
            *result.base_errors,
            *(e for _row, errors in result.row_errors() for e in errors),
        ]:
            raise broken.error
        mistakes = [
            self.mistake(sheet.numbers[row.number - 1], column, text)
            for row in result.invalid_rows
            for column, texts in row.error_dict.items()
            for text in texts
        ]
        changes = [] if mistakes else [c for row in result.rows for c in self._changes(row)]
        return mistakes, changes

    def mistake(self, row: int, column: str, text: str) -> CellMistake:
        """Named as the spreadsheet shows the place: “D (price)”."""
        headings = [self._known(name) for name in self.sheet.headings]
        at = f"{letter(headings.index(column))} ({column})" if column in headings else column
        return CellMistake(row, at, text)

    def place(self, path: Path) -> tuple[int | None, str]:
        """Row and column of a place in the restaurant file: ("products", 12, "name", "fr")."""
        if len(path) < 2 or path[0] != "products" or not isinstance(path[1], int):
            return None, ""
        key = list(self.products)[path[1]]
        inside = tuple(str(step) for step in path[2:])
        for name, column in self.fields.items():
            if inside[: len(column.path)] == column.path or column.path[:1] == inside:
                return self.rows.get(key), name
        return self.rows.get(key), "key"

    def get_instance(self, instance_loader: Any, row: Mapping[str, str]) -> Item | None:
        return self.products.get(row["key"].strip())

    def init_instance(self, row: Any = None) -> Item:
        return {"allergens": None}

    def before_import_row(self, row: Mapping[str, str], **kwargs: Any) -> None:
        key, number = row["key"].strip(), self.sheet.numbers[kwargs["row_number"] - 1]
        if key in self.rows:
            said = _("Row %(row)s has this key already; a product has one row.")
            raise ValidationError({"key": said % {"row": self.rows[key]}})
        if key in self.menus:
            raise ValidationError({"key": _("A set menu has this key. Write another one.")})
        self.rows[key] = number

    def after_init_instance(self, instance: Item, new: bool, row: Any, **kwargs: Any) -> None:
        missing = [name for name in ("price", "vat") if new and name not in row]
        house = next(name for name in self.fields if name.startswith("name_"))
        missing += [house] if new and house not in row else []
        if missing:
            said = _("There is no product %(key)s. A new one needs the columns %(columns)s too.")
            columns = ", ".join(missing)
            raise ValidationError({"key": said % {"key": show(row["key"]), "columns": columns}})

    def import_field(
        self, field: Column, instance: Item, row: Any, is_m2m: bool = False, **kwargs: Any
    ) -> None:
        if field.column_name in row:
            field.save(instance, row)

    def validate_instance(
        self, instance: Item, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        if import_validation_errors:
            raise ValidationError(import_validation_errors)

    def save_instance(self, instance: Item, is_create: bool, row: Any, **kwargs: Any) -> None:
        self.products[instance["key"]] = instance

    def _changes(self, row: Any) -> list[CellChange]:
        after, before = row.instance, row.original or {}
        key = after["key"]
        return [
            CellChange(self.rows[key], key, name, was, becomes, not before)
            for name, column in self.fields.items()
            if (was := column.export(before) if before else "") != (becomes := column.export(after))
        ]

    def _known(self, heading: str) -> str:
        folded = {name.casefold(): name for name in self.fields}
        return folded.get(heading.casefold(), heading)

    def _headings(self, sheet: Sheet) -> list[CellMistake]:
        found: list[CellMistake] = []
        names = [self._known(heading) for heading in sheet.headings]
        for index, name in enumerate(names):
            if name not in self.fields:
                close = difflib.get_close_matches(name, list(self.fields), 1)
                said = _("%(name)s is no column of products. Did you mean %(close)s?")
                if not close:
                    said = _(
                        "%(name)s is no column of products. Take it out, or name it: %(known)s."
                    )
                text = said % {
                    "name": show(name),
                    "close": "".join(close),
                    "known": ", ".join(self.fields),
                }
            elif name in names[:index]:
                text = _("%(name)s stands there twice.") % {"name": show(name)}
            else:
                continue
            found.append(CellMistake(1, letter(index), text))
        if "key" not in names:
            text = _("There is no column “key”, by which a product is found. Add it.")
            found.append(CellMistake(1, "key", text))
        return found
