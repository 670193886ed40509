"""A house with something undelivered, and a person who looks at it and presses buttons."""

import html
import re
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from pos_bridge.models import Addition, Attempt
from tests import factories

State = Addition.State
LIST = "/admin/pos_bridge/addition/undelivered/"


def house(slug="chez-alice", number=12, **register):
    made = factories.restaurant(slug)
    factories.register(made, **register)
    factories.table(made, number, label="Terrasse")
    return made


def order(at, state=State.HELD, reason="stale", age=1500, tries=0, **fields):
    """An order of one soup, and what became of it; `tries`: each of them may be on the till."""
    table = at.tables.first()
    made = factories.order(factories.guest(table))
    register = at.registers.get(current=True)
    last = Addition.objects.count()
    addition = made.additions.create(
        register=register, number=5_000 + last, ticket={}, body="{}", state=state, reason=reason,
        tries=tries, **fields,
    )  # fmt: skip
    moment = timezone.now() - timedelta(seconds=age)
    Addition.objects.filter(pk=addition.pk).update(created_at=moment)
    for number in range(tries):
        Attempt.objects.create(
            addition=addition, number=number + 1, worker="w", started_at=moment, outcome="Uncertain",
            reason="no_answer", answer="<script>alert(1)</script>",
        )  # fmt: skip
    addition.refresh_from_db()
    return addition


def text(response):
    found = html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))
    return re.sub(r"\s+", " ", found)


def task(addition):
    return reverse("admin:pos_bridge_addition_decide", args=[addition.pk])


def press(client, addition, decision, *, confirmed=False, **seen):
    """The form as the page held it when the person opened it: `seen` says where that differs from now."""
    data = {"decision": decision, "state": addition.state, "tries": addition.tries, **seen}
    if confirmed:
        data["confirmed"] = "on"
    return text(client.post(task(addition), data, follow=True))
