"""`manage.py reconcile RESTAURANT DATE`: every number of a day of service against the register's list."""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ordering.models import Restaurant
from ordering.services.reconciliation import Line, Report, Verdict, reconcile

HEAD = ("N", "table", "number", "our state", "the register's word", "verdict")
NAMED = (
    (Verdict.MISSING, "Missing (given, and neither listed nor paid)"),
    (Verdict.DOUBLE, "Double (look whether it was served or charged twice)"),
    (Verdict.UNWANTED, "On the till although it was taken back or cancelled"),
    (Verdict.BY_HAND, "Entered by hand"),
    (Verdict.ENDED, "Dealt with by a person otherwise"),
)


class Command(BaseCommand):
    help = (
        "Compares every number that was given on a day of service (from five in the morning) with what the register "
        "lists. Exits with 1 where something is missing, double, or on the till although it was taken back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="RESTAURANT", help="its short name in addresses")
        parser.add_argument(
            "day", metavar="DATE", type=date.fromisoformat, help="such as 2026-11-25"
        )

    def handle(self, *, slug: str, day: date, **_: Any) -> None:
        restaurant = Restaurant.objects.filter(slug=slug).first()
        if restaurant is None:
            raise CommandError(f"There is no restaurant {slug}.")
        report = reconcile(restaurant=restaurant, day=day)
        self.stdout.write(f"{restaurant}, {day.isoformat()}: {len(report.lines)} numbers")
        for register, why in report.unread.items():
            self.stdout.write(
                f"The list of {register} could not be read ({why}): this is what we know ourselves."
            )
        self._table(report.lines)
        self._named(report)
        if report.wrong:
            raise SystemExit(1)
        self.stdout.write("Nothing is missing, and nothing is double.")

    def _table(self, lines: Sequence[Line]) -> None:
        rows = [HEAD]
        for line in lines:
            issued = line.issued
            state = f"{issued.state.value} ({issued.handled_as})" if issued.handled_as else ""
            rows.append(
                (
                    str(issued.order),
                    str(issued.table),
                    str(issued.number),
                    state or issued.state.value,
                    line.word or "-",
                    line.verdict.value,
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())

    def _named(self, report: Report) -> None:
        for verdict, words in NAMED:
            found = [line.issued for line in report.lines if line.verdict == verdict]
            for issued in found:
                self.stdout.write(
                    f"{words}: order {issued.order}, table {issued.table}, number {issued.number}"
                )
        for number in report.unknown:
            self.stdout.write(f"Listed, and never given here: number {number}")
