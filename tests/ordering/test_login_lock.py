"""T21: whoever guesses passwords is locked out where they guess, is told so in words, and comes in again."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from ordering.admin.login import DEVICE
from ordering.models import Act, Membership, Table
from ordering.services import acts
from tests import factories
from tests.ordering.admin_cast import installer, page, person
from tests.ordering.diner_phone import Phone, words

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
RIGHT, WRONG = "correct-horse-battery", "letmein"


@pytest.fixture
def alice():
    return User.objects.create_user("alice", password=RIGHT, is_staff=True)


def log_in(name="alice", password=WRONG, **where):
    client = Client(headers={"Accept-Language": "en"})
    return client.post(LOGIN, {"username": name, "password": password}, **where)


def fail(times, name="alice", **where):
    for _ in range(times):
        answer = log_in(name, **where)
    return answer


def test_six_wrong_passwords_lock_a_name_in_words_t21(alice):
    assert fail(5).status_code == 200
    assert fail(1).status_code == 429
    answer = log_in(password=RIGHT)
    assert answer.status_code == 429
    assert "Wait 30 minutes, or ask a manager of your restaurant" in words(answer)
    assert answer["Retry-After"] == "1800"
    assert "default-src" in answer["Content-Security-Policy"]


def test_a_name_that_nobody_has_is_told_the_same_t21(alice):
    assert words(fail(6, "alice")) == words(fail(6, "nobody-of-that-name"))


def test_a_wrong_password_is_said_with_what_to_do_t21(alice):
    said = words(fail(1))
    assert "do not belong together" in said
    assert "ask whoever installed Tablée" in said
    assert said.replace("alice", "") == words(fail(1, "nobody")).replace("nobody", "")


def test_a_lock_opens_by_itself_and_further_tries_do_not_make_it_longer_t21(alice):
    fail(6)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=29))
    assert log_in().status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=31))
    assert log_in(password=RIGHT).status_code == 302


def test_whoever_remembers_in_time_starts_anew_t21(alice):
    fail(5)
    assert log_in(password=RIGHT).status_code == 302
    assert fail(5).status_code == 200


def test_a_guest_on_the_house_s_network_locks_nobody_else_out_t21(alice):
    """One address for the whole restaurant: the lock is of a name at an address."""
    User.objects.create_user("bob", password=RIGHT, is_staff=True)
    fail(6)
    assert log_in("bob", RIGHT).status_code == 302
    assert log_in(password=RIGHT, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_a_guest_who_knows_a_waiter_s_name_locks_no_tablet_of_the_house_t21(alice):
    """The tablet on which alice has come in before is an address of its own, with six tries of its own."""
    tablet = Client(headers={"Accept-Language": "en"})
    entry = {"username": "alice", "password": RIGHT}
    assert tablet.post(LOGIN, entry).status_code == 302
    known = tablet.cookies[DEVICE]
    assert known["path"] == LOGIN
    assert known["httponly"]
    tablet.post("/admin/logout/")
    fail(6)
    assert log_in(password=RIGHT).status_code == 429
    assert tablet.post(LOGIN, entry).status_code == 302
    tablet.post("/admin/logout/")
    # It is alice's, and opens nothing for bob; nor may it guess for ever.
    fail(6, "bob")
    User.objects.create_user("bob", password=RIGHT, is_staff=True)
    assert tablet.post(LOGIN, {**entry, "username": "bob"}).status_code == 429
    for _ in range(6):
        answer = tablet.post(LOGIN, {**entry, "password": WRONG})
    assert answer.status_code == 429


def test_a_device_that_nobody_has_signed_is_none_t21(alice):
    for number in range(6):
        client = Client()
        client.cookies[DEVICE] = f"alice-{number}:forged"
        answer = client.post(LOGIN, {"username": "alice", "password": WRONG})
    assert answer.status_code == 429


def test_one_subscriber_of_ipv6_is_one_address_t21(alice):
    for number in range(1, 7):
        answer = log_in(REMOTE_ADDR=f"2001:db8::{number:x}")
    assert answer.status_code == 429
    assert log_in(password=RIGHT, REMOTE_ADDR="2001:db8:0:1::1").status_code == 302


def test_it_believes_our_own_proxies_and_nobody_else_t21(alice, settings):
    """T27: a header that anybody can write would open the lock with each try."""
    for number in range(6):
        answer = log_in(HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert answer.status_code == 429
    settings.PROXIES = 1
    assert log_in(HTTP_X_FORWARDED_FOR="198.51.100.1, 192.0.2.9").status_code == 200
    for number in range(5):
        answer = log_in(HTTP_X_FORWARDED_FOR=f"198.51.100.{number}, 192.0.2.9")
    assert answer.status_code == 429
    assert log_in(HTTP_X_FORWARDED_FOR="192.0.2.10", password=RIGHT).status_code == 302
    # What is no address cannot be kept as one, and locks all the same.
    assert fail(6, REMOTE_ADDR="unix:").status_code == 429


def test_the_installer_lets_a_person_in_again_t21(alice, client):
    fail(6)
    client.force_login(installer())
    chosen = {"action": "let_in", ACTION_CHECKBOX_NAME: [alice.pk]}
    client.post(page(User, "changelist"), chosen)
    assert log_in(password=RIGHT).status_code == 302


def test_a_manager_lets_their_own_people_in_again_and_nobody_else_t21(alice, client):
    """T21, T22: the people of their house, with who did it; not the installer, nor those of another house."""
    mine, other = factories.restaurant(), factories.restaurant("chez-charlie")
    people = [alice, installer(), User.objects.create_user("erin", password=RIGHT, is_staff=True)]
    works = [
        Membership.objects.create(user=each, restaurant=house, role="service")
        for each, house in zip(people, (mine, mine, other), strict=True)
    ]
    for each in people:
        fail(6, each.username)
    manager = person("dora", manager=[mine], service=[other])
    client.force_login(manager)
    address = page(Membership, "changelist")
    assert client.get(address).content.decode().count('alt="True"') == 2
    chosen = {"action": "let_in", ACTION_CHECKBOX_NAME: [each.pk for each in works]}
    client.post(address, chosen)
    assert [log_in(each.username, RIGHT).status_code for each in people] == [302, 429, 429]
    act = Act.objects.get()
    assert (act.person, act.restaurant) == (manager, mine)
    assert acts.sentence(act) == "let alice try to log in again"
    fail(6)
    client.force_login(person("bob", service=[mine]))
    assert client.post(address, chosen).status_code == 403
    assert log_in(password=RIGHT).status_code == 429


def test_it_keeps_no_password_t21(alice, caplog):
    fail(6)
    assert AccessAttempt.objects.get().failures_since_start == 6
    assert WRONG not in str(list(AccessAttempt.objects.values())) + caplog.text


@pytest.mark.parametrize("password", ["elevensigns", "123456789012", "password1234"])
def test_a_password_has_twelve_signs_and_is_no_common_one_t21(password):
    with pytest.raises(ValidationError):
        validate_password(password)
    validate_password(RIGHT)


def test_a_guest_s_page_pays_nothing_for_it_t21(django_assert_num_queries):
    phone = Phone().join(factories.table(factories.restaurant()))
    fail(6)
    with django_assert_num_queries(0):
        phone.get("/robots.txt")
    assert Table.objects.exists()
