"""A wrong setting of the bridge is said in words before service starts."""

import pytest
from django.core.checks import run_checks

from pos_bridge import checks

pytestmark = pytest.mark.pure


def found(**options):
    ids = {each.id or "" for each in run_checks(**options)}
    return {each for each in ids if each.startswith("pos_bridge.")}


def test_the_settings_are_right_as_they_are():
    assert found(include_deployment_checks=True) == set()


@pytest.mark.parametrize(
    "host", ["http://192.168.1.20", "192.168.1.20/", "a b", "::1", "user@host", ""]
)
def test_it_names_a_host_that_is_none(settings, host):
    settings.REGISTER_HOSTS_ALLOWED = ["127.0.0.1:9500", host]
    assert found() == {"pos_bridge.E001"}


@pytest.mark.parametrize("host", ["caisse.local", "192.168.1.20", "127.0.0.1:9500", "[::1]:9500"])
def test_it_takes_hosts_with_and_without_a_port(settings, host):
    settings.REGISTER_HOSTS_ALLOWED = [host]
    assert found() == set()


@pytest.mark.parametrize("divisor", [0, -1])
def test_time_can_only_be_divided_by_something(settings, divisor):
    settings.TIME_DIVISOR = divisor
    assert found() == {"pos_bridge.E002"}


def test_a_production_set_up_does_not_shorten_deadlines(settings):
    settings.TIME_DIVISOR = 20
    assert found() == set()
    assert found(include_deployment_checks=True) == {"pos_bridge.W001"}


def test_a_lease_outlasts_a_post_f35(monkeypatch):
    monkeypatch.setattr(checks, "LEASE", 15.0)
    assert found() == {"pos_bridge.E003"}
