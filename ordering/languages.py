"""Which language is spoken where: the diner's interface, the staff's pages, and which way a language is written."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import get_language_info

# Admin, alarms and the other words for staff are written in these only; the diner's pages in all of settings.LANGUAGES.
STAFF = ("fr", "en")
# What is read by everybody who speaks it. Any other language has English around its texts.
NEAREST = {
    "an": "es", "ast": "es", "ca": "es", "eu": "es", "gl": "es",
    "br": "fr", "co": "fr", "frp": "fr", "gcf": "fr", "gcr": "fr", "oc": "fr", "rcf": "fr", "wa": "fr",
    "bar": "de", "dsb": "de", "gsw": "de", "hsb": "de", "lb": "de", "nds": "de", "swb": "de",
    "fur": "it", "lmo": "it", "nap": "it", "sc": "it", "scn": "it", "vec": "it",
}  # fmt: skip
RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"}
SCRIPTS = {"arab": True, "hebr": True, "latn": False, "cyrl": False, "deva": False}


def base(language: str) -> str:
    """ "pt" of "pt-BR"."""
    return language.lower().partition("-")[0]


def interface(language: str) -> str:
    """The language of the interface for who reads the carte in this one: the same, else the nearest, else English."""
    spoken = [code for code, _name in settings.LANGUAGES]
    nearest = NEAREST.get(base(language), "")
    return next(
        (code for code in (language.lower(), base(language), nearest) if code in spoken), "en"
    )


def of_staff(language: str) -> str:
    """The language in which the staff of a house of this language is spoken to, where no browser says another."""
    return base(language) if base(language) in STAFF else "en"


def chosen(wishes: Iterable[Any], offered: list[str]) -> str:
    """The first wish that is offered, exactly or as the same language of another country, else the first offered."""
    for wish in wishes:
        if not isinstance(wish, str):
            continue
        same = [code for code in offered if base(code) == base(wish)]
        exact = [code for code in same if code.lower() == wish.lower()]
        plain = [code for code in same if code == base(wish)]
        if same:
            return (exact + plain + same)[0]
    return offered[0]


def is_right_to_left(language: str) -> bool:
    """Arabic, Hebrew and so on; a script in the code ("uz-Arab") decides."""
    for part in language.lower().split("-")[1:]:
        if part in SCRIPTS:
            return SCRIPTS[part]
    return base(language) in RIGHT_TO_LEFT


def own_name(language: str) -> str:
    """ "Français", "Português (Brasil)"; the code where Django knows no name."""
    try:
        return str(capfirst(get_language_info(language.lower())["name_local"]))
    except KeyError:
        return language
