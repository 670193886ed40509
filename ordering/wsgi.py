"""The web server's entry. It refuses to start with an unsafe setting or database, in words."""

import logging
import os
from collections.abc import Sequence

from django.core.checks import CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordering.settings")

application = get_wsgi_application()


def refuse(found: Sequence[CheckMessage]) -> None:
    """Raises ImproperlyConfigured with the errors among them; the others are left to `manage.py check`."""
    errors = [each for each in found if each.is_serious() and not each.is_silenced()]
    if errors:
        raise ImproperlyConfigured(
            "\n".join(f"{error.id}: {error.msg} {error.hint or ''}" for error in errors)
        )


def look_at_the_database() -> None:
    """Raises ImproperlyConfigured where an order would not be safe in it. Leaves no connection behind, which a server
    that forks would share.
    """
    from ordering import storage  # it needs the models, and they the line above

    try:
        found = storage.durable(thorough=False)
        refuse(found)
        found += storage.ready()
        refuse(found)
    finally:
        connection.close()
        if connection.vendor == "postgresql":
            connection.close_pool()  # type: ignore[attr-defined]
    for each in found:
        logging.getLogger(__name__).warning("%s %s", each.msg, each.hint)


# gunicorn does not run the system checks that `manage.py` runs before each command.
refuse(run_checks())
look_at_the_database()
