"""A real browser without a window, for the tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

_LOCAL = ("file:", "data:", "blob:")
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def browsing(scheme: Literal["light", "dark"] = "light") -> Iterator[BrowserContext]:
    """Open a browser that may not use the network."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.fail(f"tests marked 'browser' need one of {', '.join(NAMES)}; deselect them otherwise.")
    with sync_playwright() as started:
        # Its sandbox needs rights that a container does not have; the pages are our own.
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        context = browser.new_context(offline=True, color_scheme=scheme, accept_downloads=True)
        yield context
        browser.close()


def opened(context: BrowserContext, path: Path, problems: list[str]) -> Page:
    """Open a page; what goes wrong in it, or is fetched from elsewhere, is added to `problems`."""
    page = context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith(("file:", "data:", "blob:")) else problems.append(asked.url)
        ),
    )
    page.goto(path.resolve().as_uri())
    return page


def wait_until(page: Page, condition: str) -> None:
    """Wait until a JavaScript expression holds, by asking from outside.

    Playwright's own waiting evaluates texts within the page, which the page's policy forbids.
    """
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"half a minute has gone by without {condition}")
