"""Two cartes to come of one house: what the later one would silently set back to as it is today."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_noop as _

from ordering.restaurant_file.sentences import Sentence
from ordering.services.transfer.differences import STOCK, differences

Data = Mapping[str, Any]


def set_back(today: Data, first: Data, second: Data, *, hour: str) -> Iterator[Sentence]:
    """Sentences for whoever stores one of the two. All three are whole files, `first` and `second` as they would be put
    into `today`; `hour`: of the other draft, as the manager reads it. What the second says by itself is meant so.
    """
    of_first = {(each.thing, each.field): each for each in differences(today, first)}
    for each in differences(first, second):
        made = of_first.get((each.thing, each.field))
        if made and not made.new and each.after == made.before and each.field not in STOCK:
            text = _(
                "%(thing)s: %(field)s would be %(after)s again, and %(before)s only between this carte and the one of "
                "%(hour)s"
            )
            said = {name: getattr(each, name) for name in ("thing", "field", "before", "after")}
            yield Sentence(text, **said, hour=hour)
