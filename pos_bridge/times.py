"""Durations, which one setting divides all at once, and how far a clock is believed."""

from datetime import timedelta

from django.conf import settings

# What was written by so much later than now was written before the clock was set back, and its age is unknown (F38).
# Machines that work together differ by less. Not divided: it is about clocks, not about waiting.
SKEW = timedelta(seconds=5)


def seconds(amount: float) -> timedelta:
    """A duration in seconds, divided by settings.TIME_DIVISOR."""
    return timedelta(seconds=amount / settings.TIME_DIVISOR)
