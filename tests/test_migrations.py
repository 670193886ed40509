"""F29: a migration only adds, so that the code that is being replaced goes on taking and delivering orders."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import connection, models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from pos_bridge.simulator.leo2 import Catalogue, Leo2Register
from tests.pos_bridge.test_deliver import database_url

ROOT = Path(__file__).parent.parent
APPS = ("ordering", "pos_bridge")
DELIVERED = "an order is on the till"

# Old code, from the scan to the till, in a folder of its own.
DRIVER = f"""
import os, sys
sys.path.insert(0, os.getcwd())
import django
django.setup()
from django.conf import settings
settings.ALLOWED_HOSTS = ["localhost"]
from django.core.management import call_command
from ordering.models import Order
from pos_bridge.models import Addition, Register
from tests import factories
from tests.ordering.diner_phone import Phone, house
call_command("import_restaurant", "ordering/demo/bistrot-colette.json", verbosity=0)
alice = house()
Register.objects.filter(restaurant=alice).update(base_url=os.environ["REGISTER_URL"])
phone = Phone().join(factories.table(alice))
phone.add("soupe")
phone.send()
order = Order.objects.get()
call_command("deliver", "--once")
addition = Addition.objects.get(order=order)
assert addition.state == "received", (addition.state, addition.reason)
print({DELIVERED!r})
"""


def added_since_the_first():
    """(migration, its operation, the state before it) of all migrations but the first of each of our apps."""
    loader = MigrationLoader(None)
    for app, name in sorted(loader.disk_migrations):
        if app not in APPS or name.startswith("0001_"):
            continue
        migration = loader.disk_migrations[app, name]
        state = loader.project_state((app, name), at_end=False)
        for operation in migration.operations:
            yield f"{app}.{name}", operation, state.clone(), app
            operation.state_forwards(app, state)


def new_tables():
    return {
        (app, operation.name.lower())
        for _, operation, _, app in added_since_the_first()
        if isinstance(operation, operations.CreateModel)
    }


def problem(operation, state, app, new):
    """Why the code of before would stumble over it, or None."""
    if isinstance(operation, operations.CreateModel | operations.AddIndex):
        return None
    if isinstance(operation, operations.AlterModelOptions | operations.AlterModelManagers):
        return None  # no database knows them
    table = (app, getattr(operation, "model_name", "").lower())
    if isinstance(operation, operations.AddField):
        field = operation.field
        filled = field.null or field.db_default is not models.NOT_PROVIDED or field.many_to_many
        return None if filled or table in new else "a new column that old code leaves out"
    if isinstance(operation, operations.AddConstraint):
        known = table in new or _is_implied(operation.constraint, state.models[table])
        return None if known else "a new rule that old code does not know"
    if isinstance(operation, operations.RemoveConstraint):
        return None if _is_loosened(operation.name, state.models[table]) else "a rule goes"
    if isinstance(operation, operations.AlterField):
        before = state.models[table].fields[operation.name]
        # A column that may be empty now takes all that old code writes.
        looser = operation.field.clone()
        looser.null = before.null if operation.field.null else False
        same = _column(before) == _column(looser)
        return None if same or table in new else "a column that changes under old code"
    return "not an addition"


def _is_implied(rule, model):
    """Whether a stricter rule stands already."""
    return any(_is_looser(rule, stricter, model) for stricter in model.options["constraints"])


def _is_loosened(name, model):
    """Whether a looser rule stays, which holds for every row that old code writes as much as this one does."""
    rules = model.options["constraints"]
    going = next(rule for rule in rules if rule.name == name)
    return any(_is_looser(rule, going, model) for rule in rules)


def _is_looser(rule, stricter, model):
    """Unique in the same columns or more where the same holds or more; what is more has the value that old code leaves
    there.
    """
    unique = models.UniqueConstraint
    if not (isinstance(rule, unique) and isinstance(stricter, unique)) or rule == stricter:
        return False
    conditions = [set(_parts(each.condition)) for each in (rule, stricter)]
    more = conditions[0] - conditions[1]
    columns = set(rule.fields) - set(stricter.fields)
    return (
        set(stricter.fields) <= set(rule.fields)
        and conditions[1] <= conditions[0]
        and all(model.fields[name].db_default == value for name, value in more)
        and all(model.fields[name].db_default is not models.NOT_PROVIDED for name in columns)
    )


def _parts(condition):
    return condition.children if condition else ()


def _column(field):
    """What a database sees of a field, but for its index, which changes no answer."""
    _, path, _, described = field.clone().deconstruct()
    unseen = {*field.non_db_attrs, "db_index"}
    return path, {k: repr(v) for k, v in described.items() if k not in unseen}


@pytest.mark.pure
def test_every_migration_after_the_first_only_adds_f29():
    new, found = new_tables(), []
    for name, operation, state, app in added_since_the_first():
        why = problem(operation, state, app, new)
        if why:
            found.append(f"{name}: {operation.describe()}: {why}")
    assert found == [], "take it in two releases: first add, and take away when no old code runs"


@pytest.mark.pure
@pytest.mark.parametrize(
    "operation",
    [
        operations.RemoveField("addition", "detail"),
        operations.DeleteModel("Addition"),
        operations.RenameField("addition", "detail", "details"),
        operations.RenameModel("Addition", "Text"),
        operations.AddField("addition", "x", models.CharField(max_length=5, default="")),
        operations.AddConstraint(
            "addition", models.CheckConstraint(condition=models.Q(tries__lte=9), name="x")
        ),
        operations.AlterField("addition", "detail", models.CharField(max_length=5)),
        operations.AlterField("addition", "accepted_at", models.DateTimeField()),
        operations.RemoveConstraint("addition", "addition_number_once"),
        operations.RunSQL("DELETE FROM pos_bridge_addition"),
        operations.RunPython(operations.RunPython.noop),
    ],
    ids=lambda operation: operation.describe(),
)
def test_it_knows_what_takes_away_f29(operation):
    state = MigrationLoader(None).project_state(("pos_bridge", "0001_initial"))
    assert problem(operation, state, "pos_bridge", set())


@pytest.mark.pure
@pytest.mark.parametrize(
    "operation",
    [
        operations.AddField("addition", "x", models.CharField(max_length=5, null=True)),
        operations.AddField("addition", "x", models.IntegerField(default=0, db_default=0)),
        operations.AddIndex("addition", models.Index(fields=["tries"], name="x")),
        operations.AlterField(
            "addition", "detail", models.CharField("words", max_length=500, blank=True, default="")
        ),
        operations.AlterField("addition", "body", models.TextField(null=True, editable=False)),
    ],
    ids=lambda operation: operation.describe(),
)
def test_it_knows_what_adds_f29(operation):
    state = MigrationLoader(None).project_state(("pos_bridge", "0001_initial"))
    assert problem(operation, state, "pos_bridge", set()) is None


# --- Old code on the new schema -------------------------------------------------------------------


def git(*arguments):
    ran = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    return ran.stdout if ran.returncode == 0 else b""


@pytest.fixture
def old_code(tmp_path):
    """The code of just before the newest migration, in a folder of its own."""
    newest = git("log", "-1", "--diff-filter=A", "--format=%H", "--", "*/migrations/0*.py")
    before = git("rev-parse", "--verify", f"{newest.decode().strip()}^") if newest else b""
    archive = git("archive", before.decode().strip()) if before else b""
    if not archive:
        pytest.fail("This test needs the history of git: clone with it (fetch-depth: 0).")
    folder = tmp_path / "old"
    folder.mkdir()
    subprocess.run(["tar", "x", "-C", folder], input=archive, check=True, timeout=60)
    return folder


@pytest.fixture
def scratch_database(tmp_path, db):
    """The address of an empty database beside the tests' own."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path / 'scratch.sqlite3'}"
        return
    server, name = database_url().rpartition("/")[0], f"old_code_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as maintenance:
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield f"{server}/{name}"
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
        maintenance.execute(drop.format(sql.Identifier(name)))


@pytest.mark.wire
def test_old_code_takes_and_delivers_an_order_on_the_new_schema_f29(
    old_code, scratch_database, tmp_path
):
    """A deploy migrates first; the processes of before serve until they are replaced."""
    with Leo2Register(Catalogue.of_everything(), ledger=tmp_path / "ledger.jsonl") as leo2:
        environment = {
            **os.environ,
            "DATABASE_URL": scratch_database,
            "DATA_DIR": str(tmp_path / "data"),
            "TABLEE_TEST_DATA": str(tmp_path / "data"),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "REGISTER_URL": leo2.url,
        }
        (tmp_path / "data").mkdir()

        def run(folder, *arguments):
            ran = subprocess.run(
                [sys.executable, *arguments],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
            assert ran.returncode == 0, ran.stderr[-3000:]
            return ran.stdout

        run(ROOT, "manage.py", "migrate", "--verbosity", "0")
        assert DELIVERED in run(old_code, "-c", DRIVER)
        (entry,) = leo2.ledger()
        assert entry["body"]["table"] == 12
        # Back on the new code, what the old has written is read.
        run(ROOT, "manage.py", "deliver", "--once")
        assert len(leo2.ledger()) == 1
