"""Queries that are asked again and again, with their SQL written once: to write it takes longer than to ask it."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router, transaction
from django.db.models.query import get_related_populators
from django.db.models.sql import InsertQuery, Query, UpdateQuery

M = TypeVar("M", bound=models.Model)
Given = str | int | date | datetime

# What stands for the n-th of the given while the SQL is written. Nothing of ours is, or holds, one of them; a time may
# stand in it moved by a duration.
TEXT_MARK = "\ufdd0{}"
NUMBER_MARK = 2_000_000_011
MOVED_NUMBER = 1_000_000  # so far from it no number of ours is
TIME_MARK = 5000  # the year, and a hundred more for each
MOVED_AT_MOST = timedelta(days=366)


class Prepared(Generic[M]):
    """`build` makes the query from texts, whole numbers, days and times, and they stand in it as they are given, a time
    also with a duration added: none decides what is asked. What else decides, `depends` tells, and where that differs
    the SQL is written anew.
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
        return next(iter(self._sql(_first, given).instances(given)), None)

    def all(self, *given: Given) -> list[M]:
        """The rows, as the query itself gives them."""
        return self._sql(_all, given).instances(given)

    def exists(self, *given: Given) -> bool:
        """As the query's own."""
        return bool(self._sql(_exists, given).rows(given))

    def column(self, *given: Given) -> list[Any]:
        """What a `values_list(…, flat=True)` of a whole number or a text gives."""
        return [row[0] for row in self._sql(_values, given).rows(given)]

    def values(self, *given: Given) -> list[tuple[Any, ...]]:
        """What a `values_list(…)` of whole numbers and texts gives."""
        return self._sql(_values, given).rows(given)

    def _sql(self, how: "How", given: tuple[Given, ...]) -> "_Written[M]":
        key = (how, len(given), self._depends())
        written = self._written.get(key)
        if written is None:
            written = self._written[key] = _Written(self._build, how, given)
        return written


class PreparedUpdate(Prepared[M]):
    """The same for an UPDATE of one table: `fields`, made from the same texts, numbers and times, are written."""

    def __init__(
        self,
        build: Callable[..., "models.QuerySet[M, Any]"],
        fields: Callable[..., dict[str, Any]],
        depends: Callable[[], Hashable] = lambda: None,
    ) -> None:
        super().__init__(build, depends)
        self._fields = fields

    def update(self, *given: Given) -> int:
        """How many rows were changed."""
        return self._sql(self._how, given).change(given)

    def _how(self, rows: "models.QuerySet[Any, Any]", marks: list[Given]) -> Any:
        """As the query's own `update()` writes it."""
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(self._fields(*marks))
        query.clear_ordering(force=True)
        query.annotations = {}
        return query


class PreparedInsert(Generic[M]):
    """The same for an INSERT of one row: `build` makes it, unsaved, and no column of it is filled in by itself."""

    def __init__(self, build: Callable[..., M]) -> None:
        self._build = build
        self._written: _Written[M] | None = None

    def insert(self, *given: Given) -> int:
        """The key of the new row."""
        if self._written is None:
            self._written = _Written(self._build, _insert, given)
        return self._written.insert(given)


def update_where(model: type[M], where: Mapping[str, Any], fields: Mapping[str, Any]) -> int:
    """UPDATE the rows of which all that `where` says is so ({lookup: value}); how many. The SQL is written once for the
    same columns with the same of them empty; where an expression or anything else is written, each time.
    """
    if not all(map(_is_plain, (*where.values(), *fields.values()))):
        return model._default_manager.filter(**where).update(**fields)
    shape = (model, *(tuple(map(_shape, each.items())) for each in (where, fields)))
    prepared = _updates.get(shape)
    if prepared is None:
        prepared = _updates[shape] = _update_like(model, where, fields)
    return prepared.update(*_given(where), *_given(fields))


_updates: dict[Hashable, PreparedUpdate[Any]] = {}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, Given)


def _shape(named: tuple[str, Any]) -> tuple[str, Any]:
    """What of a column decides the SQL: of None and of True and False the value itself, of the others the type."""
    name, value = named
    return name, type(value) if _is_given(value) else value


def _is_given(value: Any) -> bool:
    return isinstance(value, Given) and not isinstance(value, bool)


def _given(values: Mapping[str, Any]) -> list[Given]:
    return [value for value in values.values() if _is_given(value)]


def _update_like(
    model: type[M], where: Mapping[str, Any], fields: Mapping[str, Any]
) -> PreparedUpdate[M]:
    """The same with other values in the places of the given ones."""
    in_where = len(_given(where))

    def filled(values: Mapping[str, Any], given: Iterable[Given]) -> dict[str, Any]:
        others = iter(given)
        return {name: next(others) if _is_given(value) else value for name, value in values.items()}

    return PreparedUpdate(
        lambda *given: model._default_manager.filter(**filled(where, given[:in_where])),
        lambda *given: filled(fields, given[in_where:]),
    )


How = Callable[[Any, list[Given]], "Query"]


def _first(rows: "models.QuerySet[Any, Any]", _: list[Given]) -> Query:
    return rows[:1].query


def _exists(rows: "models.QuerySet[Any, Any]", _: list[Given]) -> Query:
    return rows.query.exists()


def _all(rows: "models.QuerySet[Any, Any]", _: list[Given]) -> Query:
    return rows.query


def _values(rows: "models.QuerySet[Any, Any]", _: list[Given]) -> Query:
    return rows.query


def _insert(row: Any, _: list[Given]) -> Query:
    query = InsertQuery(type(row))
    columns = [each for each in row._meta.local_concrete_fields if not each.primary_key]
    if any(
        getattr(each, "auto_now_add", False) or getattr(each, "auto_now", False) for each in columns
    ):
        raise ValueError("The time would be that of the first row, in every row")
    query.insert_values(columns, [row])
    return query


class _Written(Generic[M]):
    """`_sql` is None where nothing can ever be found: no register is of a kind that is asked for."""

    def __init__(
        self,
        build: Callable[..., "models.QuerySet[M, Any] | M"],
        how: How,
        given: tuple[Given, ...],
    ) -> None:
        marks = [_mark(place, each) for place, each in enumerate(given)]
        rows: Any = build(*marks)
        self._alias = router.db_for_write(type(rows)) if how is _insert else rows.db
        compiler: Any = how(rows, marks).get_compiler(connection=self._connection)
        try:
            if how is _insert:
                compiler.returning_fields = [rows._meta.pk]
                ((self._sql, params),) = compiler.as_sql()
            else:
                self._sql, params = compiler.as_sql()
        except EmptyResultSet:
            # Of what is really given: a stand-in may be too large for a column where the given is not.
            if _can_be(how(build(*given), list(given)), self._connection):
                raise ValueError("What stands for a number is out of the column's range") from None
            self._sql = None
            return
        self._params = [_recognized(each, marks) for each in params]
        found = {place for _, place, _ in self._params} - {None}
        odd = [each for each, place, _ in self._params if place is None and _looks_given(each)]
        if len(found) < len(marks) or odd:
            raise ValueError("What is given does not stand in the SQL as it is given")
        if how in (_first, _all):
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
        with _cursor(self._connection) as cursor:
            cursor.execute(self._sql, self._filled_in(given))
            return list(cursor.fetchall())

    def change(self, given: tuple[Given, ...]) -> int:
        if self._sql is None:
            return 0
        with self._writes(given) as cursor:
            return int(cursor.rowcount)

    def insert(self, given: tuple[Given, ...]) -> int:
        with self._writes(given) as cursor:
            return int(cursor.fetchone()[0])

    @contextmanager
    def _writes(self, given: tuple[Given, ...]) -> Iterator[Any]:
        """A transaction that goes on after a write that failed must not be committed."""
        with (
            transaction.mark_for_rollback_on_error(using=self._alias),
            _cursor(self._connection) as cursor,
        ):
            cursor.execute(self._sql, self._filled_in(given))
            yield cursor

    def instances(self, given: tuple[Given, ...]) -> list[M]:
        return [self._instance(list(row)) for row in self.rows(given)]

    def _filled_in(self, given: tuple[Given, ...]) -> list[Any]:
        ops = self._connection.ops
        params = []
        for value, place, moved in self._params:
            if place is None:
                params.append(value)
            elif moved is None:
                params.append(given[place])
            else:
                time: Any = given[place]
                adapt = (
                    ops.adapt_datetimefield_value
                    if isinstance(time, datetime)
                    else ops.adapt_datefield_value
                )
                params.append(adapt(time + moved))
        return params

    def _instance(self, row: list[Any]) -> M:
        connection = self._connection
        for place, converter, expression in self._converters:
            row[place] = converter(row[place], expression, connection)
        instance: M = self._model.from_db(self._alias, self._names, row[self._columns])
        for each in self._beside:
            each.populate(row, instance)
        for name, place in self._counted.items():
            setattr(instance, name, row[place])
        return instance


def _cursor(connection: Any) -> Any:
    """PostgreSQL plans what comes again and again once for each connection, where what is given stands beside the text
    (settings: prepare_threshold). To plan some of these takes longer than to ask them.
    """
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # 2 MB that SQLite spares

    connection.ensure_connection()
    return connection._prepare_cursor(ServerBindingCursor(connection.connection))  # type: ignore[call-arg]


def _can_be(query: Query, connection: Any) -> bool:
    try:
        query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return False
    return True


def _mark(place: int, given: Given) -> Given:
    if isinstance(given, date):
        time = datetime(TIME_MARK + 100 * place, 7, 1, tzinfo=UTC)
        return time if isinstance(given, datetime) else time.date()
    return NUMBER_MARK + 1009 * place if isinstance(given, int) else TEXT_MARK.format(place)


def _recognized(param: Any, marks: list[Given]) -> tuple[Any, int | None, timedelta | None]:
    """The parameter itself; or the place of what it stands for, with how far a time is moved."""
    time = _time(param)
    for place, mark in enumerate(marks):
        of_mark = _time(mark) if isinstance(mark, date) else None
        if of_mark is None and param == mark:
            return None, place, None
        if of_mark and time and abs(time - of_mark) < MOVED_AT_MOST:
            return None, place, time - of_mark
    return param, None, None


def _looks_given(param: Any) -> bool:
    """A stand-in that something was done to: a pattern around a text, a sum with a number."""
    if isinstance(param, int):
        return abs(param) >= NUMBER_MARK - MOVED_NUMBER
    if time := _time(param):
        return time.year >= TIME_MARK - 100
    return isinstance(param, str) and TEXT_MARK[0] in param


def _time(param: Any) -> datetime | None:
    """Of a time or a day, which are texts in SQLite, in UTC."""
    if isinstance(param, str):
        try:
            param = datetime.fromisoformat(param)
        except ValueError:
            return None
    if isinstance(param, date) and not isinstance(param, datetime):
        param = datetime(param.year, param.month, param.day, tzinfo=UTC)
    if not isinstance(param, datetime):
        return None
    return param if param.tzinfo else param.replace(tzinfo=UTC)
