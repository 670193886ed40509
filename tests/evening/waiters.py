"""The waiters of an evening: each has the board open, answers what calls, and sees those off who have paid."""

import html
import re
import sys
import threading
import time
from random import Random

import requests

from tests.evening import crashes
from tests.torture import till
from tests.torture.log import Log
from tests.torture.plan import Plan

SLUG = "torture-0"
PASSWORD = "an evening of five waiters"
PATIENCE = 10.0  # seconds, as htmx on the board
EVERY = 4.0  # seconds between two looks of the board
NEED = re.compile(r'<article class="box need".*?</article>', re.DOTALL)
FORM = re.compile(r'<form[^>]*action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
TABLE = re.compile(r"Table ([0-9]+)")
ON_REGISTER = re.compile(r"its number on the register: ([0-9]+)")
THE_BILL = "The bill"

Form = tuple[str, dict[str, str]]


class Waiter:
    """Not thread-safe."""

    def __init__(self, plan: Plan, place: int, log: Log, over: threading.Event) -> None:
        self._plan, self._place, self._log, self._over = plan, place, log, over
        self._name = name = waiters(plan)[place]
        self._till = till.Ledger(plan.register_ports[0])
        self._draw = Random(f"{plan.seed} {name}")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"Accept-Language": "en", "Connection": "close"})
        self._board = f"{plan.web}/board/{SLUG}/"
        self._page, self._seen = "", ""

    def work(self) -> None:
        """Until it is over. The first look is the page, the others are what it does by itself."""
        self._log_in()
        while not self._over.is_set():
            self._look()
            while needs := [need for need in NEED.findall(self._page) if _answers(need)]:
                self._see_to(self._next(needs))
                self._look()
                if self._over.wait(self._draw.uniform(0.1, 0.5)):
                    return
            self._over.wait(EVERY)

    def _log_in(self) -> None:
        address = f"{self._plan.web}/admin/login/?next=/board/{SLUG}/"
        self._get(address)
        self._post(address, {"username": self._name, "password": PASSWORD})

    def _look(self) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": self._board, "X-Seen": self._seen}
        answer = self._get(self._board, headers)
        if answer is not None and answer.status_code == 200:
            self._page, self._seen = answer.text, answer.headers.get("X-Seen", "")

    def _next(self, needs: list[str]) -> str:
        """Who has heard nothing yet comes first, and the oldest of them, as the board lists them: who takes any, as
        they come, leaves one of sixty tables alone for minutes. Whose own tables want nothing takes others': whoever
        is slower then is told.
        """
        mine = [need for need in needs if self._is_mine(need)] or needs
        return next((need for need in mine if "coming" in _answers(need)), mine[0])

    def _is_mine(self, need: str) -> bool:
        number = TABLE.search(need)
        return number is not None and int(number[1]) % self._plan.waiters == self._place

    def _see_to(self, need: str) -> None:
        """Say that somebody is coming; or, who has heard that already is served."""
        answers = _answers(need)
        number = TABLE.search(need)
        action, fields = answers.get("coming") or answers["done"]
        if "coming" not in answers and number and THE_BILL in need:
            self._see_off(int(number[1]))
        self._post(self._plan.web + action, fields)
        self._log.write("answered", by=self._name, table=number and int(number[1]), **fields)

    def _see_off(self, number: int) -> None:
        """They have paid: the table is freed here, or the till says so (LEO2, state 9), in turn."""
        answer = self._get(f"{self._board}tables/{number}/")
        # Another one may have been faster, and others may sit there now.
        if answer is None or THE_BILL not in "".join(NEED.findall(answer.text)):
            return
        if number % 2 and self._settle(number, answer.text):
            return
        for action, fields in _forms(answer.text):
            if action.endswith(f"/tables/{number}/free/"):
                self._post(self._plan.web + action, fields)
                self._log.write("freed", by=self._name, table=number - 1, party=fields["visit"])

    def _settle(self, number: int, page: str) -> bool:
        """False where the till has nothing of them, as when somebody has entered it by hand."""
        there = self._till.look()
        numbers = [int(each) for each in ON_REGISTER.findall(page) if int(each) in there]
        for each in numbers:
            till.tell(self._plan.register_ports[0], "/_state", {"number": each, "state": 9})
        if numbers:
            self._log.write("settled", by=self._name, table=number - 1, party=min(numbers))
        return bool(numbers)

    def _get(self, address: str, headers: dict[str, str] | None = None) -> requests.Response | None:
        return self._ask("GET", address, headers=headers)

    def _post(self, address: str, fields: dict[str, str]) -> None:
        token = self._session.cookies.get("csrftoken") or ""
        data = {"csrfmiddlewaretoken": token, **fields}
        # Who reads “please try again” does; a table whose button did nothing would stay taken all evening.
        while self._ask("POST", address, data=data, headers={"Referer": address}) is None:
            if self._over.wait(0.5):
                return

    def _ask(self, method: str, address: str, **more: object) -> requests.Response | None:
        began = time.monotonic()
        try:
            answer = self._session.request(
                method, address, allow_redirects=False, timeout=PATIENCE, **more  # type: ignore[arg-type]
            )  # fmt: skip
        except requests.RequestException as error:
            self._log.write("no answer", began=began, why=type(error).__name__)
            return None
        if answer.status_code >= 400:
            self._log.write("trouble", began=began, status=answer.status_code, address=address)
            return None
        self._log.write("took", seconds=round(time.monotonic() - began, 4))
        return answer


def waiters(plan: Plan) -> list[str]:
    return [f"waiter-{place}" for place in range(plan.waiters)]


def _forms(page: str) -> list[Form]:
    return [
        (html.unescape(action), {name: value for name, value in FIELD.findall(inner) if name != "csrfmiddlewaretoken"})
        for action, inner in FORM.findall(page)
    ]  # fmt: skip


def _answers(need: str) -> dict[str, Form]:
    """What a call can be answered: "coming", "minutes", "done". Nothing where it is no call."""
    return {
        fields["answer"]: (action, fields) for action, fields in _forms(need) if "answer" in fields
    }


def main() -> None:
    """Until standard input ends."""
    plan = Plan.of_this_process()
    log = Log(plan.path, "waiters")
    crashes.note(log)
    over = threading.Event()
    people = [Waiter(plan, place, log, over) for place in range(plan.waiters)]
    threads = [threading.Thread(target=person.work) for person in people]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join(20)


if __name__ == "__main__":
    main()
