"""Opening hours in words."""

from datetime import datetime

import pytest
from django.utils import translation

from ordering.diner import hours
from ordering.models import Restaurant

pytestmark = pytest.mark.pure

NOON_AND_EVENING = [
    {"days": ["tue", "wed", "thu", "fri"], "from": "12:00", "to": "14:00"},
    {"days": ["tue", "wed", "thu", "fri", "sat"], "from": "19:00", "to": "22:30"},
]
LATE = [{"days": ["fri"], "from": "19:00", "to": "01:00"}]


@pytest.fixture(autouse=True)
def _french():
    with translation.override("fr"):
        yield


def at(day, hour, minute=0):
    """A moment of the week of Monday, 16 November 2026."""
    return datetime(2026, 11, 16 + day, hour, minute)  # noqa: DTZ001 (the wall's clock)


@pytest.mark.parametrize(
    ("slots", "moment", "expected"),
    [
        (NOON_AND_EVENING, at(1, 15), ("", "19 h")),
        (NOON_AND_EVENING, at(0, 15), ("mardi", "12 h")),
        (NOON_AND_EVENING, at(5, 23), ("mardi", "12 h")),
        (NOON_AND_EVENING, at(1, 12), None),
        (None, at(1, 12), None),
        ([], at(1, 12), None),
    ],
)
def test_it_says_when_it_opens(slots, moment, expected):
    found = hours.opens(Restaurant(hours=slots), moment)
    assert (found and tuple(" ".join(part.split()) for part in found)) == expected


@pytest.mark.parametrize(
    ("slots", "moment", "expected"),
    [
        (NOON_AND_EVENING, at(1, 20), "22 h 30"),
        (LATE, at(4, 23), "1 h"),
        (LATE, at(5, 0, 30), "1 h"),
        (NOON_AND_EVENING, at(1, 15), ""),
        (None, at(1, 15), ""),
        ([{"from": "00:00", "to": "00:00"}], at(1, 15), ""),
        ([{"from": "10:00", "to": "15:00"}, {"from": "14:00", "to": "22:00"}], at(1, 11), "22 h"),
    ],
)
def test_it_says_until_when_it_is_open(slots, moment, expected):
    assert " ".join(hours.until(slots, moment).split()) == expected


def test_it_lists_them_as_on_a_door():
    found = [(days, " ".join(times.split())) for days, times in hours.listed(NOON_AND_EVENING)]
    assert found == [
        ("Mardi à vendredi", "12:00 – 14:00"),
        ("Mardi à samedi", "19:00 – 22:30"),
        ("Dimanche, lundi", "fermé"),
    ]
    assert hours.listed([{"from": "12:00", "to": "14:00"}])[0][0] == "Tous les jours"
    assert hours.listed([{"days": ["mon", "fri"], "from": "12:00", "to": "14:00"}])[0][0] == (
        "Lundi, vendredi"
    )
    assert hours.listed(None) == []


def test_it_tells_the_time_as_english_does():
    with translation.override("en"):
        assert hours.until(NOON_AND_EVENING, at(1, 20)) == "10:30\N{NO-BREAK SPACE}pm"
