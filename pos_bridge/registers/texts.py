"""Texts as a register can take them: nothing that a printer would obey, and never longer than it says."""

import unicodedata
from collections.abc import Iterator

CUT = "…"
_JOINER = "\u200d"


def clean(text: str) -> str:
    """Without control characters, which a printer would obey, and without halves of characters, which are not
    UTF-8.
    """
    readable = {"Cc": " ", "Cs": ""}
    return "".join(readable.get(unicodedata.category(each), each) for each in text).strip()


def length(text: str) -> int:
    """In units of UTF-16, as the strictest of those that say “characters” count: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def shorten(text: str, longest: int) -> str:
    """The text, or its beginning and “…”, `longest` units long at most, with no character broken: no accent without
    its letter, no emoji without its other half. Empty where not even the first one fits.
    """
    if length(text) <= longest:
        return text
    kept = ""
    for character in characters(text):
        if length(kept + character + CUT) > longest:
            break
        kept += character
    kept = kept.rstrip()
    return kept + CUT if kept else ""


def characters(text: str) -> Iterator[str]:
    """What a reader takes for one character: a letter with its accents, a flag, a family of emoji."""
    cluster = ""
    for each in text:
        if cluster and not _belongs(cluster, each):
            yield cluster
            cluster = ""
        cluster += each
    if cluster:
        yield cluster


def _belongs(cluster: str, each: str) -> bool:
    """The rules of Unicode for clusters (UAX 29), but for a few scripts that need tables of their own."""
    if unicodedata.category(each) in {"Mn", "Mc", "Me"} or each in {_JOINER, "\u200c"}:
        return True
    point = ord(each)
    if (
        0x1F3FB <= point <= 0x1F3FF or 0xE0020 <= point <= 0xE007F
    ):  # colours of skin, regions of flags
        return True
    if cluster[-1] == _JOINER:
        return True
    if 0x1160 <= point <= 0x11FF:  # what follows in a Korean syllable
        return 0x1100 <= ord(cluster[-1]) <= 0x11FF
    return _is_flag(each) and _is_flag(cluster[-1]) and len(cluster) % 2 == 1


def _is_flag(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF
