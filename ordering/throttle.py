"""Slows down whoever tries codes that no card has (T01)."""

import logging
import threading
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

logger = logging.getLogger(__name__)

# A whole restaurant shares one address, and a sleeping thread serves nobody: at most so many wait at once.
_waiting = threading.BoundedSemaphore(2)


def unknown_code(request: HttpRequest) -> None:
    """Count a miss. From the 21st of a minute on, an address waits a second for each answer, which stays the same."""
    address = client_address(request)
    key = f"unknown-code:{address}"
    if cache.add(key, 1, 60):
        return
    try:
        misses = cache.incr(key)
    except ValueError:  # the minute ended in between
        return
    if misses <= settings.UNKNOWN_CODES_PER_MINUTE:
        return
    if misses == settings.UNKNOWN_CODES_PER_MINUTE + 1:
        logger.warning("%s tries codes that no card has", address)
    if _waiting.acquire(blocking=False):
        try:
            time.sleep(settings.UNKNOWN_CODE_DELAY)
        finally:
            _waiting.release()


def client_address(request: HttpRequest) -> str:
    """The phone's address: what our own proxies say, and no header where there are none (T27)."""
    forwarded = [
        part.strip()
        for part in request.headers.get("X-Forwarded-For", "").split(",")
        if part.strip()
    ]
    if settings.PROXIES and len(forwarded) >= settings.PROXIES:
        return forwarded[-settings.PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))
