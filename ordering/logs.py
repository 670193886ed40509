"""One event, one line in the log (T36)."""

import logging


class OneLine(logging.Formatter):
    """Writes line ends inside a message as text, so that no input can forge a line. Tracebacks keep theirs."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's own name)
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")
