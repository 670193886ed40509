"""Keeps the libraries below `http` from logging addresses, whatever the logging settings say."""

import logging

LOGGERS = (
    "requests",
    "urllib3",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
    "urllib3.util.ssl_match_hostname",
)


class _NoAddresses(logging.Filter):
    """Their DEBUG lines and some warnings hold the address, and a vendor wants his key in it (T24)."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR


def silence() -> None:
    """A filter holds for its own logger only, so each is named."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(each, _NoAddresses) for each in logger.filters):
            logger.addFilter(_NoAddresses())
