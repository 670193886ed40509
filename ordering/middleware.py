"""What stands around every view."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.urls import reverse
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from ordering import languages, texts
from ordering.diner import errors

logger = logging.getLogger(__name__)

BOARD = "/board/"
READ_ONLY = "in a read-only transaction"  # a PostgreSQL that has become a standby; Django calls it an InternalError

# Their words for “somebody else is writing”, a full disk, one that is read-only, and a server that is away; each
# comes before anything was written (F21, F23, F27).
REFUSED = (
    "database is locked",
    "lock timeout",
    "database or disk is full",
    "No space left on device",
    "readonly database",
    READ_ONLY,
    "couldn't get a connection",
)


class Languages(LocaleMiddleware):
    """A page of admin or of the board is in one of the staff's languages, the one that the browser asks for first:
    Django's own words exist in a hundred, and ours beside them would be in another.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        texts.read_in("")
        if request.path_info.startswith((reverse("admin:index"), BOARD)):
            accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
            wished = (languages.base(name) for name, _quality in accepted)
            house = languages.of_staff(settings.LANGUAGE_CODE)
            translation.activate(next((code for code in wished if code in languages.STAFF), house))
            request.LANGUAGE_CODE = translation.get_language()


class DatabaseTrouble:
    """A database that is busy, full or away is a page that says so, with the same form to send again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError) and READ_ONLY not in str(exception):
            return None
        logger.error("The database did not answer.", exc_info=exception)
        return errors.busy(request, surely_nothing=any(word in str(exception) for word in REFUSED))


database_trouble = DatabaseTrouble
