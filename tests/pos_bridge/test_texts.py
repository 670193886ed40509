"""Names that are too long for a register, shortened without breaking a character."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_bridge.registers.texts import characters, clean, length, shorten

pytestmark = pytest.mark.pure

E_ACUTE = "e\u0301"  # a letter and its accent, apart
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
COOK = "\U0001f469\U0001f3fd\u200d\U0001f373"
FLAG, OTHER_FLAG = "\U0001f1eb\U0001f1f7", "\U0001f1ee\U0001f1f9"
HEART = "\u2764\ufe0f"
SCOTLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(each)) for each in "gbsct") + "\U000e007f"
KOREAN = "\u1112\u1161\u11ab"  # one syllable, in three parts


@pytest.mark.parametrize(
    ("text", "longest", "kept"),
    [
        ("Entrecôte", 9, "Entrecôte"),
        ("Entrecôte", 8, "Entrecô…"),
        ("Entre côte", 7, "Entre…"),
        ("a", 1, "a"),
        ("", 5, ""),
        (f"cr{E_ACUTE}me", 5, f"cr{E_ACUTE}…"),
        (f"cr{E_ACUTE}me", 4, "cr…"),
        ("ab\U0001f355c", 4, "ab…"),
        ("ab\U0001f355cd", 5, "ab\U0001f355…"),
        (f"a{FAMILY}bc", 9, "a…"),
        (f"a{FAMILY}bc", 10, f"a{FAMILY}…"),
        (f"a{COOK}bc", 8, "a…"),
        (f"a{FLAG}{OTHER_FLAG}", 8, f"a{FLAG}…"),
        (f"a{FLAG}{OTHER_FLAG}", 5, "a…"),
        (f"a{HEART}bc", 3, "a…"),
        (f"a{SCOTLAND}bc", 14, "a…"),
        (f"a{KOREAN}bc", 4, "a…"),
        ("\U0001f355" * 5, 2, ""),
        ("a" + "\u0301" * 40, 31, ""),
    ],
)
def test_a_name_is_cut_between_characters(text, longest, kept):
    assert shorten(text, longest) == kept


def test_an_emoji_is_as_long_as_the_strictest_register_counts_it():
    assert length("\U0001f355") == 2
    assert length("é") == 1


marks = st.sampled_from([*"aé \u0301\u200d\ufe0f", "\U0001f3fd", "\U0001f1eb", "\U0001f355"])


@given(st.text(marks, max_size=60) | st.text(max_size=60).map(clean), st.integers(1, 40))
def test_what_is_kept_is_whole_and_fits(text, longest):
    kept = shorten(text, longest)
    assert length(kept) <= longest
    if length(text) <= longest:
        assert kept == text
        return
    if not kept:
        return
    begin = kept.removesuffix("…")
    assert text.startswith(begin)
    rest = text[len(begin) :].lstrip()
    # What follows begins a character of its own, but for white space that was left out.
    first = rest[:1]
    assert not (first and unicodedata.combining(first)) or text[len(begin)].isspace()
    kept.encode("utf-16")


@given(st.text(max_size=40))
def test_characters_are_the_text(text):
    assert "".join(characters(text)) == text
