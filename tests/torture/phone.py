"""A diner's phone: it scans a card, joins, fills a cart, sends it, and asks what became of it. Over real HTTP.

Whatever fails is tried again as a person would: the same form once more.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from threading import Event

import requests

from tests.torture.log import Log

PATIENCE = 3.0  # seconds until a person taps again
# What stands on the page, and the word of pos_bridge.words that it is.
WORDS = {
    "Being sent": "sending",
    "Received by the till": "on_till",
    "Passed on to the till": "passed_on",
    "The till has refused the order": "refused",
    "Not confirmed yet. Please show this card to a member of staff.": "not_confirmed",
    "The team has your order": "handled",
    "The team has cancelled this order": "cancelled",
    "Taken back into the cart": "taken_back",
    "Replaced by another order": "replaced",
}
TITLE = re.compile(r"<h1[^>]*>\s*(.*?)\s*</h1>", re.DOTALL)
SEEN = re.compile(r"\?seen=([^\"&]+)\"")
PROBLEM = re.compile(r"role=\"alert\".*?<p[^>]*>\s*(.*?)\s*</p>", re.DOTALL)
NUMBER = re.compile(r"no\.(?:\s|&nbsp;|\u00a0)*(\d+)")


@dataclass
class Sent:
    """An order as its diner knows it. `at`: when it was confirmed; `seen`: what the page said last, for the poll."""

    address: str
    at: float
    seen: str = ""
    word: str = ""

    @property
    def code(self) -> str:
        return self.address.rstrip("/").rpartition("/")[2]


class Phone:
    """Not thread-safe. `ended` is set when the evening is over and nobody waits any longer."""

    patience = PATIENCE

    def __init__(self, web: str, card: str, log: Log, draw: Random, ended: Event) -> None:
        self._web = web
        self._card = card
        self._log = log
        self._draw = draw
        self._ended = ended
        self._session = requests.Session()
        self._session.headers["Accept-Language"] = "en"
        self._session.trust_env = False
        self._visit = ""

    def join(self, covers: int = 2) -> None:
        """Scan, and open the visit of the table or join it."""
        while not self._visit and not self._ended.is_set():
            welcome = self._get(self._card)
            if welcome is None or welcome.status_code != 200:
                continue
            if "/v/" in welcome.url:  # it has joined: only the answer was lost
                self._visit = welcome.url
                return
            # After a jump of the clock its party seems to have been quiet: it says that it belongs to it.
            seated = re.findall(r'name="seated" value="([^"]+)"', welcome.text)
            answer = {"party": "yes", "seated": seated[0]} if seated else {}
            joined = self._post(welcome.url + "join/", covers=str(covers), **answer)
            if joined is not None and joined.status_code == 303:
                self._visit = self._web + joined.headers["Location"]

    def order(self) -> Sent | None:
        """Fill the cart and send it until it is confirmed. None: the evening ended before."""
        form: dict[str, str] = {}
        while not self._ended.is_set():
            form = self._filled_cart()
            if form:
                break
            self._post(
                self._visit + "add/", product=f"plat-{self._draw.randrange(6)}", quantity="1"
            )
        else:
            return None
        return self._send(form)

    def _filled_cart(self) -> dict[str, str]:
        page = self._get(self._visit + "cart/")
        return form_of(page.text) if page is not None and page.status_code == 200 else {}

    def _send(self, form: dict[str, str]) -> Sent | None:
        while not self._ended.is_set():
            key = form["submission_key"]
            began = time.monotonic()
            self._log.write("send", t=began, key=key)
            answer = self._post(self._visit + "send/", **form)
            if answer is None or answer.status_code >= 500:
                continue
            if answer.status_code == 303:
                return self._confirmed(form, answer, began)
            # Too fast, or the cart is another one: the page has a form that fits, often with the same key.
            said = [re.sub(r"\s+", " ", text) for text in PROBLEM.findall(answer.text)]
            self._log.write("not sent", key=key, status=answer.status_code, said=said)
            form = form_of(answer.text) or self._filled_cart()
            if not form:
                return None
            self._ended.wait(0.5)
        return None

    def _confirmed(self, form: dict[str, str], answer: requests.Response, began: float) -> Sent:
        sent = Sent(self._web + answer.headers["Location"], time.monotonic())
        self._log.write("ack", key=form["submission_key"], code=sent.code, began=began)
        if self._draw.random() < 0.04:  # a second tap, or “send the form again?”
            self._log.write("send", key=form["submission_key"])
            again = self._post(self._visit + "send/", **form)
            if again is not None and again.status_code == 303:
                code = again.headers["Location"].rstrip("/").rpartition("/")[2]
                self._log.write("ack", key=form["submission_key"], code=code, began=began)
        return sent

    def ask(self, sent: Sent) -> None:
        """What became of it; `sent.word` stays as it was where nobody answers."""
        began = time.monotonic()
        headers = {"HX-Request": "true"} if sent.seen else {}
        address = f"{sent.address}?seen={sent.seen}" if sent.seen else sent.address
        page = self._try(lambda: self._session.get(address, headers=headers, timeout=self.patience))
        if page is None:
            return
        facts: dict[str, object] = {"began": began, "code": sent.code, "status": page.status_code}
        if page.status_code == 200:
            title = TITLE.search(page.text)
            text = re.sub(r"\s+", " ", title[1]) if title else ""
            sent.word = WORDS.get(text, f"?{text}")
            found = SEEN.search(page.text)
            sent.seen = found[1] if found else ""
            number = NUMBER.search(page.text)
            facts["n"] = int(number[1]) if number else None
        if page.status_code in {200, 204}:
            facts["word"] = sent.word
        self._log.write("told", **facts)

    def take_back(self, sent: Sent) -> bool:
        """A refused order goes back into the cart."""
        answer = self._post(sent.address + "take-back/")
        taken = (
            answer is not None
            and answer.status_code == 303
            and "/cart/" in answer.headers["Location"]
        )
        if taken:
            self._log.write("taken back", code=sent.code)
        return taken

    def _get(self, address: str) -> requests.Response | None:
        return self._try(lambda: self._session.get(address, timeout=self.patience))

    def _post(self, address: str, **fields: str) -> requests.Response | None:
        token = self._session.cookies.get("csrftoken") or ""
        data = {"csrfmiddlewaretoken": token, **fields}
        return self._try(
            lambda: self._session.post(
                address,
                data=data,
                headers={"Referer": address},
                allow_redirects=False,
                timeout=self.patience,
            )
        )

    def _try(self, request: Callable[[], requests.Response]) -> requests.Response | None:
        """None where nobody answered or the answer is “try again”, after a moment."""
        began = time.monotonic()
        try:
            answer = request()
        except requests.RequestException as error:
            refused = "refused" in str(error).lower()
            self._log.write("no answer", began=began, why=type(error).__name__, refused=refused)
        else:
            if answer.status_code < 500:
                return answer
            self._log.write("trouble", began=began, status=answer.status_code)
        self._ended.wait(0.1 + 0.2 * self._draw.random())
        return None


def form_of(page: str) -> dict[str, str]:
    """Of a cart that has a line; the form of an empty one sends nothing."""
    if 'name="quantity.' not in page:
        return {}
    found = {
        name: re.findall(rf'name="{name}" value="([^"]+)"', page)
        for name in ("submission_key", "seen")
    }
    return (
        {name: values[0] for name, values in found.items() if values} if all(found.values()) else {}
    )
