"""The pages in a real Chromium over the sample: by mouse, by keyboard, on a phone, without JavaScript, in the dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psutil
import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from accounts.claims.models import Claim
from accounts.cookies import LOGIN
from accounts.follows.models import Follow
from accounts.invitations.models import Invitation
from accounts.login.models import Account
from accounts.moderation.models import Report
from tests.live.axe import violations
from tests.live.conftest import PHONE
from tests.people import accounts_of, log_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from playwright.sync_api import Locator, Page

    from tests.people import Person

KORDING = "/researchers/konrad-p-kording-4bafdee5"
GRAPH = "/graph?researcher=konrad-p-kording-4bafdee5"
PAGES = (
    "/",
    "/search?q=recording+the+activity+of+many+neurons",
    "/search?topic=q-bio.NC&year=2013-2016",
    "/researchers?about=neural+decoding",
    KORDING,
    "/works/arxiv:2605.05436",
    "/topics",
    "/topics/cs.LG",
    "/institutions",
    "/institutions/university-of-edinburgh",
    "/search/help",
    "/search/advanced",
    "/graph",
    GRAPH,
    "/related",
    "/related?text=neural+decoding&show=works",
    "/similar-researchers?like=konrad-p-kording-4bafdee5",
    "/about",
    "/login?for=claim",
    "/register",
    "/reset",
    "/nowhere",
    "/api/docs",
)
OWN_PAGES = (
    KORDING,
    "/account",
    "/account/profile",
    "/researchers/yoshua-bengio-5f9b84e5/claim",
    "/researchers/yoshua-bengio-5f9b84e5/invite",
    "/feed?since=ever",
    "/inbox",
    "/admin",
    "/admin/reports",
    "/admin/audit",
)
#: Frames of a drag, and its processor time at most, in units of `CALIBRATION`: about 2; with dashed lines 6 to 10.
FRAMES, SMOOTH = 20, 4.0
#: A loop that takes about 0.2 s of processor time on a machine on which 60 frames per second are wanted.
CALIBRATION = """() => {
  let sum = 0;
  for (let i = 0; i < 6e6; i++) sum += Math.sqrt(i) * (i % 7);
  const texts = [];
  for (let i = 0; i < 4e5; i++) texts.push('M' + (i * 7919 % 1000).toFixed(1));
  return sum + texts.sort().length;
}"""
#: Drags the centre of a graph, one step in each frame.
DRAG = f"""async () => {{
  const svg = document.querySelector('svg.graph');
  const centre = svg.querySelector('.centre');
  const at = centre.getBoundingClientRect();
  const send = (kind, target, x) => target.dispatchEvent(new PointerEvent(kind,
    {{ bubbles: true, clientX: x, clientY: at.y + 9, pointerType: 'mouse', pointerId: 1 }}));
  svg.setPointerCapture = () => {{}};
  send('pointerdown', centre, at.x + 9);
  let frames = 0;
  for (let step = 1; step <= {FRAMES}; step++) {{
    send('pointermove', svg, at.x + 9 + 5 * step);
    await new Promise(requestAnimationFrame);
    frames++;
  }}
  const lines = svg.querySelector('.lines .e-about');
  const dashes = getComputedStyle(lines).strokeDasharray;
  const x = centre.getBoundingClientRect().x;
  send('pointercancel', svg, at.x);
  return {{ frames, dashes, x, from: at.x }};
}}"""


def found(page: Page) -> int:
    """Return the number of results that a page announces, when all of it has been read."""
    page.wait_for_load_state()
    words = page.get_by_role("status").filter(has_text=re.compile("work|result")).first.inner_text()
    return int(re.findall(r"[\d,]+", words)[0].replace(",", ""))


def test_a_search_is_narrowed_by_a_facet_and_widened_by_its_chip(opened: Callable[..., Page]) -> None:
    page = opened("/")
    page.get_by_role("combobox").first.fill("recording many neurons at once")
    page.get_by_role("combobox").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Works on")
    expect(page.locator("mark").first).to_be_visible()
    before = found(page)
    page.get_by_label("Filters", exact=True).get_by_role("link", name="Neurons and Cognition").first.click()
    expect(page.locator(".chip")).to_contain_text("Neurons and Cognition")
    assert 0 < found(page) < before
    page.locator(".chip").click()
    assert found(page) == before
    expect(page.locator(".chip")).to_have_count(0)


def test_a_year_is_chosen_in_the_histogram(opened: Callable[..., Page]) -> None:
    page = opened("/search?q=neurons")
    page.locator(".facet .plot a").last.click()
    expect(page.locator(".chip")).to_contain_text("year 20")


def test_a_profile_shows_its_parts_and_its_actions_are_no_dead_ends(opened: Callable[..., Page]) -> None:
    page = opened(KORDING)
    for heading in (
        "Konrad P. Kording",
        "Trust snapshot",
        "Research graph",
        "Similar researchers",
        "Published work",
        "Works per year",
        "Topics",
        "Collaborators",
        "Identity and collaboration",
        "Direct collaboration",
    ):
        assert page.get_by_role("heading", name=heading, exact=True).is_visible(), heading
    page.get_by_text("How this is calculated").click()
    expect(page.get_by_role("row", name="Verification level")).to_contain_text("5 of 40")
    abstract = page.locator(".abstract").first
    folded = abstract.bounding_box()
    page.get_by_text("Read more").first.click()
    unfolded = abstract.bounding_box()
    assert folded
    assert unfolded
    assert unfolded["height"] > folded["height"]
    expect(page.get_by_role("button", name="Start a collaboration")).to_be_disabled()
    expect(page.get_by_text("Available once this profile is claimed")).to_be_visible()
    page.get_by_role("link", name="Claim this profile").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.get_by_role("link", name="Go back").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Konrad P. Kording")


def test_works_on_a_profile_are_filtered_by_topic_and_year(opened: Callable[..., Page]) -> None:
    page = opened(KORDING)
    page.get_by_label("Topic", exact=True).select_option("q-bio.NC")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("status").filter(has_text="of 21")).to_contain_text("9 works of 21")
    expect(page.locator("#works article")).to_have_count(9)


def test_formulas_are_drawn(opened: Callable[..., Page]) -> None:
    page = opened("/works/arxiv:2605.05436")
    box = page.locator("math msub").first.bounding_box()
    assert box
    assert box["width"] > 5
    assert "$" not in page.locator("main").inner_text()


def test_researchers_like_this_lead_on(opened: Callable[..., Page]) -> None:
    page = opened(KORDING)
    page.get_by_role("link", name="Exclude past collaborators").click()
    cards = page.locator("#like article")
    expect(cards).to_have_count(6)
    page.wait_for_load_state()
    for words in cards.all_inner_texts():
        assert "Have not co-authored" in words
    name = cards.first.get_by_role("heading").get_by_role("link").inner_text()
    cards.first.get_by_role("heading").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_from_a_topic_to_those_who_lead_in_it(opened: Callable[..., Page]) -> None:
    page = opened("/topics")
    page.get_by_role("link", name="Machine Learning", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Machine Learning")
    expect(page.get_by_role("region", name="Representative works").get_by_role("article")).to_have_count(5)
    page.get_by_role("region", name="Leading researchers").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Trust snapshot")).to_be_visible()


def dot(page: Page, name: str) -> Locator:
    return page.locator(".dot").filter(has=page.locator("title", has_text=re.compile(f"^{re.escape(name)}$")))


def test_a_click_in_the_graph_opens_a_panel_and_a_drag_moves_the_node(opened: Callable[..., Page]) -> None:
    page = opened(GRAPH)
    eva = dot(page, "Eva Dyer")
    before = eva.get_attribute("transform")
    box = eva.locator("circle").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 40, middle[1] + 60, steps=4)
    page.mouse.up()
    expect(eva).not_to_have_attribute("transform", before or "")
    assert page.url.endswith(GRAPH)
    expect(page.locator(".graph-panel")).to_be_hidden()
    eva.locator("circle").click()
    panel = page.locator(".graph-panel")
    expect(panel.get_by_role("heading")).to_contain_text("Eva")
    expect(panel.get_by_role("listitem").filter(has_text="Co-author of Konrad P. Kording")).to_be_visible()
    assert page.url.endswith(GRAPH)
    panel.get_by_role("button", name="Konrad P. Kording").click()
    expect(panel.get_by_role("heading")).to_have_text("Konrad P. Kording")
    eva.locator("circle").click()
    panel.get_by_role("link", name="Centre on this").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Eva")
    assert "researcher=eva" in page.url


def test_the_graph_of_a_profile_shows_details_in_place(opened: Callable[..., Page]) -> None:
    page = opened(KORDING, viewport=PHONE, has_touch=True)
    work = page.locator("#around .dot.k-work").first
    work.scroll_into_view_if_needed()
    box = work.locator("rect").bounding_box()
    assert box
    # Beside the shape, within the 24 pixels of a touch target.
    page.touchscreen.tap(box["x"] - 3, box["y"] + box["height"] / 2)
    panel = page.locator("#graph .graph-panel")
    expect(panel.get_by_role("heading")).to_have_text(work.locator("title").text_content() or "")
    expect(panel.get_by_role("link", name="Open page")).to_be_visible()
    assert page.url.endswith(KORDING)


#: The share of the nodes within the picture whose names are shown.
NAMED = """() => {
  const picture = document.querySelector('svg.graph').getBoundingClientRect();
  const seen = [...document.querySelectorAll('.dot')].filter((dot) => {
    const { x, y, width, height } = dot.querySelector(':not(title)').getBoundingClientRect();
    return x > picture.left && x + width < picture.right && y > picture.top && y + height < picture.bottom;
  });
  return seen.filter((dot) => dot.querySelector('text:not([display])')).length / seen.length;
}"""


def test_a_background_is_panned_by_touch_and_names_appear_when_zoomed(opened: Callable[..., Page]) -> None:
    page = opened("/graph?topic=cs.LG&limit=200&depth=2")
    before = page.evaluate(NAMED)
    for _ in range(6):
        page.get_by_role("button", name="Zoom in").click()
    assert page.evaluate(NAMED) > before
    moved = page.evaluate(
        """async () => {
          const svg = document.querySelector('svg.graph');
          svg.setPointerCapture = () => {};
          const box = svg.getBoundingClientRect();
          const send = (kind, dx) => svg.dispatchEvent(new PointerEvent(kind,
            { bubbles: true, clientX: box.x + 3 + dx, clientY: box.y + 3, pointerType: 'touch', pointerId: 7 }));
          const at = () => svg.querySelector('.all').getAttribute('transform');
          const was = at();
          send('pointerdown', 0); send('pointermove', 60);
          await new Promise(requestAnimationFrame);
          send('pointerup', 60);
          return was !== at();
        }"""
    )
    assert moved


def test_a_reference_is_shown_in_the_chosen_style_and_copied(opened: Callable[..., Page]) -> None:
    page = opened("/works/arxiv:1910.00744")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Cite", exact=True).click()
    reference = page.locator(".reference")
    expect(reference).to_contain_text("Rolnick, D.")
    page.get_by_label("Style").select_option("mla")
    expect(reference).to_contain_text("Rolnick, David")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == reference.inner_text()
    page.get_by_role("button", name="Copy BibTeX").click()
    page.wait_for_function("navigator.clipboard.readText().then((text) => text.startsWith('@'))")


def test_works_on_a_profile_are_searched_sorted_and_unfolded(opened: Callable[..., Page]) -> None:
    page = opened(KORDING)
    page.get_by_placeholder("Search 21 works").fill("recording")
    page.get_by_placeholder("Search 21 works").press("Enter")
    expect(page.locator("#works .muted[role=status]")).to_contain_text("of 21")
    page.wait_for_load_state()
    assert 0 < page.locator("#works article").count() < 10
    page = opened(KORDING)
    page.get_by_label("Sort by").select_option("oldest")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#works article .kind").first).to_contain_text("20")
    page.wait_for_load_state()
    oldest = page.locator("#works article .kind").first.inner_text()
    assert re.findall(r"\d{4}", oldest) < re.findall(r"\d{4}", page.locator("#works article .kind").last.inner_text())
    page.get_by_role("link", name="Expand all abstracts").click()
    expect(page.locator("#works .abstract")).to_have_count(10)
    page.wait_for_load_state()
    expect(page.locator("#works .unfold")).to_have_count(0)


def browser_cpu() -> float:
    """Return the seconds of processor time that Chromium's processes have used."""
    processes = [each for each in psutil.Process().children(recursive=True) if "chrom" in each.name()]
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def test_the_graph_zooms_and_200_nodes_follow_the_pointer(opened: Callable[..., Page]) -> None:
    page = opened("/graph?topic=cs.LG&limit=200&depth=2")
    assert page.locator(".dot").count() == 200
    page.get_by_role("button", name="Zoom in").click()
    assert "scale(1.3)" in (page.locator("svg.graph .all").get_attribute("transform") or "")
    page.get_by_role("button", name="Reset").click()
    ratios = []
    for _ in range(3):
        # Processor time of all of Chromium, drawing included: other processes of a busy machine do not count.
        start = browser_cpu()
        page.evaluate(CALIBRATION)
        unit = browser_cpu() - start
        moved = page.evaluate(DRAG)
        assert moved["frames"] == FRAMES
        assert moved["x"] != moved["from"]
        assert moved["dashes"] == "none"
        ratios.append((browser_cpu() - start - unit) / unit)
    assert min(ratios) < SMOOTH, ratios
    assert page.locator("svg.graph.moving").count() == 0


def test_kinds_are_filtered_in_the_graph_and_its_table(opened: Callable[..., Page]) -> None:
    page = opened(GRAPH)
    page.get_by_role("group", name="Kinds shown").get_by_role("link", name="Topics").click()
    expect(page.locator(".dot.k-topic")).to_have_count(12)
    expect(page.locator("tbody tr")).to_have_count(12)
    page.wait_for_load_state()
    expect(page.locator(".dot.k-work")).to_have_count(0)


@pytest.mark.parametrize("address", PAGES)
def test_targets_are_24_pixels_high(opened: Callable[..., Page], address: str) -> None:
    page = opened(address, 404 if address == "/nowhere" else 200, viewport=PHONE)
    low = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, select")].filter((target) => {
          const box = target.getBoundingClientRect();
          return box.width > 0 && box.height < 23.9 && getComputedStyle(target).display !== "inline"
            && !target.closest("svg, .unseen, .skip");
        }).map((target) => target.outerHTML.slice(0, 90))"""
    )
    assert low == []


@pytest.mark.parametrize("address", PAGES)
def test_nothing_hangs_over_the_edge_of_a_phone(opened: Callable[..., Page], address: str) -> None:
    page = opened(address, 404 if address == "/nowhere" else 200, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_everything_works_without_javascript(opened: Callable[..., Page]) -> None:
    page = opened("/", java_script_enabled=False)
    page.locator("#q").fill("neural decoding")
    page.get_by_role("button", name="Search").click()
    page.locator(".facet").get_by_role("link", name="Neurons and Cognition").first.click()
    expect(page.locator(".chip")).to_be_visible()
    page.get_by_role("link", name="Experts").click()
    page.get_by_role("link", name="Konrad P. Kording").first.click()
    page.get_by_role("link", name="Open full explorer").click()
    page.wait_for_load_state()
    expect(page.locator(".graph-tools")).to_be_hidden()
    dot(page, "Eva Dyer").locator("circle").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Eva")
    page = opened("/related", java_script_enabled=False)
    page.get_by_label("Text", exact=True).fill(
        "Decoding movement from the activity of motor neurons with machine learning."
    )
    page.get_by_role("button").last.click()
    page.wait_for_load_state()
    assert page.get_by_role("region", name="Experts").get_by_role("article").count() > 3
    assert page.get_by_role("region", name="Related work").get_by_role("article").count() > 3


def test_a_keyboard_is_enough(opened: Callable[..., Page]) -> None:
    page = opened("/topics")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    box = page.locator("#top-q")
    box.focus()
    page.keyboard.type("kord")
    expect(page.get_by_role("option").first).to_contain_text("Kording")
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == page.get_by_role("option").first.get_attribute("id")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Konrad P. Kording")


def test_the_graph_is_reached_and_moved_by_keys(opened: Callable[..., Page]) -> None:
    page = opened(GRAPH)
    eva = dot(page, "Eva Dyer")
    eva.focus()
    before = eva.get_attribute("transform")
    page.keyboard.press("ArrowRight")
    assert eva.get_attribute("transform") != before
    page.keyboard.press("Enter")
    panel = page.locator(".graph-panel")
    expect(panel).to_be_focused()
    expect(panel.get_by_role("heading")).to_contain_text("Eva")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(eva).to_be_focused()


def test_the_theme_and_the_shortcuts_are_the_readers_choice(opened: Callable[..., Page]) -> None:
    page = opened("/search?q=neurons", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_label("Theme").select_option("dark")
    assert page.evaluate(ground) != light
    page.reload()
    assert page.evaluate(ground) != light
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("article.hit h2 a").nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox").first).to_be_focused()
    second.focus()
    page.keyboard.press("?")
    page.get_by_label("Use these shortcuts").uncheck()
    page.get_by_role("button", name="Close").click()
    second.focus()
    page.keyboard.press("k")
    expect(second).to_be_focused()


def test_selected_results_are_exported(opened: Callable[..., Page]) -> None:
    page = opened("/search?q=neurons")
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_hidden()
    page.locator("article.hit").nth(0).get_by_label("Select").check()
    page.locator("article.hit").nth(2).get_by_label("Select").check()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_label("Format", exact=True).select_option("ris")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export", exact=True).click()
    assert download.value.path().read_text(encoding="utf-8").count("ER  -") == 2


def test_dark_mode_is_dark(opened: Callable[..., Page]) -> None:
    light, dark = (
        opened("/", color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    )
    assert sum(map(int, re.findall(r"\d+", light))) > 700
    assert sum(map(int, re.findall(r"\d+", dark))) < 100


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened: Callable[..., Page], scheme: str) -> None:
    problems = []
    for address in PAGES:
        # axe is put into the page as a script, which the page's own policy rightly refuses.
        page = opened(address, 404 if address == "/nowhere" else 200, color_scheme=scheme, bypass_csp=True)
        problems += violations(page, scheme)
    assert problems == []


@pytest.fixture
def owner(sample_app: Flask) -> Iterator[Person]:
    """An administrator with a long name who owns a profile, and has a claim, a report and an invitation to look at."""
    database = accounts_of(sample_app)
    person = log_in(sample_app, "Maria-Magdalena von Hohenstein", admin=True, email="maria@example.org")
    other = log_in(sample_app, "Bob")
    mine, theirs = KORDING.rpartition("/")[2], "bernhard-scholkopf-8d2c79dc"
    sides = {"sender_id": other.account_id, "recipient_id": person.account_id, "message": "Shall we?"}
    with database.begin() as session:
        session.add(Claim(account_id=person.account_id, researcher_id=mine, status="verified", proof="admin"))
        session.add(Claim(account_id=other.account_id, researcher_id=mine, status="pending", statement="It is me."))
        invitation = Invitation(
            **sides, sender_researcher_id=theirs, recipient_researcher_id=mine, purpose="talk", status="accepted"
        )
        session.add(invitation)
        session.flush()
        session.add(Report(reporter_id=person.account_id, invitation_id=invitation.id, reason="Again and again."))
        session.add(Follow(account_id=person.account_id, kind="topic", target="cs.LG", label="Machine Learning"))
    yield person
    with database.begin() as session:
        session.execute(delete(Account).where(Account.id.in_((person.account_id, other.account_id))))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_somebody_logged_in_fit_a_phone_and_axe_finds_nothing(
    opened: Callable[..., Page], owner: Person, scheme: str
) -> None:
    login = owner.get_cookie(LOGIN)
    assert login is not None
    problems = []
    for address in OWN_PAGES:
        page = opened("/login", color_scheme=scheme, bypass_csp=True, viewport=PHONE)
        page.context.add_cookies([{"name": LOGIN, "value": login.value, "url": page.url}])
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        middles = [box_middle(page.locator(part)) for part in (".brand", "nav[aria-label='Your account']", ".me")]
        assert max(middles) - min(middles) < 10, f"{address}: the header's first line is broken"
        ticks = [box.bounding_box() for box in page.locator(".tick input").all() if box.is_visible()]
        assert len({round(tick["width"]) for tick in ticks if tick}) < 2, f"{address}: boxes to tick differ in size"
        problems += violations(page, scheme)
    assert problems == []


def box_middle(part: Locator) -> float:
    box = part.bounding_box()
    assert box is not None
    return box["y"] + box["height"] / 2
