"""Step 2: the adapter, one file. Building is pure and apart from sending."""

import json
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pos_bridge.errors import Unsupported
from pos_bridge.registers.base import Adapter, Receipt, TillState
from pos_bridge.registers.http import Answer
from pos_bridge.registers.secret import Secret
from pos_bridge.ticket import Ticket, TicketLine, TicketOption


class Toy(Adapter):
    label = "Toy"
    drops_doubles = False
    can_look_up = True
    can_list_states = False
    credential_names = ("place", "key")
    secret_names = ("key",)
    shop_name = "place"

    @classmethod
    def build(
        cls, ticket: Ticket, number: int, options: Mapping[str, Any], uuid: UUID | None = None
    ) -> str:
        if not ticket.lines:
            raise Unsupported("the order has no line")
        if ticket.covers < 1:
            raise Unsupported("the covers are unknown")
        body = {
            "ref": number,
            "table": int(ticket.table_register_id or ticket.table),
            "covers": ticket.covers,
            "lines": [_line(line, place) for place, line in enumerate(ticket.lines)],
            "total": ticket.total,
        }
        return json.dumps(body, ensure_ascii=False)

    def send(self, number: int, body: str) -> Receipt:
        answer = self.post(self._url("/orders"), body.encode(), "application/json")
        said = _read(answer)
        if not said or said.get("ref") != number:
            raise self.unclear("unreadable", answer)
        if said.get("ok") is False and isinstance(said.get("why"), str):
            raise self.refusal("refused", said["why"], answer)
        if said.get("ok") is not True or said.get("state") != "open":
            raise self.unclear("unreadable", answer)
        return self.receipt("received", "open", answer)

    def look_up(self, number: int) -> TillState | None:
        answer = self.get(self._url(f"/orders/{number}"))
        said = _read(answer)
        if not said or said.get("ok") is not True or said.get("ref") != number:
            raise self.unclear("unreadable", answer)
        if said.get("state") == "open":
            return TillState("received", "open")
        return TillState("settled", "paid") if said.get("state") == "paid" else None

    def list_states(self) -> dict[int, TillState]:
        raise NotImplementedError("this register has no list")

    def check(self) -> None:
        answer = self.get(self._url("/ping"))
        if _read(answer) != {"ok": True}:
            raise self.unclear("unreadable", answer)

    def _url(self, path: str) -> Secret:
        keys = {name: self.credentials.get(name, "") for name in self.credential_names}
        return Secret(f"{self.base_url.rstrip('/')}{path}?{urlencode(keys)}")


def _line(line: TicketLine, place: int) -> dict[str, Any]:
    if line.choices:
        raise Unsupported(
            f"“{line.name}” is a set menu, which this register does not know; sell its courses one by one",
            line=place,
        )
    if line.quantity < 1 or line.total < 0:
        raise Unsupported(f"“{line.name}”: nothing is sold, or for less than nothing", line=place)
    return {
        **_article(line, line.unit_price, place),
        "count": line.quantity,
        "note": clean(line.note),
        "extras": [_article(option, option.price, place) for option in line.options],
    }


def _article(item: TicketLine | TicketOption, cents: int, place: int) -> dict[str, Any]:
    if not item.register_id or Toy.id_problem(item.register_id):
        raise Unsupported(
            f"“{item.name}” has no id on the register; write it into the carte", line=place
        )
    return {"article": int(item.register_id), "name": clean(item.name) or "?", "cents": cents}


def clean(text: str) -> str:
    kept = (each for each in text if unicodedata.category(each) not in {"Cc", "Cs"})
    return "".join(kept).strip()


def _read(answer: Answer) -> dict[str, Any] | None:
    try:
        said = json.loads(answer.body.decode()) if "json" in answer.content_type else None
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None
