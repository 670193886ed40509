"""Who hears of an alarm, in which words, and what an entry of ALARM_URLS may be."""

import pytest
from django.utils import timezone, translation

from ordering import checks
from ordering.alarm_addresses import addresses
from ordering.alarm_rounds import line, message_of
from ordering.models import Restaurant
from pos_bridge import words
from pos_bridge.models import Alarm

pytestmark = pytest.mark.pure


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


ALICE = Restaurant(slug="chez-alice", name="Chez\nAlice", languages=["en"])


def alarm(number=7, **fields):
    fields = {"table": "12", "reason": "no_answer", "key": f"addition:{number}:open"} | fields
    return Alarm(restaurant=ALICE, order_number=number, raised_at=timezone.now(), **fields)


def urls(slug):
    return [each.url for each in addresses(slug)]


def test_it_names_table_number_and_reason():
    assert message_of([alarm()]) == (
        "Chez Alice",
        "Table 12, order 7: the register took too long to answer",
    )


def test_ten_lines_are_listed_and_the_rest_is_counted():
    _, body = message_of([alarm(number) for number in range(1, 61)])
    lines = body.splitlines()
    assert len(lines) == 11
    assert lines[9].startswith("Table 12, order 10:")
    assert lines[10] == "and 50 more"


def test_it_speaks_the_houses_language(settings):
    settings.LANGUAGE_CODE = "en"
    french = Restaurant(slug="chez-bob", name="Chez Bob", languages=["fr", "en"])
    other = alarm()
    other.restaurant = french
    assert "la caisse a mis trop longtemps à répondre" in message_of([other])[1]


@pytest.mark.parametrize("language", ["de", "pt"])
def test_it_speaks_english_to_the_staff_of_any_other_house(language):
    """What staff reads exists in French and English: German for diners has none of it."""
    other = alarm()
    other.restaurant = Restaurant(slug="bei-bob", name="Bei Bob", languages=[language, "fr"])
    assert "the register took too long to answer" in message_of([other])[1]


def test_what_concerns_the_whole_register_names_no_table():
    silent = Alarm(key="register:3:silent", reason="silent")
    assert line(silent) == "The register has not answered for a while"
    paused = Alarm(key="register:3:paused:certificate", reason="certificate")
    assert line(paused) == (
        "Nothing is sent to the register: the register's certificate is not valid"
    )
    assert message_of([Alarm(key="deliver", reason="worker_dead")])[0] == "Tablée"


@pytest.mark.parametrize(
    ("minutes", "delay"), [(372, "6 h 12 min"), (65, "1 h 05 min"), (21, "21 min")]
)
def test_it_says_how_late_it_came_f63(minutes, delay):
    said = line(alarm(reason=f"late:{minutes}"))
    assert said == f"Table 12, order 7: it came onto the till only {delay} after it was ordered"


@pytest.mark.parametrize("code", ["late", "later:than"])
def test_what_has_no_words_is_shown_as_it_is(code):
    assert words.reason(code) == code


def test_an_address_is_for_all_or_for_one_restaurant(settings):
    settings.ALARM_URLS = ["json://all/?a=b", "chez-alice=json://alice", "json://all/?a=b"]
    assert urls("chez-alice") == ["json://all/?a=b", "json://alice"]
    assert urls("chez-bob") == ["json://all/?a=b"]
    # The whole installation is everybody's concern.
    assert urls(None) == ["json://all/?a=b", "json://alice"]


def test_what_apprise_does_not_understand_is_said_by_its_place(settings, caplog, capfd):
    settings.ALARM_URLS = [
        "json://localhost",
        "nonsense-hunter2",
        "chez-alice=mailto://user:hunter2@example.com",
        "telegram://hunter2",
        "gopher://user:hunter2@x",
    ]
    (found,) = checks.check_alarm_urls()
    assert found.id == "ordering.W041"
    assert "entry 2, 4, 5." in found.msg
    printed = capfd.readouterr()
    assert "hunter2" not in f"{found} {found.hint} {caplog.text} {printed.out} {printed.err}"
    settings.ALARM_URLS = ["json://localhost"]
    assert checks.check_alarm_urls() == []
    settings.ALARM_URLS = []
    assert checks.check_alarm_urls() == []


def test_a_token_that_can_be_guessed_is_refused(settings):
    settings.HEALTH_TOKEN = "short"
    (found,) = checks.check_health_token()
    assert found.id == "ordering.E042"
    assert "short" not in f"{found.msg} {found.hint}"
    settings.HEALTH_TOKEN = ""
    assert checks.check_health_token() == []
