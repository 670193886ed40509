"""`manage.py rehearse SLUG [--send TABLE]`: the check before service, on the terminal."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from ordering.models import Restaurant
from ordering.services import training
from ordering.services.findings import Finding, Level
from ordering.services.rehearsal import rehearse

WORDS = {Level.GOOD: "good ", Level.BAD: "WRONG", Level.LOOK: "look "}


class Command(BaseCommand):
    help = (
        "Builds everything that can be ordered for the restaurant's register, asks the register, and says line by "
        "line what is right and what is not, with the mend. Books nothing, but for --send. Ends with 1 where "
        "anything is wrong."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", metavar="SLUG")
        parser.add_argument(
            "--send",
            metavar="TABLE",
            type=int,
            help="also send one order with every kind of line to this table, a training table, and find it again",
        )

    def handle(self, *, slug: str, send: int | None, **_: Any) -> None:
        restaurant = Restaurant.objects.filter(slug=slug).first()
        if restaurant is None:
            raise CommandError(f"There is no restaurant {slug}.")
        # Like every command it speaks English.
        with translation.override("en"):
            findings = rehearse(restaurant, ask=True)
            for finding in findings:
                self._say(finding)
            if send is not None:
                findings += self._send(restaurant, send)
        wrong = sum(finding.level == Level.BAD for finding in findings)
        if wrong:
            raise CommandError(f"{wrong} of {len(findings)} lines are wrong.")
        self.stdout.write("Nothing is wrong.")

    def _send(self, restaurant: Restaurant, table: int) -> list[Finding]:
        self.stdout.write(f"Sending one order to table {table} …")
        self.stdout.flush()
        found = training.send(restaurant=restaurant, table_number=table)
        for finding in found:
            self._say(finding)
        return found

    def _say(self, finding: Finding) -> None:
        style = {Level.GOOD: self.style.SUCCESS, Level.BAD: self.style.ERROR}
        word = style.get(finding.level, self.style.WARNING)(WORDS[finding.level])
        mend = f" → {finding.mend}" if finding.mend else ""
        self.stdout.write(f"{word}  {finding.about}: {finding.words}{mend}")
