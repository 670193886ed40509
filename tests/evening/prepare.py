"""The house of an evening: the torture's, with people who may use the board."""

from django.contrib.auth.models import User
from django.core.management import call_command

from ordering.models import Membership, Restaurant
from tests.evening.waiters import PASSWORD, waiters
from tests.torture import prepare
from tests.torture.plan import Plan


def main() -> None:
    prepare.main()
    plan = Plan.of_this_process()
    house = Restaurant.objects.get()
    for name in waiters(plan):
        person = User.objects.create_user(name, password=PASSWORD, is_staff=True)
        Membership.objects.create(user=person, restaurant=house, role=Membership.Role.SERVICE)


def for_browsers() -> None:
    """With stylesheets and scripts."""
    main()
    call_command("collectstatic", interactive=False, verbosity=0)


def ask_first() -> None:
    """From now on the first order of a party waits for somebody's OK."""
    Restaurant.objects.update(approval="first")
