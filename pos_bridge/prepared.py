"""Queries that are asked again and again, with their SQL written once: to write it takes longer than to ask it."""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.query import get_related_populators
from django.db.models.sql import Query

M = TypeVar("M", bound=models.Model)
Given = str | int | datetime

# What stands for the n-th of the given while the SQL is written. Nothing of ours is, or holds, one of them; a time may
# stand in it moved by a duration.
TEXT_MARK = "\ufdd0{}"
NUMBER_MARK = 2_000_000_011
TIME_MARK = 5000  # the year, and a hundred more for each
MOVED_AT_MOST = timedelta(days=366)


class Prepared(Generic[M]):
    """`build` makes the query from texts, whole numbers and times, and they stand in it as they are given, a time also
    with a duration added: none decides what is asked. What else decides, `depends` tells, and where that differs the
    SQL is written anew.
    """

    def __init__(
        self,
        build: Callable[..., "models.QuerySet[M, Any]"],
        depends: Callable[[], Hashable] = lambda: None,
    ) -> None:
        self._build = build
        self._depends = depends
        self._written: dict[Hashable, _Written[M]] = {}

    def first(self, *given: Given) -> M | None:
        """The first row, as the query's own `first()` gives it; None where there is none."""
        return self._sql(_first, given).first(given)

    def exists(self, *given: Given) -> bool:
        """As the query's own."""
        return bool(self._sql(_exists, given).rows(given))

    def column(self, *given: Given) -> list[Any]:
        """What a `values_list(…, flat=True)` of a whole number gives."""
        return [row[0] for row in self._sql(_all, given).rows(given)]

    def _sql(self, how: "How", given: tuple[Given, ...]) -> "_Written[M]":
        key = (how, len(given), self._depends())
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = _Written(self._build, how, given)
        return written


How = Callable[["models.QuerySet[Any, Any]"], "Query"]


def _first(rows: "models.QuerySet[Any, Any]") -> Query:
    return rows[:1].query


def _exists(rows: "models.QuerySet[Any, Any]") -> Query:
    return rows.query.exists()


def _all(rows: "models.QuerySet[Any, Any]") -> Query:
    return rows.query


class _Written(Generic[M]):
    """`_sql` is None where nothing can ever be found: no register is of a kind that is asked for."""

    def __init__(
        self,
        build: Callable[..., "models.QuerySet[M, Any]"],
        how: How,
        given: tuple[Given, ...],
    ) -> None:
        marks = [_mark(place, each) for place, each in enumerate(given)]
        rows = build(*marks)
        self._alias = rows.db
        compiler = how(rows).get_compiler(connection=self._connection)
        try:
            self._sql, params = compiler.as_sql()
        except EmptyResultSet:
            self._sql = None
            return
        self._params = [_recognized(each, marks) for each in params]
        if how is _first:
            self._remember_the_columns(compiler)

    @property
    def _connection(self) -> Any:
        """Of this thread."""
        return connections[self._alias]

    def _remember_the_columns(self, compiler: Any) -> None:
        """As Django's ModelIterable does it for each query."""
        columns = [column for column, *_ in compiler.select]
        self._converters = [
            (place, converter, expression)
            for place, (some, expression) in compiler.get_converters(columns).items()
            for converter in some
        ]
        info = compiler.klass_info
        self._model = info["model"]
        self._columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        self._names = [column.target.attname for column in columns[self._columns]]
        self._beside = get_related_populators(info, compiler.select, self._alias)  # type: ignore[call-arg]
        self._counted = compiler.annotation_col_map or {}

    def rows(self, given: tuple[Given, ...]) -> list[Any]:
        if self._sql is None:
            return []
        connection = self._connection
        params = []
        for value, place, moved in self._params:
            if place is None:
                params.append(value)
            elif moved is None:
                params.append(given[place])
            else:
                time: Any = given[place]
                params.append(connection.ops.adapt_datetimefield_value(time + moved))
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            return list(cursor.fetchall())

    def first(self, given: tuple[Given, ...]) -> M | None:
        found = self.rows(given)
        if not found:
            return None
        connection = self._connection
        row = list(found[0])
        for place, converter, expression in self._converters:
            row[place] = converter(row[place], expression, connection)
        instance: M = self._model.from_db(self._alias, self._names, row[self._columns])
        for each in self._beside:
            each.populate(row, instance)
        for name, place in self._counted.items():
            setattr(instance, name, row[place])
        return instance


def _mark(place: int, given: Given) -> Given:
    if isinstance(given, datetime):
        return datetime(TIME_MARK + 100 * place, 7, 1, tzinfo=UTC)
    return NUMBER_MARK + place if isinstance(given, int) else TEXT_MARK.format(place)


def _recognized(param: Any, marks: list[Given]) -> tuple[Any, int | None, timedelta | None]:
    """The parameter itself; or the place of what it stands for, with how far a time is moved."""
    if param in marks and not isinstance(param, datetime):
        return None, marks.index(param), None
    time = _time(param)
    for place, mark in enumerate(marks):
        if time and isinstance(mark, datetime) and abs(time - mark) < MOVED_AT_MOST:
            return None, place, time - mark
    return param, None, None


def _time(param: Any) -> datetime | None:
    """SQLite's times are texts, in UTC."""
    if isinstance(param, str):
        try:
            param = datetime.fromisoformat(param)
        except ValueError:
            return None
    if not isinstance(param, datetime):
        return None
    return param if param.tzinfo else param.replace(tzinfo=UTC)
