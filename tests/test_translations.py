"""French says everything that English says, as one writes it in French; and English stays English."""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.utils import translation

from pos_bridge.registers import ADAPTERS, adapter_class
from tests import system_tools

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent
FRENCH = ROOT / "ordering" / "locale" / "fr" / "LC_MESSAGES" / "django.po"
NOT_SOURCES = (".*", "__pycache__", "docs", "static", "tests", "var")

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z%]|\{\w*\}|</?\w[^>]*>")
NO_BREAK, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
TYPOGRAPHY = {
    "a straight apostrophe; write ’": r"'",
    "straight or English quotes; write « »": r'(?<!=)"(?!>)|[“”]',
    "three full stops; write …": r"\.\.\.",
    "no narrow no-break space (U+202F) before ; ! or ?": rf"[^{NARROW}][;!?](?=\s|$)",
    "no no-break space (U+00A0) before a colon": rf"[^{NO_BREAK}]:(?=\s|$)",
    "no no-break space (U+00A0) before € or »": rf"[^{NO_BREAK}][€»]",
    "no no-break space (U+00A0) after « or n°": rf"(?:«|\bn°)[^{NO_BREAK}]",
}


@dataclass
class Sentence:
    """One entry of a .po file."""

    context: str = ""
    msgid: str = ""
    plural: str = ""
    french: list[str] = field(default_factory=list)
    fuzzy: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.context, self.msgid, self.plural


def sentences(po: Path) -> list[Sentence]:
    """What a .po file holds, without its header and what is commented out."""
    found = []
    for block in po.read_text(encoding="utf-8").split("\n\n"):
        said, name = {}, ""
        for line in block.splitlines():
            if start := re.match(r'(msg\w+(?:\[\d\])?) (?=")', line):
                name = start[1]
            if start or (line.startswith('"') and name):
                said[name] = said.get(name, "") + ast.literal_eval(line[line.index('"') :])
        if said.get("msgid"):
            french = [text for name, text in said.items() if name.startswith("msgstr")]
            fuzzy = re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE) is not None
            context, plural = said.get("msgctxt", ""), said.get("msgid_plural", "")
            found.append(Sentence(context, said["msgid"], plural, french, fuzzy))
    return found


def listed(lines) -> str:
    return "".join(f"\n  {line}" for line in sorted(lines))


@pytest.fixture(scope="module")
def committed() -> list[Sentence]:
    return sentences(FRENCH)


@pytest.fixture(scope="module")
def msgfmt() -> str:
    found = system_tools.find("gettext")
    assert found, "gettext is missing: python3 tests/system_tools.py gettext"
    return found


@pytest.fixture(scope="module")
def sources(msgfmt, tmp_path_factory) -> set[tuple[str, str, str]]:
    """What makemessages finds in a copy of the tree; the tree itself is not touched."""
    copy = tmp_path_factory.mktemp("tree") / "tablee"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_SOURCES, "*.po", "*.mo"))
    command = [sys.executable, "manage.py", "makemessages", "--locale", "fr", "--no-wrap"]
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "ordering.settings"}
    done = subprocess.run(
        command, cwd=copy, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {sentence.key for sentence in sentences(copy / FRENCH.relative_to(ROOT))}


def test_it_has_every_sentence_of_the_sources(sources, committed):
    missing = sources - {sentence.key for sentence in committed}
    assert not missing, f"Not in {FRENCH.name}; run `make messages` and translate:" + listed(
        msgid for _context, msgid, _plural in missing
    )


def test_it_has_no_sentence_that_nobody_says_any_more(sources, committed):
    unsaid = {sentence.key for sentence in committed} - sources
    assert not unsaid, f"In {FRENCH.name} and in no source; run `make messages`:" + listed(
        msgid for _context, msgid, _plural in unsaid
    )


def test_it_leaves_nothing_untranslated(committed):
    assert len(committed) > 400, f"only {len(committed)} sentences were read from {FRENCH.name}"
    empty = [sentence.msgid for sentence in committed if not all(sentence.french)]
    assert not empty, "No French for these:" + listed(empty)
    fuzzy = [sentence.msgid for sentence in committed if sentence.fuzzy]
    assert not fuzzy, "French that was guessed (fuzzy); correct it and drop the mark:" + listed(
        fuzzy
    )


def test_it_commits_what_the_sentences_compile_to(msgfmt, tmp_path):
    compiled = tmp_path / "django.mo"
    command = [msgfmt, "--check-format", "-o", str(compiled), str(FRENCH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted, stored = (catalogue(path) for path in (compiled, FRENCH.with_suffix(".mo")))
    stale = {key for key in wanted.keys() | stored.keys() if wanted.get(key) != stored.get(key)}
    assert not stale, "django.mo is not what django.po says; run `make messages`:" + listed(
        map(str, stale)
    )


def catalogue(mo: Path) -> dict:
    # Other versions of msgfmt write other bytes for the same sentences.
    with mo.open("rb") as file:
        return dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]


def test_it_keeps_every_placeholder(committed):
    wrong = []
    for sentence in committed:
        allowed = [
            sorted(PLACEHOLDER.findall(text)) for text in (sentence.msgid, sentence.plural) if text
        ]
        wrong += [
            f"{text!r} for {sentence.msgid!r}"
            for text in sentence.french
            if sorted(PLACEHOLDER.findall(text)) not in allowed
        ]
    assert not wrong, "Placeholders or tags differ from the English:" + listed(wrong)


@pytest.mark.parametrize("mistake", TYPOGRAPHY)
def test_it_is_set_as_french_is(mistake, committed):
    texts = [text for sentence in committed for text in sentence.french]
    wrong = [text for text in texts if re.search(TYPOGRAPHY[mistake], text)]
    assert not wrong, f"French with {mistake}:" + listed(map(repr, wrong))


def test_it_says_in_french_what_the_registers_say_of_ids():
    # Adapters know no Django, so nothing marks their words but a list in ordering/admin/forms.py.
    for adapter in filter(None, map(adapter_class, ADAPTERS)):
        problem = adapter.id_problem("x")
        if problem:
            with translation.override("fr"):
                assert translation.gettext(problem) != problem, f"no French for {problem!r}"


def test_it_speaks_english_without_a_catalogue(committed):
    """LANGUAGE_CODE is fr, and Django must not fall back to it."""
    with translation.override("en"):
        assert translation.check_for_language("en")
        for sentence in committed:
            if sentence.plural:
                several = [translation.ngettext(sentence.msgid, sentence.plural, n) for n in (1, 2)]
                assert several == [sentence.msgid, sentence.plural]
            elif sentence.context:
                said = translation.pgettext(sentence.context, sentence.msgid)
                assert said == sentence.msgid
            else:
                assert translation.gettext(sentence.msgid) == sentence.msgid
