"""Databases for tests that start processes of their own: made once in a run, and copied for each."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]


def run(data, *arguments, **environment):
    """Exit status and output of a Python with this DATA_DIR and no other setting."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        timeout=300,  # a hang; on a busy machine a migration takes a minute
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def migrated(data):
    """Give this DATA_DIR keys and a database, as `migrate` leaves them."""
    shutil.copytree(_migrated(), data, dirs_exist_ok=True)


def imported(data):
    """Give this DATA_DIR keys and a database with the demo restaurant."""
    shutil.copytree(_imported(), data, dirs_exist_ok=True)


@functools.cache
def card():
    """The path of a table's card in a database that is `imported`."""
    status, said = run(_imported(), "manage.py", "table_links", "bistrot-colette")
    assert status == 0, said
    return urlsplit(said.splitlines()[0].partition("\t")[2]).path


def _folder():
    # Goes with the data of the tests, at the end of the run (tests/settings.py).
    return Path(tempfile.mkdtemp(prefix="made-", dir=os.environ["TABLEE_TEST_DATA"]))


@functools.cache
def _migrated():
    data = _folder()
    status, said = run(data, "manage.py", "migrate", "--verbosity", "0")
    assert status == 0, said
    return data


@functools.cache
def _imported():
    data = _folder()
    migrated(data)
    command = ["manage.py", "import_restaurant", "ordering/demo/bistrot-colette.json"]
    status, said = run(data, *command, REGISTER_HOSTS_ALLOWED="127.0.0.1")
    assert status == 0, said
    return data
