"""Evenings past: as many settled orders as an old house has, copied from one by the database itself."""

from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from ordering.models import Order, OrderLine, Visit
from pos_bridge.models import Addition, AdditionEvent, Attempt

ORDERS_OF_A_PARTY = 4
SERIES = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"


def write(orders: int) -> None:
    """Orders of a month ago, of parties that have left, each with the lines and the addition of the oldest. That one is
    settled with them: taken at the first try, and its table has paid.
    """
    order = Order.objects.order_by("pk")[0]
    long_ago = timezone.now() - timedelta(days=30)
    Addition.objects.update(state=Addition.State.SETTLED, created_at=long_ago, received_at=long_ago)
    Order.objects.filter(pk=order.pk).update(created_at=long_ago, day=long_ago.date())
    Visit.objects.filter(pk=order.visit_id).update(
        opened_at=long_ago, touched_at=long_ago, ended_at=long_ago
    )
    taken = Attempt.objects.create(
        addition=Addition.objects.get(order=order), number=1, worker="past", started_at=long_ago, outcome="Receipt"
    )  # fmt: skip
    paid = AdditionEvent.objects.create(
        addition=taken.addition, kind=AdditionEvent.Kind.SETTLED, consumed_at=long_ago
    )
    base = 10_000_000
    with transaction.atomic():
        _copy(
            Visit,
            order.visit_id,
            orders // ORDERS_OF_A_PARTY + 1,
            id=f"{base} + i",
            code="'past-party-number-' || i",
        )
        _copy(
            Order,
            order.pk,
            orders,
            id=f"{base} + i",
            code="'past-order-number-' || i",
            submission_key="'past-' || i",
            number="1000 + i",
            visit_id=f"{base} + 1 + i / {ORDERS_OF_A_PARTY}",
        )
        for place, line in enumerate(OrderLine.objects.filter(order=order)):
            _copy(
                OrderLine, line.pk, orders, id=f"{base} * {1 + place} + i", order_id=f"{base} + i"
            )
        _copy(Addition, taken.addition_id, orders, id=f"{base} + i", order_id=f"{base} + i",
              number="1000000 + i")  # fmt: skip
        for of_addition in (taken, paid):
            _copy(
                type(of_addition),
                of_addition.pk,
                orders,
                id=f"{base} + i",
                addition_id=f"{base} + i",
            )
    if connection.vendor == "postgresql":  # which does it by itself; SQLite never does
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _copy(model: type[models.Model], pk: int, times: int, **others: str) -> None:
    """Rows that differ from one in these columns, given as SQL of `i`, from 1 on."""
    quote = connection.ops.quote_name
    columns = [field.column for field in model._meta.concrete_fields if field.column is not None]
    values = ", ".join(others.get(name, quote(name)) for name in columns)
    table = quote(model._meta.db_table)
    given: list[Any] = [times, pk]
    into = f"INSERT INTO {table} ({', '.join(map(quote, columns))})"
    sql = f"{into} {SERIES} SELECT {values} FROM n, {table} WHERE id = %s"  # noqa: S608  (our own names)
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
