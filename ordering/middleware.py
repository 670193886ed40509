"""What stands around every view."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def database_trouble(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Placeholder until the diner's error pages exist."""
    return get_response
