"""A line of the log is one event, and holds nothing to order with."""

import json
import logging
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from ordering.logs import JsonLine, OneLine

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[2]


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


def as_json(message, *args, **fields):
    record = logging.LogRecord("a", logging.WARNING, "b", 1, message, args, **fields)
    text = JsonLine().format(record)
    return text, json.loads(text)


def test_as_json_it_is_one_object_a_line_t36():
    """T36: nothing that comes in a request forges a line, whatever counts as the end of one."""
    forged = "/x\r\n{}\x85\u2028\u2029\x0b\x1b[31mERROR"
    text, told = as_json("Not Found: %s", forged, exc_info=None)
    assert len(text.splitlines()) == 1
    assert text.isascii()
    assert "\x1b" not in text
    assert told["message"] == f"Not Found: {forged}"
    assert (told["level"], told["logger"]) == ("WARNING", "a")
    assert datetime.fromisoformat(told["time"]).tzinfo is not None


def test_as_json_a_traceback_stays_with_its_line():
    code = "gS_0WstoqNtYRuIYJeSe3A"
    try:
        raise ValueError(f"/t/{code}/\nERROR all is lost")
    except ValueError:
        text, told = as_json("Failed", exc_info=sys.exc_info())
    assert len(text.splitlines()) == 1
    assert "Traceback" in told["traceback"]
    assert code not in text


@pytest.mark.parametrize(
    ("wanted", "begins"), [("json", '{"time"'), ("plain", "2"), ("", "2"), ("xml", None)]
)
def test_a_setting_says_in_which_form(tmp_path, wanted, begins):
    program = "import django, logging; django.setup(); logging.getLogger('a').warning('x\\ny')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "ordering.settings",
            "DATA_DIR": str(tmp_path),
            "LOG_FORMAT": wanted,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if begins is None:
        assert "LOG_FORMAT is 'xml'" in done.stderr
    else:
        (line,) = done.stderr.splitlines()
        assert line.startswith(begins)
