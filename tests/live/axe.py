"""What axe finds wrong with a page for people who use a screen reader, a keyboard, touch, or low contrast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page


def violations(page: Page, scheme: str = "light") -> list[str]:
    """Return all violations of a page, with all that can be unfolded open; WCAG 2.2's size of targets is included.

    The dark scheme changes colours and nothing else, so there only contrast is checked: a fifth of the time.
    """
    for details in page.locator("details").all():
        details.evaluate("details => details.open = true")
    rules: dict[str, Any] = {"rules": {"target-size": {"enabled": True}}}
    if scheme == "dark":
        rules = {"runOnly": ["color-contrast"]}
    found = Axe().run(page, options={"resultTypes": ["violations"], **rules}).response["violations"]
    return [
        f"{page.url}: {violation['id']} at {[node['target'] for node in violation['nodes'][:3]]}" for violation in found
    ]
