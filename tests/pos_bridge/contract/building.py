"""What is built for every kind of ticket: told accurately, or refused in words, never dropped."""

import json
import re
from contextlib import nullcontext
from itertools import count

import pytest
from hypothesis import given, settings

from pos_bridge.errors import Unsupported
from pos_bridge.registers.base import Receipt
from pos_bridge.ticket import Ticket
from tests.pos_bridge.contract.hooks import NUMBER, Hooks, tried
from tests.pos_bridge.contract.tickets import TICKETS, confirmed, names_in, said_words, tickets


class Building(Hooks):
    def sold(self, register, adapter, said, number=NUMBER, before=0):
        """Send a ticket; the one entry that the strict till has of it, after `before` others."""
        self.teach(register, said)
        outcome = tried(adapter, self.build(said, number), number)
        assert isinstance(outcome, Receipt), f"{outcome!r} {register.posts()[-1:]}"
        assert outcome.state == self.success
        (entry,) = register.ledger(after=before)
        return entry

    @pytest.mark.wire
    @pytest.mark.pure
    @pytest.mark.parametrize("name", TICKETS)
    def test_it_is_told_accurately_or_refused_in_words_f58_t10(self, register, adapter, name):
        said = TICKETS[name]
        if name in self.unsupported:
            with pytest.raises(Unsupported) as refused:
                self.build(said)
            assert self.unsupported[name] in refused.value.reason
            assert any(each in refused.value.reason for each in names_in(said))
            return
        entry = self.sold(register, adapter, said)
        self.stands_as_ordered(entry, said)
        text = self.text_on_till(entry)
        for word in said_words(said) if not name.startswith("strange_") else ():
            assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text), (
                f"{word} is left out of {text}"
            )

    def stands_as_ordered(self, entry, said, number=NUMBER):
        assert self.is_ours(entry, number, self.uuid_of(number))
        assert self.cents_on_till(entry) == confirmed(said) == said.total
        table = int(said.table_register_id or said.table)
        assert self.place_on_till(entry) == (table, said.covers)
        assert self.says_no_payment(entry)

    @pytest.mark.pure
    def test_what_is_tried_on_is_refused_like_what_is_sent_p25(self):
        """How the carte is judged when it is saved and rehearsed: not at dinner."""
        for name, said in TICKETS.items():
            with pytest.raises(Unsupported) if name in self.unsupported else nullcontext():
                self.adapter_class.try_on(said, self.options)

    @pytest.mark.pure
    def test_it_says_which_tickets_it_cannot_be_told(self):
        assert set(self.unsupported) <= set(TICKETS)

    @pytest.mark.pure
    def test_it_builds_the_same_bytes_each_time_p5(self):
        for said in self.told_tickets():
            again = Ticket.from_json(json.loads(json.dumps(said.to_json())))
            assert self.build(again) == self.build(said)

    @pytest.mark.pure
    def test_its_body_holds_no_key_p18(self):
        bodies = "".join(map(self.build, self.told_tickets()))
        assert not any(self.credentials[name] in bodies for name in self.adapter_class.secret_names)

    @pytest.mark.wire
    @pytest.mark.pure
    def test_a_strict_register_finds_nothing_wrong_in_hundreds_of_tickets_p13_p20(self):
        """The judge is the simulator's: it knows the vendor's page, and none of our code."""
        with self.simulator(credentials=self.credentials) as register:
            adapter = self.adapter_at(register.url)
            before = count()

            @settings.get_profile("contract")
            @given(said=tickets)
            def judged(said):
                number = next(self.numbers)
                if self.refuses(said):
                    with pytest.raises(Unsupported):
                        self.build(said, number)
                    return
                entry = self.sold(register, adapter, said, number, next(before))
                self.stands_as_ordered(entry, said, number)

            judged()
