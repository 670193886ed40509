"""Every promise, fault and threat of docs/promises.md has a test that names it, a written reason, or stands as open."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent
NUMBER = re.compile(r"\b([PFT])(\d{1,2})(?:_|\b)")
OPEN = ROOT / "docs" / "promises_open.md"


def numbers_of_the_catalogue() -> set[str]:
    rows = (ROOT / "docs" / "promises.md").read_text().splitlines()
    return {found[1] for row in rows if (found := re.match(r"\| ([PFT]\d{1,2}) \|", row))}


def numbers_named_by_tests() -> set[str]:
    named = set()
    tests = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests").rglob("contract/*.py")]
    for path in tests:
        if path.name == Path(__file__).name:
            continue
        for kind, digits in re.findall(
            r"(?<![A-Za-z0-9])([PFTpft])(\d{1,2})(?![0-9A-Za-z])", path.read_text()
        ):
            named.add(f"{kind.upper()}{int(digits):0{1 if kind.upper() == 'P' else 2}d}")
    return named


def numbers_in(heading: str) -> set[str]:
    section = OPEN.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| ([PFT]\d{1,2}) \|", section, re.MULTILINE))


def test_it_knows_the_whole_catalogue():
    kinds = [number[0] for number in numbers_of_the_catalogue()]
    assert (kinds.count("P"), kinds.count("F"), kinds.count("T")) == (26, 76, 37)


def test_it_lists_every_number_without_a_test_or_a_reason():
    missing = (
        numbers_of_the_catalogue()
        - numbers_named_by_tests()
        - numbers_in("Without a test, and why")
    )
    listed = numbers_in("Open")
    assert missing - listed == set(), (
        "no test names these: write one, a reason, or list them in docs/promises_open.md"
    )
    assert listed - missing == set(), (
        "these have a test or a reason now: take them off docs/promises_open.md"
    )
