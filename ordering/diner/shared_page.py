"""A page that is the same for all guests of a house but for a few words of each: drawn and compressed once, with a mark
where a guest's own words come, and joined for each answer.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from ordering.diner import kept
from ordering.diner.squeezed import Squeezed, gzip, squeeze, store

# What stands in a shared page where a guest's own words come; letters that an address may hold too.
OWN = {
    name: f"own-7d3f8a61c2e94b50-{name}"
    for name in ("code", "version", "token", "number", "seated", "cart")
}
_OWN = re.compile("({})".format("|".join(OWN.values())))
_NAMES = {mark: name for name, mark in OWN.items()}
_SECTION = '<section id="c-'
_DISH = re.compile(r'href="p/([^/"]+)/')
# "gzip;q=0" says that it does not.
_ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


@dataclass(frozen=True)
class Piece:
    """Of what all share, a section of the carte or what stands around them; `dishes`: the keys of those in it."""

    text: str
    dishes: frozenset[str]


@dataclass(frozen=True)
class SharedPage:
    """`parts`: what all share, in pieces, and names of OWN. `key` tells two pages apart."""

    parts: tuple[tuple[Piece, ...] | str, ...]
    key: str


def cut(html: str, key: str) -> SharedPage:
    """A page drawn with OWN's marks, in parts."""
    return SharedPage(tuple(_NAMES.get(text) or _pieces(text) for text in _OWN.split(html)), key)


def _pieces(text: str) -> tuple[Piece, ...]:
    before, *sections = text.split(_SECTION)
    texts = [before, *(f"{_SECTION}{each}" for each in sections)]
    return tuple(Piece(each, frozenset(_DISH.findall(each))) for each in texts)


def answer(
    request: HttpRequest,
    page: SharedPage,
    own: Mapping[str, str],
    counted: Mapping[str, int],
    count: Callable[[str], str],
) -> HttpResponse:
    """The page with a guest's own words (HTML, by the names of OWN), and what `count` makes of a section in which
    one of the `counted` dishes stands.
    """
    key = f"squeezed:{page.key}:{sorted(counted.items())}"
    shared = kept.pages.kept(key, lambda: list(_squeezed(page, counted, count)))
    words = {name: store(text) for name, text in own.items()}
    parts = [words[part] if isinstance(part, str) else part for part in shared]
    if _ACCEPTS_GZIP.search(request.headers.get("Accept-Encoding", "")):
        response = HttpResponse(gzip(parts), headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(b"".join(part.text for part in parts))
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _squeezed(
    page: SharedPage, counted: Mapping[str, int], count: Callable[[str], str]
) -> Iterator[Squeezed | str]:
    """Compressed together is what stands together and is the same for all; and each section with a count by itself,
    which is kept too, for many tables have one beer and nothing else of the drinks.
    """
    for place, part in enumerate(page.parts):
        if isinstance(part, str):
            yield part
            continue
        begins = 0
        for here, run in groupby(part, lambda piece: _here(piece, counted)):
            pieces = list(run)
            key = f"run:{page.key}:{place}:{begins}:{len(pieces)}:{here}"
            begins += len(pieces)
            keep = kept.pages.kept if here else kept.on_machine
            yield keep(key, partial(_together, pieces, here, count))


def _here(piece: Piece, counted: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple((key, counted[key]) for key in sorted(piece.dishes & counted.keys()))


def _together(pieces: list[Piece], here: object, count: Callable[[str], str]) -> Squeezed:
    text = "".join(piece.text for piece in pieces)
    return squeeze(count(text) if here else text)
