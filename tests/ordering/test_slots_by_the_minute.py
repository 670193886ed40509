"""Slots against somebody who walks through the night minute by minute, also when the clock is changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ordering import slots

MINUTE = timedelta(minutes=1)
# Summer time ends and begins: by an hour in Paris, by half an hour on Lord Howe Island.
NIGHTS = [
    ("Europe/Paris", datetime(2026, 3, 28, 18, tzinfo=UTC), 60),
    ("Europe/Paris", datetime(2026, 10, 24, 18, tzinfo=UTC), -60),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 8, tzinfo=UTC), -30),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 8, tzinfo=UTC), 30),
    ("Asia/Kolkata", datetime(2026, 10, 24, 14, tzinfo=UTC), 0),
]
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 29, 30, 59]))
SLOT = st.fixed_dictionaries(
    {"from": TIMES, "to": TIMES},
    optional={"days": st.lists(st.sampled_from(slots.DAYS), max_size=4)},
)
NIGHT = {"from": "22:00", "to": "02:30"}


def on_the_clock(some, first):
    """Every minute, as the clock on the wall shows it, at which it is open: walked from each start to its end."""
    shown = set()
    for slot in some:
        for days in range(-2, 3):
            day = (first + timedelta(days=days)).replace(hour=0, minute=0)
            if f"{day:%a}".lower() not in slot.get("days", slots.DAYS):
                continue
            at = day
            while f"{at:%H:%M}" != slot["from"]:
                at += MINUTE
            shown.add(at)
            at += MINUTE
            while f"{at:%H:%M}" != slot["to"]:
                shown.add(at)
                at += MINUTE
    return shown


@pytest.mark.parametrize(("zone", "start", "lost"), NIGHTS)
@settings(max_examples=15, deadline=None)
@example([NIGHT])
@example([{"from": "02:00", "to": "02:30"}])
@given(some=st.lists(SLOT, max_size=3))
def test_it_is_open_as_the_clock_on_the_wall_says(zone, start, lost, some):
    place = ZoneInfo(zone)
    first = start.astimezone(place).replace(tzinfo=None)
    expected = on_the_clock(some, first)
    for minutes in range(14 * 60):
        moment = (start + minutes * MINUTE).astimezone(place)
        assert slots.is_open(some, moment) == (moment.replace(tzinfo=None) in expected), moment


@pytest.mark.parametrize(("zone", "start", "lost"), NIGHTS)
def test_a_night_is_longer_or_shorter_by_what_the_clock_is_changed(zone, start, lost):
    place = ZoneInfo(zone)
    # 21:00 to 04:00 by the clock is seven hours of an ordinary night.
    night = [{"days": ["sat"], "from": "21:00", "to": "04:00"}]
    moments = [(start + minutes * MINUTE).astimezone(place) for minutes in range(14 * 60)]
    assert sum(slots.is_open(night, moment) for moment in moments) == 7 * 60 - lost
