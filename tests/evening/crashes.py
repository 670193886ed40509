"""What the evening's own processes do wrong is no silence of the house: it is written down, and judged."""

import threading

from tests.torture.log import Log


def note(log: Log) -> None:
    """From here on, of all threads of this process."""

    def crashed(facts: threading.ExceptHookArgs) -> None:
        log.write("crashed", why=repr(facts.exc_value))
        threading.__excepthook__(facts)

    threading.excepthook = crashed
