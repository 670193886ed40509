"""One event, one line in the log (T36)."""

import logging
import re

# The code of a table, a visit or a hook in an address: whoever reads a log could order with it.
CODE = re.compile(r"/(t|v|orders|hooks)/[A-Za-z0-9_-]{16,}")


class OneLine(logging.Formatter):
    """Writes line ends inside a message as text, so that no input can forge a line. Tracebacks keep theirs."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's own name)
        line = super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")
        return CODE.sub(r"/\1/…", line)
