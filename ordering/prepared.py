"""A query that every page of a phone asks, with its SQL written once: to write it takes longer than to ask it."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.db import connections, models
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)

# What stands for the n-th text while the SQL is written; no text of ours holds it.
MARK = "\ufdd0{}"


class Prepared(Generic[M]):
    """`build` makes the query from texts, and they stand in it as they are given: none decides what is asked."""

    def __init__(self, build: Callable[..., "models.QuerySet[M]"]) -> None:
        self._build = build
        # Written SQL belongs to a connection, and that to a thread.
        self._here = threading.local()

    def first(self, *texts: str) -> M | None:
        """The first row, as the query's own `first()` gives it; None where there is none."""
        written: dict[int, _Written[M]] = self._here.__dict__.setdefault("written", {})
        sql = written.get(len(texts))
        if sql is None or sql.connection is not connections[sql.connection.alias]:
            sql = written[len(texts)] = _Written(self._build, len(texts))
        return sql.first(texts)


class _Written(Generic[M]):
    def __init__(self, build: Callable[..., "models.QuerySet[M]"], count: int) -> None:
        marks = [MARK.format(place) for place in range(count)]
        query = build(*marks)[:1]
        self.connection: Any = connections[query.db]
        compiler = query.query.get_compiler(connection=self.connection)
        self._sql, params = compiler.as_sql()
        self._params = [
            (marks.index(each), None) if each in marks else (None, each) for each in params
        ]
        columns = [column for column, *_ in compiler.select]
        self._converters = [
            (place, converter, expression)
            for place, (some, expression) in compiler.get_converters(columns).items()
            for converter in some
        ]
        # As Django's ModelIterable does it for each query.
        info = compiler.klass_info
        self._model = info["model"]
        self._columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        self._names = [column.target.attname for column in columns[self._columns]]
        self._beside = get_related_populators(info, compiler.select, query.db)  # type: ignore[call-arg]
        self._counted = compiler.annotation_col_map or {}

    def first(self, texts: Sequence[str]) -> M | None:
        params = [value if place is None else texts[place] for place, value in self._params]
        with self.connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            found = cursor.fetchone()
        if found is None:
            return None
        row = list(found)
        for place, converter, expression in self._converters:
            row[place] = converter(row[place], expression, self.connection)
        instance: M = self._model.from_db(self.connection.alias, self._names, row[self._columns])
        for each in self._beside:
            each.populate(row, instance)
        for name, place in self._counted.items():
            setattr(instance, name, row[place])
        return instance
