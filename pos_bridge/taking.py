"""Takes the next number of a register (numbers.py), in the transaction of the order that it is for."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from pos_bridge import numbers
from pos_bridge.models import Register
from pos_bridge.prepared import Prepared, PreparedUpdate


def take(register: Register, now: datetime) -> int:
    """Guarded by the numbers that were read; the UPDATE holds the rows until the commit. No number is given twice,
    also where two restaurants order on one till, which would drop the second as a double. Raises
    numbers.NumbersExhausted.
    """
    while True:
        given = _numbers_of_till.column(register.pk, register.till)
        number = numbers.next_number(max(given), now)
        if _is_taken(register, number, rows=len(given)):
            break
    if number >= numbers.ALARM_AT:
        numbers.alarm(number)
    return number


def _is_taken(register: Register, number: int, *, rows: int) -> bool:
    """All of a till's registers move to the number, or none."""
    if rows == 1:
        return _rise.update(register.pk, register.till, number) == 1
    with transaction.atomic():
        if _rise.update(register.pk, register.till, number) == rows:
            return True
        transaction.set_rollback(True)
    return False


def _of_till(register_id: int, till: str) -> QuerySet[Register]:
    return Register.objects.filter(Q(pk=register_id) | Q(till=till, till__gt="")).order_by()


_numbers_of_till = Prepared(
    lambda register, till: _of_till(register, till).values_list("last_number", flat=True)
)
_rise = PreparedUpdate(
    lambda register, till, number: _of_till(register, till).filter(last_number__lt=number),
    lambda register, till, number: {"last_number": number},
)
