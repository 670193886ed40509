"""The words on the card of a table: the first that a diner reads."""

from django.utils import translation

from ordering import languages
from ordering.models import Restaurant

MOST = 3  # an eighth of an A4 page has no room for more


def card_words(restaurant: Restaurant) -> list[dict[str, str]]:
    """The card's sentences in the restaurant's first languages, each in the nearest that Tablée speaks, none twice."""
    words: list[dict[str, str]] = []
    spoken = dict.fromkeys(map(languages.interface, restaurant.languages))
    for language in list(spoken)[:MOST]:
        with translation.override(language):
            words.append(
                {
                    "language": language,
                    "scan": translation.gettext("Scan to see the carte and order"),
                    "safe": translation.gettext("No payment, no account asked for here"),
                    "table": translation.gettext("Table"),
                }
            )
    return words
