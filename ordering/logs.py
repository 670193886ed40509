"""One event, one line in the log, as words or as JSON (T36)."""

import json
import logging
import re
from datetime import UTC, datetime

# The code of a table, a visit or a hook in an address: whoever reads a log could order with it.
CODE = re.compile(r"/(t|v|orders|hooks)/[A-Za-z0-9_-]{16,}")


class OneLine(logging.Formatter):
    """Writes line ends inside a message as text, so that no input can forge a line. Tracebacks keep theirs."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's own name)
        line = super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")
        return _without_codes(line)


class JsonLine(logging.Formatter):
    """One object a line, also with a traceback: JSON writes line ends, and what else forges lines, as text."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps({name: _without_codes(text) for name, text in told.items()})


def _without_codes(text: str) -> str:
    return CODE.sub(r"/\1/…", text)
