"""Set menus in a Tiller order: the menu's line, then its choices at price 0, each with what it costs alone.

The page says that a product in a set menu has price 0 and an `initialPrice`, and not where it stands. Assumed: as lines
of their own, right behind the menu's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pos_bridge.simulator.catalogue import Article, Catalogue, Menu
from pos_bridge.simulator.json_text import Members, shown, whole
from pos_bridge.simulator.verdict import Basis


class Menus:
    """Is shown the lines in reading order; `wrong` is told what breaks a rule."""

    def __init__(self, catalogue: Catalogue, wrong: Callable[..., None]) -> None:
        self._catalogue = catalogue
        self._wrong = wrong
        self._menu: Menu | None = None
        self._path = ""
        self._times = 0
        self._chosen = 0
        self._first = True

    def line(self, line: Members, path: str, known: Sequence[object]) -> None:
        if "initialPrice" in line:
            self._choice(line, path, known)
        else:
            self.end()
            menus = [each.menu for each in known if isinstance(each, Article) and each.menu]
            self._menu = menus[0] if menus else None
            self._path, self._times, self._chosen = path, whole(line.get("quantity")) or 0, 0
        self._first = False

    def end(self) -> None:
        """The menu's choices are all there."""
        menu, self._menu = self._menu, None
        if menu is None:
            return
        least, most = menu.least * self._times, menu.most * self._times
        if not least <= self._chosen <= most:
            text = f"ce menu a de {least} à {most} choix, il y en a {self._chosen}"
            self._wrong(self._path, text)

    def _choice(self, line: Members, path: str, known: Sequence[object]) -> None:
        if self._first:
            self._wrong(f"{path}.initialPrice", "aucune formule avant cette ligne", Basis.ASSUMED)
        elif self._menu is None and not self._catalogue.knows_all:
            self._wrong(f"{path}.initialPrice", "la ligne d'avant n'est pas une formule")
        if whole(line.get("price")) != 0:
            text = f"doit être 0 dans une formule, c'est {shown(line.get('price'))}"
            self._wrong(f"{path}.price", text)
        number = whole(line.get("productId"))
        if self._menu and known and number not in self._menu.supplements:
            self._wrong(f"{path}.productId", "n'est pas un choix de cette formule")
        self._chosen += whole(line.get("quantity")) or 0
