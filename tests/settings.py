"""The settings of the tests: the project's own, with plain static files and data that is thrown away."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Processes that a test starts inherit all this.
if "TABLEE_TEST_DATA" not in os.environ:
    os.environ["DATA_DIR"] = os.environ["TABLEE_TEST_DATA"] = tempfile.mkdtemp(
        prefix="tablee-test-"
    )
    atexit.register(shutil.rmtree, os.environ["DATA_DIR"], ignore_errors=True)
# Hashed names would be missing from a live server, and the page would render without htmx all the same.
os.environ.setdefault("PLAIN_STATIC", "1")
os.environ.setdefault("REGISTER_HOSTS_ALLOWED", "127.0.0.1")
# Playwright's loop makes Django believe that it is called from async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

from ordering.settings import *  # noqa: F403
from ordering.settings import DATA_DIR, DATABASES

if DATABASES["default"]["ENGINE"] == "ordering.sqlite":
    # A file, not memory: threads and processes share it, with the locks of the real thing.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
# whitenoise looks for it at the start of each request handler.
(Path(DATA_DIR) / "static").mkdir(exist_ok=True)
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # quick; no password here is worth more
