"""What holds for every test."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import translation

from ordering.diner import kept
from pos_bridge.registers import adapter_class


@pytest.fixture(autouse=True)
def _empty_cache():
    """A rolled back test gives its rows' numbers to the next one, and the cache would answer with the old carte; a
    made-up register is gone with its test.
    """
    cache.clear()
    kept.forget()
    adapter_class.cache_clear()


@pytest.fixture
def counted_versions(monkeypatch):
    """Each change of a carte is one version more, so that a test can count them."""
    monkeypatch.setattr("ordering.services.carte._moment", lambda: 0)


@pytest.fixture(autouse=True)
def _house_language():
    """A page that a test has asked for in English leaves this thread in English."""
    translation.deactivate()


USE_THE_DATABASE = {"db", "transactional_db", "live_server"}


def pytest_collection_modifyitems(config, items):
    """What touches no database runs once, on SQLite's turn."""
    if connection.vendor == "sqlite":
        return
    with_database = [
        item
        for item in items
        if item.get_closest_marker("django_db") or USE_THE_DATABASE & set(item.fixturenames)
    ]
    config.hook.pytest_deselected(items=[each for each in items if each not in with_database])
    items[:] = with_database
