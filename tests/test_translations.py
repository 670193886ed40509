"""French says everything that English says, as one writes it in French; German, Italian and Spanish say what a diner
can be shown; and English stays English.
"""

import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from ordering import languages
from pos_bridge.registers import ADAPTERS, adapter_class
from tests import diner_messages, system_tools
from tests.diner_messages import Sentence, catalogue, for_diners, sentences

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent
FRENCH = catalogue("fr")
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
    empty = [sentence.msgid for sentence in committed if not all(sentence.texts)]
    assert not empty, "No French for these:" + listed(empty)
    fuzzy = [sentence.msgid for sentence in committed if sentence.fuzzy]
    assert not fuzzy, "French that was guessed (fuzzy); correct it and drop the mark:" + listed(
        fuzzy
    )


@pytest.mark.parametrize("language", ["fr", *diner_messages.LANGUAGES])
def test_it_commits_what_the_sentences_compile_to(msgfmt, tmp_path, language):
    made, po = tmp_path / "django.mo", catalogue(language)
    command = [msgfmt, "--check-format", "-o", str(made), str(po)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted, stored = (compiled(path) for path in (made, po.with_suffix(".mo")))
    stale = {key for key in wanted.keys() | stored.keys() if wanted.get(key) != stored.get(key)}
    assert not stale, (
        f"{language}: django.mo is not what django.po says; run `make messages`:"
        + listed(map(str, stale))
    )


def compiled(mo: Path) -> dict:
    # Other versions of msgfmt write other bytes for the same sentences.
    with mo.open("rb") as file:
        return dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined]


def test_it_keeps_every_placeholder(committed):
    wrong = wrong_placeholders(committed)
    assert not wrong, "Placeholders or tags differ from the English:" + listed(wrong)


def wrong_placeholders(found: list[Sentence]) -> list[str]:
    wrong = []
    for sentence in found:
        allowed = [
            sorted(PLACEHOLDER.findall(text)) for text in (sentence.msgid, sentence.plural) if text
        ]
        wrong += [
            f"{text!r} for {sentence.msgid!r}"
            for text in sentence.texts
            if sorted(PLACEHOLDER.findall(text)) not in allowed
        ]
    return wrong


@pytest.mark.parametrize("mistake", TYPOGRAPHY)
def test_it_is_set_as_french_is(mistake, committed):
    texts = [text for sentence in committed for text in sentence.texts]
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


# --- What a diner can be shown, in the other languages of the phone --------------------------------

THREE = pytest.mark.parametrize("language", diner_messages.LANGUAGES)
# The same word in both, or a name of the trade.
ALERT = "<b>%(name)s</b>: %(problem)s"
HAPPY = {"Happy hour", "Happy hour %(hours)s: %(price)s"}  # is called so there
AS_IN_ENGLISH = {
    "de": {"halal", "vegan", ALERT},
    "es": {"halal", "kosher", ALERT, *HAPPY},
    "it": {"halal", "kosher", ALERT, *HAPPY},
}
STRANGE = {
    "a straight apostrophe; write ’": r"'",
    "a straight quote": r'(?<!=)"(?!>)',
    "three full stops; write …": r"\.\.\.",
    "a space before : ; ! ? or », as in French": r"\s[:;!?»](?=\s|$)",
    "English in it": r"(?i)\b(the|your|you|please|orders?|table|cart|again|phone|and|of|this|nothing)\b",
    "French in it": r"(?i)\b(vous|votre|commande|caisse|carte|équipe|envoyé|couverts?)\b",
}
OF_ITS_OWN = {
    "de": {
        "quotes other than „ “": r"[«»”]",
        "a long dash; write –": "—",
        "the guest called du": r"(?i)\b(du|dein\w*|dich|dir|euch|euer)\b",
    },
    "es": {
        "a question or a cry that does not begin with ¿ or ¡": r"(^|[.:] )[^¿.:]*\?|(^|[.:] )[^¡.:]*!",
        "„": "„",
        "the guest called tú": r"(?i)\b(tú|tus?|te|ti|vosotr\w+|vuestr\w+)\b",
    },
    "it": {"„": "„", "the guest called tu": r"(?i)\b(tu|tuo|tua|tuoi|tue|te|ti)\b"},
}


def test_it_has_a_catalogue_for_every_language_of_the_phone():
    spoken = {code for code, _name in settings.LANGUAGES}
    assert spoken == {*languages.STAFF, *diner_messages.LANGUAGES}


@THREE
def test_it_says_to_diners_all_that_can_be_shown_to_them(language):
    """A sentence that is French and not in all of these would be French on a German page."""
    wanted = {sentence.key for sentence in for_diners(sentences(FRENCH))}
    assert len(wanted) > 200, f"only {len(wanted)} sentences are for diners"
    found = {sentence.key: sentence for sentence in sentences(catalogue(language))}
    missing = {key for key in wanted if key not in found or not all(found[key].texts)}
    assert not missing, (
        f"A diner can be shown these, and {language} lacks them. Run `make messages`, write each in "
        f"{catalogue(language).relative_to(ROOT)}, and run it again:"
        + listed(msgid for _context, msgid, _plural in missing)
    )
    unsaid = found.keys() - wanted
    assert not unsaid, f"{language} has what no diner is shown; run `make messages`:" + listed(
        msgid for _context, msgid, _plural in unsaid
    )


@THREE
def test_what_the_tool_writes_is_what_is_committed(language):
    same = diner_messages.written(language) == catalogue(language).read_text(encoding="utf-8")
    assert same, f"{language}: run `make messages`"


@THREE
def test_it_keeps_every_placeholder_for_diners_too(language):
    wrong = wrong_placeholders(sentences(catalogue(language)))
    assert not wrong, f"{language}: placeholders or tags differ from the English:" + listed(wrong)


@THREE
def test_it_has_both_forms_of_what_is_counted(language):
    """One is one, none and several are several: what French calls one, 0, is not."""
    counted = [sentence for sentence in sentences(catalogue(language)) if sentence.plural]
    assert counted
    with translation.override(language):
        for sentence in counted:
            assert len(sentence.texts) == 2
            for count, form in ((0, 1), (1, 0), (2, 1), (12, 1)):
                said = translation.ngettext(sentence.msgid, sentence.plural, count)
                assert said == sentence.texts[form]


@THREE
def test_it_is_set_as_that_language_is(language):
    wrong = [
        f"{mistake}: {text!r}"
        for sentence in sentences(catalogue(language))
        for text in sentence.texts
        for mistake, pattern in {**STRANGE, **OF_ITS_OWN[language]}.items()
        if re.search(pattern, PLACEHOLDER.sub("x", text))
    ]
    assert not wrong, f"{language} with" + listed(wrong)


@THREE
def test_it_leaves_no_english_to_diners(language):
    same = {
        sentence.msgid
        for sentence in sentences(catalogue(language))
        if sentence.msgid in sentence.texts
    }
    assert same == AS_IN_ENGLISH[language]


@THREE
def test_no_word_on_a_button_is_long(language):
    """390 px, one thumb: what stands on a button has room for about 34 letters."""
    on_buttons = (
        "Send the order", "Order — pay at the restaurant", "Add to the cart", "Take my order back", "Check again",
        "Order something else", "Join the party", "See the carte", "Open my cart", "Try again", "Read the carte",
        "Back to the carte", "There are more of us", "Show allergens", "Update", "Remove",
    )  # fmt: skip
    found = {sentence.msgid: sentence.texts[0] for sentence in sentences(catalogue(language))}
    assert [found[msgid] for msgid in on_buttons if len(found[msgid]) > 34] == []
