"""A line of the log is one event, and holds nothing to order with."""

import logging

import pytest

from ordering.logs import OneLine

pytestmark = pytest.mark.pure


def line(message, *args):
    record = logging.LogRecord("a", logging.WARNING, "b", 1, message, args, None)
    return OneLine("{levelname} {message}", style="{").format(record)


def test_it_forges_no_line():
    """What came in a request is one line, whatever it holds."""
    assert (
        line("Not Found: %s", "/x\r\nERROR all is lost")
        == "WARNING Not Found: /x\\r\\nERROR all is lost"
    )


def test_it_keeps_the_codes_of_tables_and_visits_to_itself():
    code = "gS_0WstoqNtYRuIYJeSe3A"
    assert line("Not Found: %s", f"/t/{code}/") == "WARNING Not Found: /t/…/"
    assert code not in line("Forbidden: %s", f"/v/{code}/orders/{code}/")
