"""The web server's entry. It refuses to start with an unsafe setting, in words."""

import os

from django.core.checks import Error, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordering.settings")

application = get_wsgi_application()

# gunicorn does not run the system checks that `manage.py` runs before each command.
errors = [found for found in run_checks() if isinstance(found, Error)]
if errors:
    raise ImproperlyConfigured(
        "\n".join(f"{found.id}: {found.msg} {found.hint or ''}" for found in errors)
    )
