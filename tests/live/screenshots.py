"""Takes pictures of the main pages over the sample; `make screenshots` runs it, `make test` does not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {
    "home": "/",
    "profile": "/researchers/konrad-p-kording-4bafdee5",
    "search": "/search?q=recording+the+activity+of+many+neurons+at+once",
    "topic": "/topics/cs.LG",
    "graph": "/graph?researcher=konrad-p-kording-4bafdee5",
    "work": "/works/arxiv:2605.05436",
}
#: A picture ends here; pages go on.
TALLEST = 2_400
#: What the README shows.
SHOWN, SHOWN_HEIGHT = ("profile", 1280, "light"), 1_060


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_picture(chromium: Browser, site: str, name: str, width: int, scheme: Any) -> None:
    folder = DOCS / "screenshots"
    folder.mkdir(exist_ok=True)
    page = chromium.new_page(base_url=site, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(PAGES[name])
    height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
    clip: Any = {"x": 0, "y": 0, "width": width, "height": height}
    picture = folder / f"{name}-{width}-{scheme}.png"
    page.screenshot(path=picture, full_page=True, clip=clip)
    assert picture.stat().st_size > 10_000
    if (name, width, scheme) == SHOWN:
        page.screenshot(path=DOCS / "profile.png", full_page=True, clip=clip | {"height": SHOWN_HEIGHT})
    page.close()
