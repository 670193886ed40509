"""What holds for every test."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _empty_cache():
    """A rolled back test gives its rows' numbers to the next one, and the cache would answer with the old carte."""
    cache.clear()
