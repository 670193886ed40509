"""What stands in a restaurant and cannot stand in its file yet: a carte that is made by hand has such moments.

It is left out with a word about it, so that the rest can travel: a file that its own import refuses is no copy.
"""

from typing import Any

from ordering.restaurant_file.mistakes import listed, show
from ordering.restaurant_file.parts import named

Data = dict[str, Any]


def leave_out(data: Data) -> list[str]:
    """Take it out of the data. Returns a sentence for each."""
    return [
        *_descriptions(data),
        *_option_groups(data),
        *_set_menus(data),
    ]


def _descriptions(data: Data) -> list[str]:
    """Those that were written before the restaurant chose another first language, and not in that one."""
    house = data["languages"][0]
    said = []
    for path, item in named(data):
        texts = item.get("description", {house: ""})
        if house not in texts:
            del item["description"]
            said.append(
                f"The description of {show(item['key'])} in {path[0]} is left out: it is written in "
                f"{listed(list(texts))}, and not in {house}, the restaurant's first language."
            )
    return said + _legal_texts(data, house)


def _legal_texts(data: Data, house: str) -> list[str]:
    legal = data.get("legal_texts", {})
    lost = [name for name, texts in legal.items() if house not in texts]
    said = [
        f"The text {show(name)} of legal_texts is left out: it is written in "
        f"{listed(list(legal.pop(name)))}, and not in {house}, the restaurant's first language."
        for name in lost
    ]
    if lost and not legal:
        del data["legal_texts"]
    return said


def _option_groups(data: Data) -> list[str]:
    empty = _take(data, "option_groups", "options")
    for product in data["products"]:
        _forget(product, "option_groups", empty)
        if not product.get("option_groups", True):
            del product["option_groups"]
    return [f"The option group {show(key)} is left out: it has no options." for key in empty]


def _set_menus(data: Data) -> list[str]:
    said = [
        f"The course {show(key)} of the set menu {show(menu['key'])} is left out: nothing can be "
        "chosen in it."
        for menu in data.get("set_menus", [])
        for key in _take(menu, "courses", "choices")
    ]
    empty = _take(data, "set_menus", "courses")
    for category in data["categories"]:
        _forget(category, "items", empty)
    return said + [f"The set menu {show(key)} is left out: it has no courses." for key in empty]


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
