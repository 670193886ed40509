"""An unsafe or wrong setting is refused at the start, in words."""

import os
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from ordering.env import release
from tests.ordering import made

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]
PRODUCTION = {
    "SECRET_KEY": "not-so-secret-but-long-enough-for-the-checks-0123456789",
    "FIELD_KEYS": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "tablee.example",
    "BASE_URL": "https://tablee.example",
    "PROXIES": "1",
    "DEBUG": "0",
}


def start(tmp_path, *arguments, **environment):
    """What a process prints that starts with this environment and no other."""
    return made.run(
        tmp_path / "data", *(arguments or ("-c", "import ordering.wsgi")), **environment
    )


def test_it_starts_on_ones_own_machine_without_any_setting(tmp_path):
    assert start(tmp_path, "manage.py", "migrate")[0] == 0
    status, said = start(tmp_path)
    assert status == 0, said
    keys = tmp_path / "data" / "keys.json"
    assert keys.stat().st_mode & 0o777 == 0o600


def test_it_starts_in_production(tmp_path):
    made.migrated(tmp_path / "data")
    status, said = start(tmp_path, **PRODUCTION)
    assert status == 0, said


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY and FIELD_KEYS must be set"),
        ({"FIELD_KEYS": ""}, "SECRET_KEY and FIELD_KEYS must be set"),
        ({"FIELD_KEYS": "not-a-key"}, "FIELD_KEYS: key 1 is not a Fernet key"),
        ({"BASE_URL": "http://tablee.example"}, "is not HTTPS"),
        ({"BASE_URL": "tablee.example"}, "is not a web address"),
        ({"BASE_URL": "https://other.example"}, "is not one of ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS holds a star"),
        ({"DEBUG": "1"}, "DEBUG is on where others can reach this server"),
        ({"DEBUG": "perhaps"}, "DEBUG is 'perhaps': write 1 or 0."),
        ({"PROXIES": "one"}, "PROXIES is 'one': write a number."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_it_refuses_to_start(tmp_path, wrong, words):
    """T27, T33: the web server says what is wrong instead of serving."""
    status, said = start(tmp_path, **{**PRODUCTION, **wrong})
    assert status != 0
    assert words in said


def test_it_passes_the_deployment_checks(tmp_path):
    """T33."""
    status, said = start(
        tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION
    )
    assert status == 0, said


def test_it_reads_a_secret_from_a_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from a file " * 8)
    script = "import ordering.settings as s; print(s.SECRET_KEY[:11])"
    status, said = start(
        tmp_path, "-c", script, **{**PRODUCTION, "SECRET_KEY": "", "SECRET_KEY_FILE": str(secret)}
    )
    assert (status, said.strip()) == (0, "from a file")


def test_it_reads_sqlite_back_as_durable(tmp_path):
    """F22, F26: IMMEDIATE, WAL and a sync at each commit are in force, not only written down."""
    script = (
        "import django; django.setup();"
        "from django.db import connection as c; x = c.cursor();"
        "print(*[x.execute(f'PRAGMA {p}').fetchone()[0] for p in ('journal_mode', 'synchronous')],"
        "c.transaction_mode)"
    )
    status, said = start(tmp_path, "-c", script, DJANGO_SETTINGS_MODULE="ordering.settings")
    assert (status, said.split()) == (0, ["wal", "2", "IMMEDIATE"])


def test_pages_that_are_kept_are_those_of_this_release(tmp_path):
    """P24: a file that is gone, or back as it was, is another release; so is another htmx, once it is collected."""
    one, two = tmp_path / "one.html", tmp_path / "two.py"
    seen = []
    for changed in (one, two):
        changed.write_text("as it is now")
        seen.append(release(tmp_path))
    os.utime(one, (1, 1))
    seen.append(release(tmp_path))
    one.unlink()
    seen.append(release(tmp_path))
    assert len(set(seen)) == 4
    prefix = "from ordering.settings import CACHES; print(CACHES['carte']['KEY_PREFIX'])"
    collected = tmp_path / "data" / "static" / "htmx.js"
    status, before = start(tmp_path, "-c", prefix)
    assert status == 0, before
    collected.parent.mkdir(parents=True)
    collected.write_text("another")
    assert start(tmp_path, "-c", prefix)[1] != before
