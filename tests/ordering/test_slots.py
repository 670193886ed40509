"""When something is served."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ordering import slots

pytestmark = pytest.mark.pure

PARIS = ZoneInfo("Europe/Paris")
EVENING = [{"days": ["fri"], "from": "19:00", "to": "02:00"}]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def test_it_is_always_open_without_slots():
    assert slots.is_open(None, at("2026-11-20 04:00"))


def test_it_is_never_open_with_an_empty_list():
    assert not slots.is_open([], at("2026-11-20 12:00"))
    assert slots.next_opening([], at("2026-11-20 12:00")) is None


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-20 18:59:59", False),
        ("2026-11-20 19:00", True),  # a Friday
        ("2026-11-21 01:59:59", True),  # past midnight it is still Friday's
        ("2026-11-21 02:00", False),
        ("2026-11-20 01:00", False),  # Thursday had none
        ("2026-11-21 19:30", False),
    ],
)
def test_it_runs_past_midnight_on_the_day_of_its_start(moment, is_open):
    assert slots.is_open(EVENING, at(moment)) is is_open


def test_it_is_a_whole_day_where_start_and_end_are_the_same():
    day = [{"days": ["sun"], "from": "06:00", "to": "06:00"}]
    assert not slots.is_open(day, at("2026-11-22 05:59"))
    assert slots.is_open(day, at("2026-11-22 06:00"))
    assert slots.is_open(day, at("2026-11-23 05:59"))
    assert not slots.is_open(day, at("2026-11-23 06:00"))


def test_it_is_every_day_without_days_and_no_day_with_none():
    assert slots.is_open([{"from": "12:00", "to": "14:00"}], at("2026-11-22 13:00"))
    assert not slots.is_open([{"days": [], "from": "12:00", "to": "14:00"}], at("2026-11-22 13:00"))


def test_it_goes_by_the_wall_clock_when_the_clock_is_changed():
    # On 25 October 2026 the hour from two to three comes twice.
    night = [{"from": "22:00", "to": "02:30"}]
    assert slots.is_open(night, at("2026-10-25 02:15"))
    assert slots.is_open(night, at("2026-10-25 02:15").replace(fold=1))
    assert not slots.is_open(night, at("2026-10-25 02:30"))


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-11-20 10:00", "2026-11-20 19:00"),
        ("2026-11-20 20:00", "2026-11-20 20:00"),  # open now
        ("2026-11-21 02:00", "2026-11-27 19:00"),  # in six days
    ],
)
def test_it_tells_when_it_opens_next(moment, opens):
    assert slots.next_opening(EVENING, at(moment)) == at(opens)


def test_it_finds_the_same_hour_a_week_later():
    noon = [{"days": ["mon"], "from": "12:00", "to": "12:01"}]
    assert slots.next_opening(noon, at("2026-11-23 12:01")) == at("2026-11-30 12:00")


times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
some_slots = st.lists(
    st.fixed_dictionaries(
        {"from": times, "to": times},
        optional={"days": st.lists(st.sampled_from(slots.DAYS), unique=True)},
    ),
    max_size=4,
)
moments = st.datetimes(*map(datetime.fromisoformat, ["2026-01-01", "2027-01-01"]))


@settings(max_examples=60, deadline=None)
@given(some_slots, moments)
def test_it_is_open_when_it_opens_and_not_before(some, moment):
    moment = moment.replace(second=0, microsecond=0)
    opens = slots.next_opening(some, moment)
    if opens is None:
        assert not any(slots.is_open(some, moment + timedelta(hours=h)) for h in range(24 * 8))
    else:
        assert slots.is_open(some, opens)
        assert not slots.is_open(some, opens - timedelta(minutes=1)) or opens == moment


@given(some_slots)
@settings(max_examples=30, deadline=None)
def test_it_finds_no_problem_in_what_is_written_as_it_should_be(some):
    assert slots.problem(some) is None
    assert slots.problem(None) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        "12:00",
        [[]],
        [{"from": "12:00"}],
        [{"from": "12:00", "to": "24:00"}],
        [{"from": "12:00\n", "to": "13:00"}],
        [{"from": "١٢:٠٠", "to": "13:00"}],
        [{"from": 12, "to": "13:00"}],
        [{"from": "12:00", "to": "13:00", "days": ["lundi"]}],
        [{"from": "12:00", "to": "13:00", "days": "mon"}],
        [{"from": "12:00", "to": "13:00", "days": [{}]}],
        [{"from": "12:00", "to": "13:00", "until": 1}],
    ],
)
def test_it_names_a_problem(wrong):
    assert slots.problem(wrong)


def test_it_names_the_place_of_a_problem():
    wrong = [{"from": "12:00", "to": "13:00"}, {"from": "12:00"}]
    assert "2" in str(slots.problem(wrong))
