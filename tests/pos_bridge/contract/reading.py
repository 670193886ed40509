"""Look-up, list of states, check of the connection: what is asked books nothing, and is believed in one form only."""

from collections.abc import Callable

import pytest

from pos_bridge.errors import DeliveryError, Misconfigured, NotSent, Uncertain
from pos_bridge.registers.base import Receipt
from tests.pos_bridge.contract.hooks import NUMBER, PATIENT, QUICK, Hooks, tried
from tests.pos_bridge.contract.tickets import TICKETS

BODY = TICKETS["options"]
# What no adapter may take for a list, an addition or an answer to a question.
UNREADABLE = (
    *("rst_before", "hangup_before", "http500", "503_retry_after", "429", "401", "302", "html200"),
    *(
        "warn_then_json",
        "half_json",
        "truncated",
        "bom",
        "empty",
        "empty(204)",
        "huge",
        "gzip_bomb",
    ),
    *("late_before(90)", "drip_headers(5)", "drip_body(5)"),
)


class Reading(Hooks):
    def sent(self, register, adapter):
        self.teach(register, BODY)
        assert isinstance(tried(adapter, self.build(BODY)), Receipt)

    @pytest.mark.wire
    @pytest.mark.pure
    def test_its_connection_can_be_tried_without_booking_anything(self, register, adapter):
        assert adapter.check() is None
        assert register.posts() == []
        assert register.ledger() == []

    @pytest.mark.wire
    @pytest.mark.pure
    @pytest.mark.parametrize("answer", UNREADABLE)
    def test_what_cannot_be_read_is_nothing_that_the_register_said_f65(self, register, answer):
        """Neither a good connection, nor an empty list, nor an addition that is not there."""
        self.sent(register, self.adapter_at(register.url))
        waits = answer.startswith(("late", "drip"))
        adapter = self.adapter_at(register.url, divisor=QUICK if waits else PATIENT)
        register.fail_always(list=answer)
        asked: list[Callable[[], object]] = [adapter.check]
        asked += [adapter.list_states] if adapter.can_list_states else []
        asked += [lambda: adapter.look_up(NUMBER)] if adapter.can_look_up else []
        asked += [adapter.list_catalogue] if adapter.can_list_catalogue else []
        for ask in asked:
            with pytest.raises(DeliveryError) as failed:
                ask()
            assert failed.value.__context__ is None
        assert register.redirects_followed == 0

    @pytest.mark.wire
    @pytest.mark.pure
    def test_a_check_tells_apart_what_a_person_can_mend(self, register, adapter):
        for answer, error in [
            ("html200", Uncertain),
            ("302", Misconfigured),
            ("401", Misconfigured),
        ]:
            register.fail_always(list=answer)
            with pytest.raises(error):
                adapter.check()
        register.fail_always("refuse_conn")
        with pytest.raises(NotSent):
            adapter.check()
        register.heal()
        assert adapter.check() is None
        for name in adapter.credential_names:
            keys = {**self.credentials, name: "another-7c2e"}
            with pytest.raises(self.wrong_key):
                self.adapter_at(register.url, credentials=keys).check()

    @pytest.mark.wire
    @pytest.mark.pure
    def test_a_list_names_what_was_sent_f63(self, register, adapter):
        if not adapter.can_list_states:
            with pytest.raises((NotImplementedError, DeliveryError)):
                adapter.list_states()
            return
        assert adapter.list_states() == {}
        self.sent(register, adapter)
        states = adapter.list_states()
        assert states.keys() == {NUMBER}
        assert states[NUMBER].state in {"accepted", "received"}

    @pytest.mark.wire
    @pytest.mark.pure
    def test_an_addition_is_found_by_its_number_and_no_other_is(self, register, adapter):
        if not adapter.can_look_up:
            with pytest.raises(NotImplementedError):
                adapter.look_up(NUMBER)
            return
        assert adapter.look_up(NUMBER) is None
        self.sent(register, adapter)
        found = adapter.look_up(NUMBER)
        assert found is not None
        assert found.state in {"accepted", "received"}
        # A number that begins or ends like ours is another one.
        for other in (NUMBER + 1, int(f"{NUMBER}0"), int(f"1{NUMBER}"), NUMBER // 10):
            assert adapter.look_up(other) is None

    @pytest.mark.wire
    @pytest.mark.pure
    def test_a_catalogue_names_what_the_register_sells_f69(self, register, adapter):
        if not adapter.can_list_catalogue:
            with pytest.raises(NotImplementedError):
                adapter.list_catalogue()
            return
        self.teach(register, BODY)
        listed = adapter.list_catalogue()
        assert {str(line.register_id): line.unit_price for line in BODY.lines} == {
            register_id: article.price for register_id, article in listed.items()
        }
        assert all(article.name for article in listed.values())
        assert register.posts() == []
