"""What no log, no traceback and no error mail may show."""


class Secret:
    """A text that must not be printed: an address with a key in its query. Shown anywhere, it is dots."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "••••"

    __str__ = __repr__

    def reveal(self) -> str:
        return self._text
