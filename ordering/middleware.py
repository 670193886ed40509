"""What stands around every view."""

import logging
from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from ordering.diner import errors

logger = logging.getLogger(__name__)

# SQLite's and PostgreSQL's words for “somebody else is writing”, and SQLite's for a full disk (F21, F23).
REFUSED = ("database is locked", "lock timeout", "database or disk is full", "readonly database")


class DatabaseTrouble:
    """A database that is busy, full or away is a page that says so, with the same form to send again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError):
            return None
        logger.error("The database did not answer.", exc_info=exception)
        return errors.busy(request, surely_nothing=any(word in str(exception) for word in REFUSED))


database_trouble = DatabaseTrouble
