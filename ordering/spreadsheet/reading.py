"""A file of a spreadsheet as rows of texts. Everything about it is limited before it is read (T31)."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

BYTES_AT_MOST = 1_000_000
# A file of that size may unpack to a thousand times as much.
UNPACKED_AT_MOST, PARTS_AT_MOST = 20_000_000, 200
ROWS_AT_MOST, COLUMNS_AT_MOST = 1_000, 80
# Formatted and empty ones below the table are not worth a refusal; a million of them are.
EMPTY_ROWS_AT_MOST = 5_000
SEPARATORS = ",;\t"
QUOTED = re.compile(r'"(?:[^"]|"")*"')
SEPARATOR = re.compile(r"\"?sep=([,;\t])?\"?", re.IGNORECASE)
LINES_AT_MOST = ROWS_AT_MOST + EMPTY_ROWS_AT_MOST + 2
# In all these ways openpyxl, and what it stands on, says that this is none.
NO_WORKBOOK = (
    zipfile.BadZipFile, zlib.error, InvalidFileException, DefusedXmlException, ParseError, OSError,
    EOFError, LookupError, ValueError, ArithmeticError, AttributeError, TypeError, NotImplementedError,
)  # fmt: skip


class UnreadableError(Exception):
    """The file cannot be read as a spreadsheet, or is larger than may be. Its words say what to do."""


@dataclass(frozen=True)
class Sheet:
    """Rows of texts, as wide as the headings; `numbers` are the rows' own, as the spreadsheet shows them."""

    headings: list[str]
    rows: list[list[str]]
    numbers: list[int]


def read(content: bytes) -> Sheet:
    """The first sheet of a CSV or XLSX file. Raises UnreadableError."""
    check_size(len(content))
    if content.startswith(b"PK"):
        return _sheet(_xlsx(content))
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableError(_("This is an old or a protected Excel file. Save it as XLSX."))
    return _sheet(_csv(content))


def check_size(size: int) -> None:
    """Before a byte of it is read. Raises UnreadableError."""
    if size > BYTES_AT_MOST:
        said = _("The file is larger than %(most)s kB. Split it: each part changes only its rows.")
        raise UnreadableError(said % {"most": BYTES_AT_MOST // 1_000})


def _sheet(lines: Iterator[list[str]]) -> Sheet:
    headings = [heading.strip() for heading in next(lines, [])]
    while headings and not headings[-1]:
        headings.pop()
    if not headings:
        raise UnreadableError(_("The file is empty. Its first row must name the columns."))
    if len(headings) > COLUMNS_AT_MOST:
        said = _("The file has more than %(most)s columns.")
        raise UnreadableError(said % {"most": COLUMNS_AT_MOST})
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, line in enumerate(lines, 2):
        if number > ROWS_AT_MOST + EMPTY_ROWS_AT_MOST:
            raise UnreadableError(_("The file goes on and on. Delete the empty rows at its end."))
        if not any(cell.strip() for cell in line):
            continue
        if len(rows) == ROWS_AT_MOST:
            said = _("The file has more than %(most)s rows. Split it: each part changes its rows.")
            raise UnreadableError(said % {"most": ROWS_AT_MOST})
        if any(cell.strip() for cell in line[len(headings) :]):
            said = _("Row %(row)s has more cells than there are headings in the first row.")
            raise UnreadableError(said % {"row": number})
        width = len(headings)
        rows.append((line + [""] * width)[:width])
        numbers.append(number)
    return Sheet(headings, rows, numbers)


def _csv(content: bytes) -> Iterator[list[str]]:
    text = _decoded(content)
    first, _end, rest = text.partition("\n")
    # What tells Excel the separator is no row of it.
    if named := SEPARATOR.fullmatch(first.strip()):
        text, first = rest, rest.partition("\n")[0]
    between = QUOTED.sub("", first)
    likely = sorted(SEPARATORS, key=between.count, reverse=True)
    why: csv.Error | None = None
    for delimiter in [named[1]] if named and named[1] else likely:
        try:
            # As a spreadsheet writes them: line ends may stand inside quotes.
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            found = list(islice(_apart(lines, delimiter), LINES_AT_MOST))
        except csv.Error as error:
            why = why or error
            continue
        yield from ([_lines(cell) for cell in line] for line in found)
        return
    said = _("The file cannot be read as CSV (%(why)s). Save it again, or as XLSX.")
    raise UnreadableError(said % {"why": why}) from why


def _apart(lines: Iterator[list[str]], outer: str) -> Iterator[list[str]]:
    """A spreadsheet that looks for another separator shows each row as one cell, and saves it so, in quotes where there
    are quotes in it: such rows are taken apart again. No key has a separator in it.
    """
    first = next(lines, [])
    inner = max(SEPARATORS, key=first[0].count) if _alone(first) else outer
    everywhere = _alone(first) and inner in first[0]
    for line in chain([first], lines):
        if everywhere or (_alone(line) and inner in line[0]):
            whole = outer.join(line).rstrip(outer)
            yield next(csv.reader([whole], delimiter=inner, strict=True), [])
        else:
            yield line


def _alone(line: list[str]) -> bool:
    return bool(line and line[0].strip()) and not any(cell.strip() for cell in line[1:])


def _decoded(content: bytes) -> str:
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    # Excel on Windows writes the last where nobody asked for UTF-8.
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableError(_("The file is neither CSV nor XLSX."))


def _xlsx(content: bytes) -> Iterator[list[str]]:
    broken = _("The file cannot be read as XLSX. Save it again in your spreadsheet.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            # zipfile unpacks no more of a part than is written here, whatever is in it.
            size = sum(part.file_size for part in parts)
        if len(parts) > PARTS_AT_MOST or size > UNPACKED_AT_MOST:
            raise UnreadableError(
                _("The file is much larger inside than it looks, and is not taken.")
            )
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        # The first one, whichever was looked at last.
        rows = book.worksheets[0].iter_rows(max_col=COLUMNS_AT_MOST + 1)
        most = ROWS_AT_MOST + EMPTY_ROWS_AT_MOST + 1
        yield from ([_text(cell) for cell in row] for row in islice(rows, most))
    except NO_WORKBOOK as error:
        raise UnreadableError(broken) from error


def _text(cell: Any) -> str:
    """What a person would have typed. A number of a spreadsheet is a float: its ten first digits are what is meant."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if "%" in (cell.number_format or ""):
            value *= 100
        whole = isinstance(value, int) or value.is_integer()
        return str(int(value)) if whole else f"{value:.10g}"
    if isinstance(value, datetime | date | time):
        # No column holds one: the sentence about the cell will show it.
        return value.isoformat()
    return _lines(str(value))


def _lines(text: str) -> str:
    return re.sub(r"\r\n?", "\n", text)


def letter(column: int) -> str:
    """ "A" of 0, "AB" of 27, as a spreadsheet calls it."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
