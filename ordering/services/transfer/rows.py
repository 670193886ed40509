"""Make rows what a file says, touching only what differs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .report import Counts

# Well below the variables that SQLite takes in one statement.
BATCH = 500


@dataclass(frozen=True)
class Synced:
    rows: dict[Any, Any]  # by key, all that were wanted, in the order wanted
    rest: list[Any]  # those that were stored and not wanted
    touched: set[Any]  # of the wanted ones, those created or updated


def sync(
    model: Any,
    wanted: Mapping[Any, dict[str, Any]],
    stored: Mapping[Any, Any],
    counts: Counts,
    parents: Mapping[str, Any],
) -> Synced:
    """Create and update rows by key, in the order wanted; those not wanted come after them.

    `parents` are columns of new rows only.
    """
    rows, new, touched = {}, [], set()
    for position, (key, columns) in enumerate(wanted.items()):
        row = stored.get(key)
        if row is None:
            row = model(**parents, **columns, position=position)
            new.append(row)
        elif update(row, columns | {"position": position}):
            touched.add(row)
        rows[key] = row
    rest = [row for key, row in stored.items() if key not in wanted]
    for position, row in enumerate(rest, len(wanted)):
        update(row, {"position": position})
    model.objects.bulk_create(new, batch_size=BATCH)
    counts.created += len(new)
    counts.updated += len(touched)
    counts.unchanged += len(rows) - len(new) - len(touched) + len(rest)
    return Synced(rows, rest, touched | set(new))


def update(row: Any, columns: dict[str, Any]) -> bool:
    """Save what differs. Returns whether anything did."""
    changed = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, columns[name])
    if changed:
        row.save(update_fields=changed)
    return bool(changed)


def replace(
    children: Any,
    parent: str,
    wanted: Mapping[Any, list[dict[str, Any]]],
    counts: Counts,
    touched: set[Any],
) -> None:
    """Make the lists of children what is wanted, by their parent's row; count a parent whose list alone changed."""
    model = children.model
    names = {name for columns in wanted.values() for child in columns for name in child}
    before: dict[Any, list[dict[str, Any]]] = {row.pk: [] for row in wanted}
    for child in children.order_by("position", "pk"):
        listed = before.get(getattr(child, f"{parent}_id"))
        if listed is not None:
            listed.append({name: getattr(child, name) for name in names})
    changed = [row for row, columns in wanted.items() if before[row.pk] != columns]
    for some in batches(changed):
        model.objects.filter(**{f"{parent}__in": some}).delete()
    model.objects.bulk_create(
        [
            model(**{parent: row}, **columns, position=position)
            for row in changed
            for position, columns in enumerate(wanted[row])
        ],
        batch_size=BATCH,
    )
    only_here = len(set(changed) - touched)
    counts.updated += only_here
    counts.unchanged -= only_here


def delete(model: Any, rows: Iterable[Any], counts: Counts) -> None:
    for some in batches(rows):
        model.objects.filter(pk__in=[row.pk for row in some]).delete()
        counts.deleted += len(some)
        counts.unchanged -= len(some)


def batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while some := list(islice(iterator, BATCH)):
        yield some
