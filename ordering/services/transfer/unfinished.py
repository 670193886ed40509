"""What stands in a restaurant and cannot stand in its file yet: a carte that is made by hand has such moments.

It is left out with a word about it, so that the rest can travel: a file that its own import refuses is no copy.
"""

from typing import Any

from django.utils.translation import gettext_noop as _

from ordering.restaurant_file.mistakes import listed, show
from ordering.restaurant_file.parts import named
from ordering.restaurant_file.sentences import Sentence

Data = dict[str, Any]


def leave_out(data: Data) -> list[Sentence]:
    """Take it out of the data. Returns a sentence for each."""
    return [
        *_descriptions(data),
        *_option_groups(data),
        *_set_menus(data),
    ]


def _descriptions(data: Data) -> list[Sentence]:
    """Those that were written before the restaurant chose another first language, and not in that one."""
    house = data["languages"][0]
    said = []
    for path, item in named(data):
        texts = item.get("description", {house: ""})
        if house not in texts:
            del item["description"]
            text = _(
                "The description of %(key)s in %(place)s is left out: it is written in %(languages)s, and not in "
                "%(house)s, the restaurant's first language."
            )
            values = {"key": show(item["key"]), "place": path[0], "house": house}
            said.append(Sentence(text, languages=listed(list(texts)), **values))
    return said + _legal_texts(data, house)


def _legal_texts(data: Data, house: str) -> list[Sentence]:
    legal = data.get("legal_texts", {})
    lost = [name for name, texts in legal.items() if house not in texts]
    text = _(
        "The text %(name)s of legal_texts is left out: it is written in %(languages)s, and not in %(house)s, the "
        "restaurant's first language."
    )
    said = [
        Sentence(text, name=show(name), languages=listed(list(legal.pop(name))), house=house)
        for name in lost
    ]
    if lost and not legal:
        del data["legal_texts"]
    return said


def _option_groups(data: Data) -> list[Sentence]:
    empty = _take(data, "option_groups", "options")
    for product in data["products"]:
        _forget(product, "option_groups", empty)
        if not product.get("option_groups", True):
            del product["option_groups"]
    text = _("The option group %(key)s is left out: it has no options.")
    return [Sentence(text, key=show(key)) for key in empty]


def _set_menus(data: Data) -> list[Sentence]:
    text = _(
        "The course %(key)s of the set menu %(menu)s is left out: nothing can be chosen in it."
    )
    said = [
        Sentence(text, key=show(key), menu=show(menu["key"]))
        for menu in data.get("set_menus", [])
        for key in _take(menu, "courses", "choices")
    ]
    empty = _take(data, "set_menus", "courses")
    for category in data["categories"]:
        _forget(category, "items", empty)
    text = _("The set menu %(key)s is left out: it has no courses.")
    return said + [Sentence(text, key=show(key)) for key in empty]


def _take(whole: Data, name: str, inner: str) -> list[str]:
    """Remove from the list `name` what has nothing in its own list `inner`; their keys."""
    items = whole.get(name, [])
    empty = [item["key"] for item in items if not item[inner]]
    if empty:
        whole[name] = [item for item in items if item[inner]]
    if empty and not whole[name] and name != "courses":
        # As it is written where there never was one.
        del whole[name]
    return empty


def _forget(whole: Data, name: str, keys: list[str]) -> None:
    if name in whole:
        whole[name] = [key for key in whole[name] if key not in keys]
