"""T25: networks in REGISTER_HOSTS_ALLOWED, judged by the address that a name leads to."""

import socket

import pytest
from django.core.checks import run_checks

from pos_bridge import address
from pos_bridge.errors import Misconfigured
from pos_bridge.registers.leo2 import Leo2
from pos_bridge.registers.network import Network, literal, subnet
from tests.pos_bridge.far_end import answering
from tests.pos_bridge.test_http import OK, Server, post

pure = pytest.mark.pure
wire = pytest.mark.wire


@pure
@pytest.mark.parametrize("text", ["192.168.1.0/24", "10.0.0.0/8", "fd00::/64", "[fd00::]/64"])
def test_it_reads_a_network(text):
    assert subnet(text) is not None


@pure
@pytest.mark.parametrize(
    "text",
    ["192.168.1.0", "192.168.1.7/24", "192.168.1.0/33", "0.0.0.0/0", "::/0", "a/24", "/24", "/"],
)
def test_it_takes_no_host_no_nonsense_and_not_the_whole_world_for_a_network(text):
    assert subnet(text) is None


@pure
def test_an_address_of_a_network_may_be_spoken_to_in_every_notation(settings):
    settings.REGISTER_HOSTS_ALLOWED = ["192.168.1.0/24", "fd00:1::/32"]
    settings.HTTPS = True
    for host in (
        "192.168.1.20",
        "192.168.1.255:8080",
        "3232235796",
        "[fd00:1::5]",
        "[::ffff:192.168.1.20]",
    ):
        assert address.problem(f"http://{host}") is None, host
    for host in ("192.168.2.20", "10.0.0.1", "127.0.0.1", "[fd00:2::5]", "localhost", "[::1]"):
        assert address.problem(f"http://{host}") is not None, host
        assert address.problem(f"https://{host}") is not None, host
    # Where it leads is judged when it is spoken to; a host that is not in the list may be one of the network.
    assert address.problem("http://caisse.local") is None


@pure
def test_without_a_network_a_name_needs_https_as_before(settings):
    settings.REGISTER_HOSTS_ALLOWED = ["192.168.1.20"]
    settings.HTTPS = True
    assert "https://" in (address.problem("http://caisse.local") or "")


@pure
def test_a_network_that_is_none_is_said_in_words_before_service(settings):
    def found():
        return [each.id for each in run_checks() if (each.id or "").startswith("pos_bridge.")]

    settings.REGISTER_HOSTS_ALLOWED = ["192.168.1.0/24", "caisse.local", "127.0.0.1:9500"]
    assert found() == []
    for wrong in ("192.168.1.7/24", "0.0.0.0/0", "192.168.1.0/"):
        settings.REGISTER_HOSTS_ALLOWED = [wrong]
        assert found() == ["pos_bridge.E001"], wrong


def leading_to(monkeypatch, *resolved):
    """Every name leads there, whatever the machine's own resolver knows."""

    def found(host, port, **_):
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in each], socket.SOCK_STREAM, 6, "", (each, port)) for each in resolved]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def network(*texts, production=True):
    return Network(
        networks=tuple(filter(None, map(subnet, texts))), production=production, divisor=10
    )


@wire
@pytest.mark.parametrize("production", [True, False])
def test_a_name_that_leads_into_the_network_is_spoken_to(monkeypatch, production):
    leading_to(monkeypatch, "127.0.0.1")
    with Server(answering(OK)) as server:
        here = network("127.0.0.0/8", production=production)
        assert post(server.url(host="caisse.test"), here).status == 200
    assert len(server.requests) == 1


@wire
@pytest.mark.parametrize(
    ("resolved", "scheme"),
    [
        (["127.0.0.1"], "http"),
        (["127.0.0.1"], "https"),
        (["10.1.0.5", "127.0.0.1"], "https"),
        # In public only over HTTPS: the key is in the address.
        (["8.8.8.8"], "http"),
        (["169.254.169.254"], "http"),
        (["::1"], "https"),
    ],
)
def test_a_name_that_leads_elsewhere_is_not(monkeypatch, resolved, scheme):
    leading_to(monkeypatch, *resolved)
    with Server(answering(OK)) as server:
        with pytest.raises(Misconfigured) as wrong:
            post(server.url(scheme, "caisse.test"), network("10.1.0.0/24"))
        assert server.requests == []
    assert wrong.value.reason == "address_refused"


@wire
def test_the_adapter_itself_speaks_only_to_what_the_network_holds(monkeypatch):
    leading_to(monkeypatch, "127.0.0.1")
    with Server(answering(OK)) as server:
        base = server.url(host="caisse.test").reveal().partition("/api")[0]
        keys = {"shop": "S", "pub_key": "K"}
        with pytest.raises(Misconfigured) as wrong:
            Leo2(base, keys, {}, network("10.1.0.0/24")).check()
        assert wrong.value.reason == "address_refused"
        assert server.requests == []
        with pytest.raises(Misconfigured):
            # Numbers are judged before anything is opened.
            Leo2(base.replace("caisse.test", "127.0.0.1"), keys, {}, network("10.1.0.0/24")).check()
    assert server.requests == []


@pure
def test_a_mapped_address_is_the_one_that_it_wraps():
    here = network("10.1.0.0/24")
    assert here.holds(literal("[::ffff:10.1.0.5]"))
    assert not here.holds(literal("[::ffff:10.2.0.5]"))
