"""Settings of the tests, and the named cast.

Alice manages restaurant A (Chez Alice), Bob serves there, Charlie manages restaurant B and has no access to A's things.
"""

import os

# Before Django reads its settings: hashed static files would be missing from a live server.
os.environ.setdefault("PLAIN_STATIC", "1")
os.environ.setdefault("REGISTER_HOSTS_ALLOWED", "127.0.0.1")
# Playwright's loop makes Django believe that it is called from async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
