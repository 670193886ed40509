"""Tables and their codes."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F, Max

from ordering.models import Restaurant, Table, Visit, new_code
from ordering.services import visits
from pos_bridge.encryption import lookup_hash


class NumbersTaken(Exception):
    """Tables with these numbers exist already; none was added."""

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__(", ".join(map(str, numbers)))
        self.numbers = numbers


def add_range(
    *, restaurant: Restaurant, first: int, last: int, zone: str = "", seats: int | None = None
) -> list[Table]:
    """Add the tables `first` to `last`, all or none. Raises NumbersTaken."""
    numbers = range(first, last + 1)
    tables = Table.objects.filter(restaurant=restaurant)
    taken = tables.filter(number__in=numbers).order_by("number")
    with transaction.atomic():
        end = tables.aggregate(end=Max("position"))["end"]
        start = 0 if end is None else end + 1
        new = [
            Table(restaurant=restaurant, number=number, zone=zone, seats=seats, position=start + i)
            for i, number in enumerate(numbers)
        ]
        if taken.exists():
            raise NumbersTaken(list(taken.values_list("number", flat=True)))
        try:
            with transaction.atomic():
                return Table.objects.bulk_create(new)
        except IntegrityError as error:
            # Somebody else added one of them in this moment.
            raise NumbersTaken(list(taken.values_list("number", flat=True))) from error


def renew_code(*, table: Table) -> None:
    """Give the table a new code. The printed card is dead at once, and so is every page that it opened (P17)."""
    code = new_code()
    with transaction.atomic():
        Table.objects.filter(pk=table.pk).update(
            code=code, code_hash=lookup_hash(code), card_version=F("card_version") + 1
        )
        for visit in Visit.objects.filter(table=table, ended_at=None):
            visits.end(visit=visit)
    table.refresh_from_db()
