"""Columns of our own."""

import json
from typing import Any

from django.db import models


class OrderedJSONField(models.JSONField):
    """JSON as it was written. PostgreSQL's jsonb sorts the keys, and in a text the house's language stands first."""

    def get_internal_type(self) -> str:
        return "TextField"

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> Any:
        return None if value is None else json.loads(value)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False)
