"""Found by the torture (tests/torture): moments between two steps of ours that only many processes hit."""

import pytest
from django.db import connection

from pos_bridge import decisions, worker
from pos_bridge.decisions import Decision
from pos_bridge.models import Addition
from pos_bridge.turns import Comparisons, ListRests

State = Addition.State

pytestmark = [pytest.mark.wire, pytest.mark.django_db]


def test_send_again_loses_to_a_try_that_ends_between_the_look_and_the_click(chez_alice, leo2):
    """It was queued when the person's click looked, and is unclear a moment later: the click is late, no mistake."""
    leo2.script("rst_after")
    addition = chez_alice.order()
    tried = []

    def try_after_the_look(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if not tried and sql.startswith("SELECT"):
            tried.append(True)
            assert worker.send_next(addition.register_id, worker="another")
        return result

    with connection.execute_wrapper(try_after_the_look):
        decided = decisions.decide(addition, Decision.SEND_AGAIN)
    assert (decided.won, decided.state) == (False, State.UNCERTAIN)
    worker.read_lists(addition.register_id, ListRests(), Comparisons())
    assert Addition.objects.get(pk=addition.pk).state == State.RECEIVED
