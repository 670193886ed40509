"""What a try to deliver can end in, named for what the register may have, not for HTTP.

An adapter classifies, the worker decides. Success is a `Receipt` (registers/base.py).
"""


class DeliveryError(Exception):
    """A try that did not end in a receipt. `reason` is a word for tables and logs, `detail` holds no secret."""

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        http_status: int | None = None,
        answer: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.http_status = http_status
        self.answer = answer
        self.retry_after = retry_after  # seconds that the register asks us to wait


class NotSent(DeliveryError):
    """The register surely does not have it: the same bytes can be sent again."""


class Uncertain(DeliveryError):
    """The register may have it: look it up, or send the same number again where the register drops doubles."""


class Rejected(DeliveryError):
    """The register has read it and refused it: nothing is booked, and sending it again changes nothing."""


class Misconfigured(DeliveryError):
    """Nothing can pass until a person changes something: the register pauses and its orders wait."""


class Unsupported(Exception):
    """This order cannot be said to this register. Raised while building, never dropped silently.

    `line` is the position of the ticket's line, from 0, or None where the whole order is meant.
    """

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
