"""Which sentences a diner can be shown. German, Italian and Spanish have those and no others, for the staff's words
exist in French and English only: `python -m tests.diner_messages` writes their .po files anew from the French one.

What was translated stays, what is new stands there empty, what nobody says any more goes.
"""

import ast
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

LOCALE = Path(__file__).parent.parent / "ordering" / "locale"
LANGUAGES = ("de", "es", "it")
# Whoever writes a sentence for diners elsewhere moves it here, or adds its file.
PATHS = (
    "templates/diner/",
    "ordering/diner/",
    "ordering/services/problems.py",
    "ordering/templatetags/diner.py",
    # On paper, for guests.
    *(
        f"templates/admin/ordering/restaurant/{name}.html"
        for name in ("allergens", "paper", "printed", "slip", "_paper_choices")
    ),
)
HEADER = r"""#
msgid ""
msgstr ""
"Project-Id-Version: Tablée\n"
"Report-Msgid-Bugs-To: \n"
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"""


@dataclass
class Sentence:
    """One entry of a .po file."""

    context: str = ""
    msgid: str = ""
    plural: str = ""
    texts: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str]:
        return self.context, self.msgid, self.plural

    @property
    def fuzzy(self) -> bool:
        return any(re.search(r"^#,.*\bfuzzy\b", line) for line in self.comments)

    @property
    def files(self) -> list[str]:
        return [
            path for line in self.comments if line.startswith("#:") for path in line[2:].split()
        ]


def catalogue(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def sentences(po: Path) -> list[Sentence]:
    """What a .po file holds, without its header and what is commented out."""
    found = []
    for block in po.read_text(encoding="utf-8").split("\n\n"):
        said, name = {}, ""
        lines = block.strip("\n").splitlines()
        for line in lines:
            if start := re.match(r'(msg\w+(?:\[\d\])?) (?=")', line):
                name = start[1]
            if start or (line.startswith('"') and name):
                said[name] = said.get(name, "") + ast.literal_eval(line[line.index('"') :])
        if said.get("msgid"):
            texts = [text for name, text in said.items() if name.startswith("msgstr")]
            comments = [line for line in lines if line.startswith("#")]
            context, plural = said.get("msgctxt", ""), said.get("msgid_plural", "")
            found.append(Sentence(context, said["msgid"], plural, texts, comments))
    return found


def for_diners(french: list[Sentence]) -> list[Sentence]:
    """Those of the French sentences that a diner can be shown: by where they are said, and the names of allergens and
    diets, which stand among the words of admin.
    """
    from django.utils import translation

    from ordering.models import ALLERGENS, DIETS

    with translation.override(None):
        names = {str(name) for table in (ALLERGENS, DIETS) for name in table.values()}
    return [
        sentence
        for sentence in french
        if any(file.startswith(PATHS) for file in sentence.files)
        or (sentence.msgid in names and not sentence.context)
    ]


def written(language: str) -> str:
    """The .po file of this language as it should be."""
    path = catalogue(language)
    known = {one.key: one.texts for one in sentences(path)} if path.exists() else {}
    blocks = [HEADER.format(language=language)]
    for sentence in for_diners(sentences(catalogue("fr"))):
        empty = [""] * (2 if sentence.plural else 1)
        # Where French was guessed anew, these have nothing.
        flags = [
            line.replace(" fuzzy,", "") for line in sentence.comments if line.startswith("#, ")
        ]
        lines = [line for line in flags if "fuzzy" not in line]
        lines += [f"msgctxt {quoted(sentence.context)}"] if sentence.context else []
        lines += [f"msgid {quoted(sentence.msgid)}"]
        texts = known.get(sentence.key, empty)
        if sentence.plural:
            lines += [f"msgid_plural {quoted(sentence.plural)}"]
            lines += [f"msgstr[{place}] {quoted(text)}" for place, text in enumerate(texts)]
        else:
            lines += [f"msgstr {quoted(texts[0])}"]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordering.settings")
    django.setup()
    for language in LANGUAGES:
        text = written(language)
        catalogue(language).parent.mkdir(parents=True, exist_ok=True)
        catalogue(language).write_text(text, encoding="utf-8")
