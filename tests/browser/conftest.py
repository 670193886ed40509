"""A real Chromium, as the system or Playwright has it (tests/system_tools.py)."""

import pytest
from playwright.sync_api import Error, sync_playwright

from tests.system_tools import find

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def until(page, expression):
    """Wait until the expression gives something true. Playwright's own way evaluates the second time what it may only
    the first: our pages' policy forbids it.
    """
    for _ in range(200):
        try:
            if page.evaluate(expression):
                return
        except Error as error:
            if "context was destroyed" not in str(error):  # by the page that comes
                raise
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def phones(chromium):
    """Makes phones: a page each, 390 x 844 with touch, of one who wants no motion and no cookie of before."""
    contexts = []

    def phone(language="fr", *, width=390, **options):
        context = chromium.new_context(
            viewport={"width": width, "height": 844},
            has_touch=True,
            is_mobile=True,
            locale=language,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(10_000)
        return context.new_page()

    yield phone
    for context in contexts:
        context.close()
