"""manage.py backup: whole and checked, while orders come in; and what it says where it is not for it."""

import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from cryptography.fernet import Fernet

from tests.ordering import made
from tests.ordering.made import run
from tests.ordering.test_storage import garbage

pytestmark = pytest.mark.pure


@pytest.fixture
def data(tmp_path):
    made.imported(tmp_path / "data")
    return tmp_path / "data"


def test_it_is_whole_and_its_owner_s_alone_f30(data, tmp_path):
    """F30: one file, with what was committed and not yet moved out of the log."""
    file = tmp_path / "backup.sqlite3"
    with sqlite3.connect(data / "tablee.sqlite3") as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("UPDATE ordering_restaurant SET name = 'Chez Alice'")
        writer.commit()
        status, said = run(data, "manage.py", "backup", str(file))
    writer.close()
    assert status == 0, said
    assert "0 orders" in said
    assert str(data / "keys.json") in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup.sqlite3", "data"]
    with sqlite3.connect(file) as copy:
        assert copy.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        assert copy.execute("SELECT name FROM ordering_restaurant").fetchone()[0] == "Chez Alice"
    copy.close()


def test_a_restored_one_starts_and_is_durable_again_f27(data, tmp_path):
    """F27: as docs/running.md says: stop, put the file back, remove the two beside it, start."""
    file = tmp_path / "backup.sqlite3"
    assert run(data, "manage.py", "backup", str(file))[0] == 0
    for each in data.glob("tablee.sqlite3*"):
        each.unlink()
    shutil.copy(file, data / "tablee.sqlite3")
    status, said = run(data, "manage.py", "deliver", "--once")
    assert status == 0, said
    assert run(data, "-c", "import ordering.wsgi")[0] == 0
    with sqlite3.connect(data / "tablee.sqlite3") as restored:
        assert restored.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    restored.close()


def test_writers_go_on_while_it_runs_f30(data, tmp_path):
    """F30: none is refused though none may wait; the copy is of one moment, and it ends while commits go on."""
    database = data / "tablee.sqlite3"
    with sqlite3.connect(database, isolation_level=None) as big:
        big.execute("CREATE TABLE ballast (filler BLOB)")
        big.execute("CREATE TABLE pair (a INTEGER, b INTEGER)")
        big.execute("INSERT INTO pair VALUES (0, 0)")
        big.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)"
            "INSERT INTO ballast SELECT zeroblob(1000000) FROM n"
        )
    big.close()
    began, done = Event(), Event()

    def write():
        commits = 0
        with sqlite3.connect(database, isolation_level=None, timeout=0) as writer:
            writer.execute("PRAGMA synchronous = OFF")  # as often as can be
            while not done.is_set():
                writer.execute("BEGIN IMMEDIATE")
                writer.execute("UPDATE pair SET a = a + 1")
                writer.execute("UPDATE pair SET b = b + 1")
                writer.execute("COMMIT")
                commits += 1
                began.set()
        writer.close()
        return commits

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            assert began.wait(10)
            status, said = run(data, "manage.py", "backup", str(tmp_path / "backup.sqlite3"))
        finally:
            done.set()
        commits = writing.result()
    assert status == 0, said
    with sqlite3.connect(tmp_path / "backup.sqlite3") as copy:
        a, b = copy.execute("SELECT a, b FROM pair").fetchone()
    copy.close()
    assert 0 < a == b < commits


def test_it_replaces_nothing_that_it_was_not_told_to(data, tmp_path):
    file = tmp_path / "backup.sqlite3"
    file.write_text("precious")
    status, said = run(data, "manage.py", "backup", str(file))
    assert (status, file.read_text()) == (1, "precious")
    assert "--force" in said
    assert run(data, "manage.py", "backup", str(file), "--force")[0] == 0
    assert file.read_bytes().startswith(b"SQLite format 3")
    itself = data / "tablee.sqlite3"
    before = itself.read_bytes()
    assert run(data, "manage.py", "backup", str(itself), "--force")[0] == 1
    assert itself.read_bytes() == before


def missing(database):
    database.unlink()


def damaged(database):
    whole = bytearray(database.read_bytes())
    whole[20_480:-4_096] = bytes(len(whole) - 24_576)
    database.write_bytes(bytes(whole))


@pytest.mark.parametrize("harm", [missing, garbage, damaged])
def test_it_leaves_no_backup_that_is_none_f27(data, tmp_path, harm):
    """F27: last night's backup stays as it was."""
    file = tmp_path / "backup.sqlite3"
    file.write_text("of last night")
    harm(data / "tablee.sqlite3")
    status, said = run(data, "manage.py", "backup", str(file), "--force")
    assert status == 1
    assert said.startswith("CommandError")
    assert file.read_text() == "of last night"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup.sqlite3", "data"]


def test_it_names_the_command_for_postgresql(tmp_path):
    """With everything but the password."""
    url = "postgresql://tablee:hush@db:5432/orders"
    file = str(tmp_path / "x.dump")
    status, said = run(tmp_path, "manage.py", "backup", file, DATABASE_URL=url)
    assert status == 1
    assert f"--file={file} --host=db --port=5432 --username=tablee orders" in said
    assert "hush" not in said
    assert "keys.json" in said
    keys = {"FIELD_KEYS": Fernet.generate_key().decode(), "SECRET_KEY": "k" * 50}
    said = run(tmp_path, "manage.py", "backup", file, DATABASE_URL=url, **keys)[1]
    assert "Keep FIELD_KEYS and SECRET_KEY" in said
