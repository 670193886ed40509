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
    began = time.monotonic()
    while not (result := condition()):
        waited = time.monotonic() - began
        assert waited < timeout, f"not within {timeout} s"
        # Ever more seldom, for what is waited for needs the processor too.
        Event().wait(min(0.01 + waited / 50, 0.03))
    return result
