"""T25, P25: a register's address is a way into the network around us, so few are allowed.

T37: a test installation never reaches the real till.
"""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_bridge import address
from pos_bridge.registers.network import Network, is_public, literal, place

pytestmark = pytest.mark.pure


@pytest.fixture(autouse=True)
def _settings(settings):
    settings.REGISTER_HOSTS_ALLOWED = ["192.168.1.20", "127.0.0.1:9500", "caisse.local"]
    settings.HTTPS = True


@pytest.mark.parametrize(
    "base_url",
    [
        "https://caisse.example.fr",
        "https://caisse.example.fr/",
        "https://Caisse.Example.fr:8443/leo2/",
        "https://caisse.example.fr.",
        "https://8.8.8.8",
        "https://[2a00:1450:4007::1]",
        "https://[64:ff9b::8.8.8.8]",
        # Named in REGISTER_HOSTS_ALLOWED, with their port or with any.
        "http://192.168.1.20",
        "http://192.168.1.20:9500/api",
        "http://127.0.0.1:9500",
        "http://CAISSE.local",
        "https://caisse.local",
    ],
)
def test_it_takes_https_and_the_hosts_of_the_setting(base_url):
    assert address.problem(base_url) is None


@pytest.mark.parametrize(
    "base_url",
    [
        "https://localhost",
        "https://LOCALHOST.",
        "https://caisse.localhost",
        "https://127.0.0.1",
        "https://127.1",
        "https://127.0.0.1.",
        "https://0x7f000001",
        "https://0x7f.1",
        "https://2130706433",
        "https://017700000001",
        "https://0",
        "https://0.0.0.0",
        "https://10.0.0.1",
        "https://172.16.3.4",
        "https://192.168.1.21",
        "https://100.64.0.1",
        "https://169.254.169.254/latest/meta-data",
        "https://224.0.0.1",
        "https://255.255.255.255",
        "https://[::1]",
        "https://[::]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:7f00:1]",
        "https://[fe80::1]",
        "https://[fd00:ec2::254]",
        "https://[64:ff9b::7f00:1]",
        "https://[2002:7f00:1::]",
        "https://[ff02::1]",
        "https://[::127.0.0.1]",
        "https://[::8.8.8.8]",
        "https://[64:ff9b::10.0.0.1]",
        "https://[64:ff9b::169.254.169.254]",
        "https://[64:ff9b:1::1]",
        "https://[64:ff9b:1:ffff::8.8.8.8]",
        "https://[fec0::1]",
        "https://[feff::1]",
        "https://[5f00::1]",
        "https://[3fff::1]",
        "https://[3fff:fff:ffff::1]",
        "https://[2001:db8::1]",
        "https://[4000::1]",
        # The port is another one than the setting names.
        "https://127.0.0.1:9501",
    ],
)
def test_it_refuses_this_machine_and_the_networks_around_it_in_every_notation(base_url):
    assert "REGISTER_HOSTS_ALLOWED" in (address.problem(base_url) or "")


@pytest.mark.parametrize(
    "base_url", ["http://caisse.example.fr", "HTTP://8.8.8.8", "http://127.0.0.1:9501"]
)
def test_it_wants_https(base_url):
    assert "https://" in (address.problem(base_url) or "")


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "caisse.example.fr",
        "ftp://caisse.example.fr",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "https://good@bad.example",
        "https://good:secret@bad.example",
        "https://caisse.example.fr?x=1",
        "https://caisse.example.fr#x",
        "https://caisse.example.fr/a?pub_key=1",
        "https://caisse.example.fr\\@bad.example",
        "https://caisse.example.fr /",
        " https://caisse.example.fr",
        "https://caisse.example.fr\n",
        "https://caisse.example.fr/\r\nX-Header: 1",
        "https://caisse.exämple.fr",
        "https://１２７.0.0.1",
        "https://caisse.example.fr:0",
        "https://caisse.example.fr:65536",
        "https://caisse.example.fr:abc",
        "https://[::1%25eth0]",
        "https://a..%2e",
        "https://caisse.example.fr/%2e%2e/",
    ],
)
def test_it_refuses_what_is_not_plainly_an_address(base_url):
    assert "https://" in (address.problem(base_url) or "")
    assert place(base_url) is None


@given(st.integers(0, 2**32 - 1))
def test_it_reads_every_notation_of_an_ipv4_address_as_the_resolver_does(number):
    dotted = str(ipaddress.IPv4Address(number))
    a, b, c, d = dotted.split(".")
    short = f"{a}.{b}.{int(c) * 256 + int(d)}"
    for text in (dotted, str(number), hex(number), f"0{number:o}", short, f"[::ffff:{dotted}]"):
        read = literal(text)
        read = getattr(read, "ipv4_mapped", None) or read
        assert str(read) == dotted, text


@given(st.ip_addresses())
def test_it_calls_nothing_public_that_the_registry_does_not(found):
    if is_public(found):
        assert found.is_global
        assert not any([found.is_private, found.is_loopback, found.is_link_local])


def test_it_says_so_in_french(settings):
    from django.utils import translation

    with translation.override("fr"):
        assert address.problem("nonsense")


def test_a_test_installation_speaks_to_nobody_but_the_hosts_of_the_setting_t37(settings):
    settings.HTTPS = False
    network = address.network()
    assert not network.production
    assert network.allows("127.0.0.1", 9500)
    assert not network.allows("caisse.example.fr", 443)
    # The address may be saved, for a copy of the restaurant to be looked at.
    assert address.problem("https://caisse.example.fr") is None


def test_an_adapter_that_is_told_nothing_speaks_to_public_hosts_over_https_only():
    assert Network() == Network(allowed=frozenset(), production=True, divisor=1.0)
