"""What people type, and what is stored of it."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from ordering.admin.fields import (
    AllergensField,
    DietsField,
    LanguagesField,
    MoneyField,
    PercentField,
    SlotsField,
    TextsField,
    TimeZoneField,
    amount_cents,
    amount_text,
    parse_slots,
    slots_text,
)
from ordering.admin.widgets import AllergensInput
from ordering.models import ALLERGENS
from ordering.slots import DAYS, problem

pytestmark = pytest.mark.pure


def said(field, value):
    with override("en"):
        with pytest.raises(ValidationError) as caught:
            field.clean(value)
        return " ".join(caught.value.messages)


# --- Money and percent -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("12,50", 1250), ("12.50", 1250), ("12", 1200), ("12,5", 1250), (" 12,50 € ", 1250),
        ("0,00", 0), ("0,05", 5), ("999999,99", 99_999_999), ("1 250,00", 125_000),
    ],
)  # fmt: skip
def test_it_takes_an_amount_as_people_write_it(typed, cents):
    assert MoneyField().clean(typed) == cents


@pytest.mark.parametrize(
    "typed",
    [
        "12,5O",
        "douze",
        "12,505",
        "1.250,00",
        "12,",
        ",50",
        "1e3",
        "١٢",
        "--1",
        "1000000",
        "12..5",
        "NaN",
    ],
)
def test_it_refuses_what_is_no_amount(typed):
    words = said(MoneyField(), typed)
    assert typed in words
    assert "12,50" in words


def test_it_takes_less_than_nothing_only_where_that_makes_sense():
    assert MoneyField(signed=True).clean("-0,50") == -50
    assert "below zero" in said(MoneyField(), "-0,50")


@given(st.integers(-99_999_999, 99_999_999), st.sampled_from(["fr", "en"]))
def test_an_amount_that_is_shown_is_read_back(cents, language):
    with override(language):
        assert amount_cents(amount_text(cents)) == cents


def test_an_amount_is_shown_as_the_reader_writes_it():
    with override("fr"):
        assert amount_text(1250) == "12,50"
    with override("en"):
        assert amount_text(-50) == "-0.50"


@pytest.mark.parametrize(("typed", "rate"), [("5,5", "5.5"), ("10", "10"), ("20.00", "20.00")])
def test_it_takes_a_rate_with_a_comma(typed, rate):
    assert str(PercentField(max_digits=4, decimal_places=2).clean(typed)) == rate


# --- Slots -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "slots"),
    [
        ("", None),
        ("  \n ", None),
        ("never", []),
        ("jamais", []),
        ("19:00-02:00", [{"from": "19:00", "to": "02:00"}]),
        ("mar–ven 12:00-14:30", [{"days": ["tue", "wed", "thu", "fri"], "from": "12:00", "to": "14:30"}]),
        ("tue-fri 12:00 – 14:30", [{"days": ["tue", "wed", "thu", "fri"], "from": "12:00", "to": "14:30"}]),
        ("Samedi, dimanche 9h-11h30", [{"days": ["sat", "sun"], "from": "09:00", "to": "11:30"}]),
        ("sam-lun 12:00-14:00", [{"days": ["mon", "sat", "sun"], "from": "12:00", "to": "14:00"}]),
        ("lun: 12h00-14h00", [{"days": ["mon"], "from": "12:00", "to": "14:00"}]),
        ("never 12:00-14:00", [{"days": [], "from": "12:00", "to": "14:00"}]),
        (
            "mon 12:00-14:00\r\n\r\ntue 19:00-23:00",
            [
                {"days": ["mon"], "from": "12:00", "to": "14:00"},
                {"days": ["tue"], "from": "19:00", "to": "23:00"},
            ],
        ),
    ],
)  # fmt: skip
def test_it_reads_slots_as_people_write_them(typed, slots):
    assert SlotsField(required=False).clean(typed) == slots
    assert problem(slots) is None


@pytest.mark.parametrize(
    "typed",
    [
        "midi",
        "12:00",
        "25:00-26:00",
        "12:60-14:00",
        "mon 12:00-14:00 and more",
        "١٢:00-14:00",
        "12-14",
    ],
)
def test_it_quotes_the_line_that_it_does_not_understand(typed):
    assert typed in said(SlotsField(), f"mon 12:00-14:00\n{typed}")


def test_it_names_the_day_that_is_none():
    assert "lundredi" not in said(SlotsField(), "lux 12:00-14:00")
    assert "“lux”" in said(SlotsField(), "lux 12:00-14:00")


times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
slot = st.fixed_dictionaries(
    {"from": times, "to": times},
    optional={
        "days": st.sets(st.sampled_from(DAYS)).map(lambda days: [d for d in DAYS if d in days])
    },
)


@given(st.none() | st.lists(slot, max_size=5), st.sampled_from(["fr", "en"]))
def test_slots_that_are_shown_are_read_back(slots, language):
    with override(language):
        assert parse_slots(slots_text(slots)) == slots


def test_slots_are_shown_in_the_readers_language():
    slots = [{"days": ["tue", "wed", "thu", "sun"], "from": "12:00", "to": "14:00"}]
    with override("fr"):
        assert slots_text(slots) == "mar–jeu, dim 12:00-14:00"
    with override("en"):
        assert slots_text(slots) == "tue–thu, sun 12:00-14:00"


# --- Texts, languages, time zones ---------------------------------------------------------------


def texts(**kwargs):
    field = TextsField(**kwargs)
    field.speak(["fr", "en"], None)
    return field


def test_it_keeps_the_texts_that_were_written_in_the_order_of_the_languages():
    assert texts().clean({"fr": " Soupe ", "en": "Soup"}) == {"fr": "Soupe", "en": "Soup"}
    assert texts().clean({"fr": "Soupe", "en": "  "}) == {"fr": "Soupe"}


def test_it_wants_the_language_of_the_house():
    assert "“fr”" in said(texts(), {"fr": "", "en": "Soup"})
    assert said(texts(), {"fr": "", "en": ""})
    assert texts(required=False).clean({"fr": "", "en": ""}) == {}


def test_a_name_stands_on_one_line_and_a_description_may_have_several():
    assert texts().clean({"fr": "Soupe\r\ndu  jour"}) == {"fr": "Soupe du jour"}
    assert texts(long=True).clean({"fr": "Soupe\ndu jour"}) == {"fr": "Soupe\ndu jour"}


def test_it_loses_no_text_in_a_language_that_the_house_has_given_up():
    field = TextsField()
    field.speak(["fr"], {"fr": "Soupe", "de": "Suppe"})
    data = QueryDict("name_fr=Soupe&name_de=Suppe")
    widget: Any = field.widget
    assert field.clean(widget.value_from_datadict(data, {}, "name")) == {
        "fr": "Soupe", "de": "Suppe",
    }  # fmt: skip


def test_it_escapes_what_is_in_a_text():
    field = texts()
    shown = field.widget.render("name", {"fr": '"><script>alert(1)</script>'})
    assert "<script>" not in shown


@pytest.mark.parametrize("typed", ["fr", "fr, en", "fr en;de", "pt-BR"])
def test_it_takes_languages_with_commas(typed):
    assert LanguagesField().clean(typed)[0] in {"fr", "pt-BR"}


@pytest.mark.parametrize("typed", ["français", "FR", "fr, fr", "xx", "f", ""])
def test_it_refuses_what_is_no_language(typed):
    assert said(LanguagesField(), typed)


def test_it_knows_its_time_zones():
    assert TimeZoneField().clean("Europe/Paris") == "Europe/Paris"
    for typed in ("Paris", "../../etc/passwd", "europe/paris", ""):
        assert said(TimeZoneField(), typed)


# --- Allergens and diets ------------------------------------------------------------------------


def declared(query):
    posted = AllergensInput().value_from_datadict(QueryDict(query), {}, "a")
    return AllergensField().clean(posted)


def test_the_three_states_of_allergens_cannot_be_taken_for_one_another():
    assert declared("a_state=undeclared") is None
    assert declared("a_state=none") == []
    assert declared("a_state=contains&a_contains=milk&a_contains=gluten") == ["gluten", "milk"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a_state=",
        "a_state=free",
        "a_contains=milk",
        "a_state=contains",
        "a_state=contains&a_contains=sugar",
        "a_state=none&a_contains=milk",
        "a_state=undeclared&a_contains=milk",
    ],
)
def test_it_guesses_nothing_about_allergens(query):
    with pytest.raises(ValidationError):
        declared(query)


@pytest.mark.parametrize("value", [None, [], ["milk"], list(ALLERGENS)])
def test_allergens_that_are_shown_are_unchanged(value):
    assert not AllergensField().has_changed(value, AllergensInput.parts(value))
    shown = AllergensInput().render("a", value)
    assert shown.count(" checked") == 1 + len(value or [])


def test_it_takes_diets_in_their_order():
    assert DietsField(required=False).clean(["spicy", "vegan"]) == ["vegan", "spicy"]
    assert DietsField(required=False).clean([]) == []
