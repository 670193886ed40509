"""Updating rows without keeping others waiting."""

from typing import Any

from django.db.models import QuerySet


def change(rows: QuerySet[Any], **fields: Any) -> int:
    """UPDATE where there is something to: on SQLite it takes the one lock of all writers, also where it finds no row,
    and most of what a worker looks for is not there. How many were changed.
    """
    return rows.update(**fields) if rows.exists() else 0
