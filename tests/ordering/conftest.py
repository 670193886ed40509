"""The cast of whoever serves: the house Chez Alice, and Bob, its waiter, who is logged in and reads English."""

import pytest

from tests.ordering.admin_cast import person
from tests.ordering.staff_cast import house


@pytest.fixture
def a():
    return house()


@pytest.fixture
def bob(a, client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    user = person("bob", service=[a])
    client.force_login(user)
    return user
