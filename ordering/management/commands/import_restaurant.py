"""`manage.py import_restaurant FILE`: a restaurant from its file, created or updated, all or nothing."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, IntegrityError

from ordering import restaurant_file
from ordering.services.transfer import AcceptanceNeeded, Report, import_restaurant

SHOWN_AT_MOST = 200


class Command(BaseCommand):
    help = (
        "Creates or updates a restaurant from its file. All or nothing: every mistake is named with "
        "its place, and nothing that the file does not mention is deleted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the restaurant file (JSON)")
        parser.add_argument(
            "--prune",
            action="store_true",
            help="delete what the file does not mention; tables with visits are switched off instead",
        )
        parser.add_argument(
            "--accept",
            action="store_true",
            help="drop allergen declarations and put sold out things back on sale, as the file says",
        )

    def handle(self, *, file: str, prune: bool, accept: bool, **_: Any) -> None:
        path = Path(file)
        try:
            data = restaurant_file.load(path)
            report = import_restaurant(data=data, folder=path.parent, prune=prune, accept=accept)
        except restaurant_file.RestaurantFileError as error:
            raise CommandError(
                _refusal(path, [str(mistake) for mistake in error.mistakes])
            ) from None
        except AcceptanceNeeded as error:
            raise CommandError(_acceptance(path, error.changes)) from None
        except IntegrityError:
            # Its text may hold what was being stored.
            raise CommandError(
                f"{path}: somebody else changed the restaurant at the same moment; nothing was "
                "imported. Run this again."
            ) from None
        except DatabaseError:
            raise CommandError(
                f"{path}: the database refused, so nothing was imported. Something else may have it "
                "locked, or “manage.py migrate” is still to be run."
            ) from None
        self._tell(data, report)

    def _tell(self, data: dict[str, Any], report: Report) -> None:
        zone = data.get("timezone", "Europe/Paris")
        self.stdout.write(
            f"{data['name']} ({data['slug']}): {', '.join(data['languages'])}; {zone}"
        )
        for line in report.lines():
            self.stdout.write(f"  {line}")
        for note in report.notes:
            self.stdout.write(note)
        for warning in report.warnings:
            self.stderr.write(self.style.WARNING(f"Warning: {warning}"))
        if not report.changed:
            self.stdout.write("Nothing has changed.")


def _refusal(path: Path, mistakes: list[str]) -> str:
    if len(mistakes) == 1:
        return f"{path}: {mistakes[0].removesuffix('.')}. Nothing was imported."
    number = f"{len(mistakes)}{' or more' if len(mistakes) >= restaurant_file.ENOUGH else ''}"
    return _list(f"{path}: {number} mistakes, and nothing was imported:", mistakes)


def _acceptance(path: Path, changes: Sequence[str]) -> str:
    return _list(
        f"{path}: nothing was imported. Repeat the command with --accept if this is meant:", changes
    )


def _list(heading: str, lines: Sequence[str]) -> str:
    shown = list(lines[:SHOWN_AT_MOST])
    if len(lines) > SHOWN_AT_MOST:
        shown.append(f"and {len(lines) - SHOWN_AT_MOST} more")
    return "\n  ".join([heading, *shown])
