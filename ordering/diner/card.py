"""The words on the card of a table: the first that a diner reads."""

from django.utils import translation

from ordering import languages
from ordering.models import Restaurant


def card_words(restaurant: Restaurant) -> list[dict[str, str]]:
    """The card's sentences in the restaurant's languages, each in the nearest that Tablée speaks, none twice."""
    words: list[dict[str, str]] = []
    for language in dict.fromkeys(map(languages.interface, restaurant.languages)):
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
