"""What tests of threads and processes share."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

from django.db import connection


def at_once(*calls):
    """Run the calls in as many threads at the same moment: what each returned or raised, in order."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(run, call) for call in calls]
    return [future.exception() or future.result() for future in futures]


def eventually(condition, timeout=10.0):
    """Wait until the condition gives something true, and give that; fail when the seconds are over."""
    end = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < end, f"not within {timeout} s"
        Event().wait(0.01)
    return result
