"""Judges what the watch has done, killed and stopped as all others are: alarms, and a carte that goes live at its hour.
Pure. A house without a watch has neither, and is not judged.
"""

from collections.abc import Callable, Iterator

from tests.torture.checker import Broken
from tests.torture.history import History

# Seconds on the staff's list, without harm, until an alarm is raised. Watch looks ten times in each.
ALARMED_WITHIN = 3.0
PRICE = 8_20  # cents, of the carte to come (prepare.py)
HARM = ("killed", "stopped", "database", "stall", "deploy", "clock")


def listed_is_alarmed(history: History) -> Iterator[Broken]:
    """F72: what waits on the list of a page that nobody looks at is told in another way."""
    if not _has_watch(history):
        return
    alarmed = {
        int(alarm["key"].split(":")[1]) for alarm in history.alarms if _is_of_addition(alarm)
    }
    since: dict[int, float] = {}
    found: set[int] = set()
    for sample in history.samples:
        calm = not history.during(sample.began - ALARMED_WITHIN, sample.until, *HARM)
        since = {pk: since.get(pk, sample.began) for pk in sample.listed}
        for pk, began in since.items():
            if calm and sample.until - began > ALARMED_WITHIN and pk not in alarmed | found:
                found.add(pk)
                text = f"{sample.until - began:.1f} s on the list, and no alarm"
                yield Broken("F72", "other", text, addition=pk, at=began)


def dealt_with_is_over(history: History) -> Iterator[Broken]:
    """F72: an alarm lasts no longer than what it is raised for; that something came late is told for an hour."""
    for alarm in history.alarms:
        _, pk, kind = alarm["key"].split(":") if _is_of_addition(alarm) else ("", "0", "late")
        if not alarm["over"] and kind != "late" and int(pk) not in history.listed_at_the_end:
            yield Broken("F72", "other", f"an alarm that goes on: {kind}", addition=int(pk))


def carte_goes_live_once(history: History) -> Iterator[Broken]:
    """It is there at its hour, whole, and by one process alone."""
    for carte in history.cartes:
        facts = {name: carte[name] for name in ("state", "price", "live", "changes")}
        if facts != {"state": "live", "price": PRICE, "live": 1, "changes": 1}:
            text = f"the carte to come of {carte['restaurant']}: {facts} {carte['outcome']}"
            yield Broken("carte", "other", text)


def _has_watch(history: History) -> bool:
    return any(event.get("name") == "watch-0" for event in history.house)


def _is_of_addition(alarm: dict[str, object]) -> bool:
    return str(alarm["key"]).startswith("addition:")


RULES: list[Callable[[History], Iterator[Broken]]] = [
    listed_is_alarmed,
    dealt_with_is_over,
    carte_goes_live_once,
]
