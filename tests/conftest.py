"""What holds for every test."""

import pytest
from django.core.cache import cache
from django.utils import translation

from pos_bridge.registers import adapter_class


@pytest.fixture(autouse=True)
def _empty_cache():
    """A rolled back test gives its rows' numbers to the next one, and the cache would answer with the old carte; a
    made-up register is gone with its test.
    """
    cache.clear()
    adapter_class.cache_clear()


@pytest.fixture(autouse=True)
def _house_language():
    """A page that a test has asked for in English leaves this thread in English."""
    translation.deactivate()
