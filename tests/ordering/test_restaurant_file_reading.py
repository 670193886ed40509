"""What cannot be read is refused in one sentence with its place."""

import os
from pathlib import Path

import pytest

from ordering.restaurant_file import RestaurantFileError, check, load, parse

pytestmark = pytest.mark.pure


def refusal(content):
    with pytest.raises(RestaurantFileError) as caught:
        parse(content)
    assert len(caught.value.mistakes) == 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b" \r\n\t ", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"[]", "must hold one object, {…}, and holds a list"),
        (b"null", "holds null"),
        (b'"' + b"x" * 10_000 + b'"', "holds"),
        (b'{"name": "Caf\xe9"}', "not UTF-8 at line 1, byte 14"),
        (b'{\n"name": "\xff"}', "not UTF-8 at line 2, byte 10"),
        (b'{"name": "\xc3', "ends in the middle of a letter"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b'{"slug": "a",\n "name"', "ends too early"),
        (b'{"slug": "a', "ends too early"),
        (b'{"slug": "a"', "ends too early"),
        (b'{"a": 1,}', "not JSON at line 1, column"),
        (b"{'a': 1}", "not JSON at line 1, column 2"),
        (b'{"a": "\t"}', "not JSON at line 1, column 8"),
        (b'{"a": 01}', "not JSON at line 1, column 8"),
        (b"{} {}", "not JSON at line 1, column 4"),
        (b"[" * 10_000 + b"]" * 10_000, "more than 32 levels deep at line 1, column 33"),
        (b'{"a":\n' * 10_000, "more than 32 levels deep at line 33, column 1"),
    ],
    ids=range(20),
)
def test_it_names_the_reason(content, said):
    assert said in refusal(content)


def test_it_refuses_a_file_of_30_mb_without_reading_it(tmp_path):
    file = tmp_path / "huge.json"
    with file.open("wb") as opened:
        opened.truncate(30_000_000)
    with pytest.raises(RestaurantFileError, match=r"30\.0 MB; a restaurant file has at most 5 MB"):
        load(file)


def test_it_refuses_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path, "directory"),
        (tmp_path / "pipe", "not a plain file"),
        (tmp_path / "missing.json", "no such file"),
        (tmp_path / "missing" / "x.json", "no such file"),
        (Path("x" * 5_000), "File name too long"),
        (Path("a\0b"), "its name cannot be one"),
    ):
        with pytest.raises(RestaurantFileError, match=said):
            load(path)


def test_it_lets_a_byte_order_mark_pass():
    assert parse(b'\xef\xbb\xbf{"slug": "a"}') == {"slug": "a"}


def test_it_counts_no_brackets_inside_of_texts():
    assert parse(('{"a": "' + '[{\\"' * 100 + '"}').encode()) == {"a": '[{"' * 100}


@pytest.mark.parametrize(
    "content",
    [b'{"' + b'\\"' * 2_000_000, b'{"a": ' + b'"\\' * 1_000_000, b"{" + b'"a",' * 1_000_000],
    ids=range(3),
)
def test_it_does_not_think_long_about_quotes(content):
    assert "JSON" in refusal(content) or "early" in refusal(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"slug": "a", "slug": "b"}', '"slug" is given twice'),
        (b'{"limits": {"covers": 1, "covers": 2}}', 'limits: "covers" is given twice'),
        (b'{"limits": {"covers": NaN}}', "limits.covers: this is not a number that can be stored"),
        (b'{"limits": {"covers": -Infinity}}', "limits.covers: this is not a number"),
        (b'{"limits": {"covers": 1e999}}', "limits.covers: this is not a number"),
        (b'{"limits": {"covers": 1' + b"0" * 9_000 + b"}}", "limits.covers: this number is too"),
        (b'{"name": "a\\u0000"}', "name: it holds a NUL character"),
        (b'{"name": "a\\ud800"}', "name: it holds half a character, \\ud800"),
        (b'{"name": "a\\u001b[2J"}', "name: it holds a control character, \\u001b"),
        (b'{"a\\u0000": 1}', '["a\\u0000"]: it holds a NUL character'),
    ],
    ids=range(10),
)
def test_it_names_what_json_lets_pass(content, said):
    sentences = [str(mistake) for mistake in check(parse(content))]
    assert any(sentence.startswith(said) for sentence in sentences), sentences


def test_it_says_one_thing_of_one_place():
    places = [m.path for m in check(parse(b'{"limits": {"covers": NaN}}')) if m.path]
    assert places == [("limits", "covers")]
