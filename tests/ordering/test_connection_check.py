"""T25: "check the connection" says a class of result in words, and is no way into the network."""

import pytest
from django.urls import reverse

from pos_bridge.models import Register
from tests import factories
from tests.ordering.admin_cast import person
from tests.pos_bridge.far_end import Server, answering

pytestmark = [pytest.mark.wire, pytest.mark.django_db, pytest.mark.once]

RAW = "root:x:0:0:/bin/sh PRETTY-SECRET-of-the-neighbour"
KEY = "KEY-that-nobody-may-see-1234"


def http(status, body, content_type="application/json", extra=""):
    return (
        f"HTTP/1.1 {status}\nContent-Type: {content_type}\n{extra}"
        f"Content-Length: {len(body)}\n\n{body}"
    )


@pytest.fixture
def register(client):
    house = factories.restaurant()
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(person("alice", manager=[house]))
    return factories.register(house, credentials={"shop": "SHOP1", "pub_key": KEY})


def checked(client, register, base_url):
    # As it may stand in a database whatever a form would say.
    Register.objects.filter(pk=register.pk).update(base_url=base_url)
    address = reverse("admin:pos_bridge_register_check", args=[register.pk])
    page = client.post(address, follow=True).content.decode()
    assert RAW not in page
    assert KEY not in page
    return page


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(200, "[]"), "it answers, and knows these keys"),
        (http(200, f'{{"error": "{RAW} {KEY}"}}'), "does not speak as a register does"),
        (http(200, RAW, "text/html"), "does not speak as a register does"),
        (http(500, RAW), "does not speak as a register does"),
        (http(403, f"{RAW} {KEY}"), "must be changed first"),
        (http(302, RAW, extra="Location: http://169.254.169.254/\n"), "must be changed first"),
    ],
)
def test_it_says_the_class_of_a_real_answer_and_nothing_of_the_answer(
    client, register, answer, words
):
    with Server(answering(answer)) as server:
        page = checked(client, register, f"http://127.0.0.1:{server.port}")
    assert words in page
    assert len(server.requests) == 1, "a redirect is not followed"


def test_it_opens_no_connection_to_what_may_not_be_spoken_to(client, register, settings):
    settings.HTTPS = True
    settings.REGISTER_HOSTS_ALLOWED = ["10.1.0.0/24"]
    with Server(answering(http(200, "[]"))) as server:
        for host in ("127.0.0.1", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "localhost"):
            for scheme in ("http", "https"):
                page = checked(client, register, f"{scheme}://{host}:{server.port}")
                assert "must be changed first" in page, host
        assert server.requests == []


def test_an_open_and_a_closed_port_of_a_forbidden_host_look_the_same(client, register, settings):
    """Nobody learns from it which ports are open around this machine."""
    settings.HTTPS = True
    settings.REGISTER_HOSTS_ALLOWED = []
    with Server(answering(http(200, "[]"))) as server:
        pages = {
            # The page shows the address that is stored, and nothing else may differ.
            "must be changed first" in checked(client, register, f"https://127.0.0.1:{port}")
            for port in (server.port, 1)
        }
    assert pages == {True}
