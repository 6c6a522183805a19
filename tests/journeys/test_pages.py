"""Every page, wide and narrow, light and dark: no accessibility violation, no sideways scrolling, nothing blocked."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe.min.js"
PAGES = {
    "ada": ("/", "/library/", "/usage/", "/accounts/password/change/", "/nowhere/"),
    "rae": ("/review/", "/team/credits/"),
    "mo": (
        "/",
        "/team/credits/",
        "/team/reconciliation/",
        "/team/people/",
        "/team/projects/",
        "/team/providers/",
        "/team/prices/",
        "/team/requests/",
    ),
}
WIDE, NARROW = (1440, 1000), (390, 844)
NARROWEST = {"width": 320, "height": 568}
# The pictures that the documents show: name, person's page ("" is a video's own, "review" its review), size, colours.
PICTURES = (
    ("studio", "/", WIDE, "light"),
    ("studio-phone", "/", NARROW, "dark"),
    ("video", "", WIDE, "light"),
    ("review", "review", WIDE, "dark"),
    ("credits", "/team/credits/", WIDE, "light"),
)


def _violations(page: Page, *rules: str) -> list[str]:
    """Return what axe finds on the page as it is shown now: by all rules, or by these only."""
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [f"{page.url} {each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


def _faults(page: Page) -> list[str]:
    """Return what is wrong with the open page at both widths and in both colours.

    Colours change nothing but contrast, so the other rules are asked once for each width.
    """
    page.add_script_tag(path=AXE)
    faults = []
    for width, height in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="light")
        faults += _violations(page)
        page.emulate_media(color_scheme="dark")
        faults += _violations(page, "color-contrast")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{page.url} scrolls sideways at {width} px")
    page.set_viewport_size(NARROWEST)
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        faults.append(f"{page.url} scrolls sideways at 320 px")
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    return faults


def _video_pages(page: Page, origin: str) -> list[str]:
    """Return the addresses of a finished video's own page and of its review; makes a video where there is none."""
    page.goto(f"{origin}/?show=review")
    if not page.locator("#rows > li").count():
        page.locator("#id_prompt").fill("Paper boats drifting down a canal at dusk")
        page.get_by_role("button", name="Generate").click()
        row = page.locator("#rows > li", has_text="Paper boats")
        expect(row).to_have_attribute("data-state", "succeeded", timeout=120_000)
    address = page.locator("#rows > li a.title").first.get_attribute("href") or ""
    return [address, address.replace("/videos/", "/review/")]


@pytest.mark.parametrize("name", ["", *PAGES])
def test_no_page_has_an_accessibility_violation(visit: Callable[..., Visitor], name: str) -> None:
    # Axe is a script from outside: it runs only where the content policy is switched off.
    visitor = visit(name=name, bypass_csp=True, reduced_motion="reduce")
    page = visitor.page
    addresses = PAGES.get(name, ("/accounts/login/", "/accounts/password/reset/"))
    video = _video_pages(page, visitor.portal.origin) if name == "mo" else []
    faults = []
    for address in [*addresses, *video]:
        faults += _faults(visitor.go(address))
    visitor.forget("status of 403", "status of 404")
    assert faults == []


def test_no_page_complains_under_the_strict_content_policy(visit: Callable[..., Visitor]) -> None:
    for name, addresses in PAGES.items():
        visitor = visit(name=name)
        video = _video_pages(visitor.page, visitor.portal.origin) if name == "mo" else []
        for address in [*addresses, *video]:
            answer = visitor.page.goto(visitor.portal.origin + address)
            assert answer is not None
            assert "script-src 'self'" in answer.headers["content-security-policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            visitor.page.wait_for_timeout(150)
        visitor.forget("status of 403", "status of 404")


@pytest.mark.parametrize(("name", "address", "size", "scheme"), PICTURES)
def test_pictures_for_the_documents(
    visit: Callable[..., Visitor], pictures: Path, name: str, address: str, size: tuple[int, int], scheme: str
) -> None:
    visitor = visit(*size, scheme, "mo", reduced_motion="reduce")
    page = visitor.page
    video = _video_pages(page, visitor.portal.origin)
    visitor.go({"": video[0], "review": video[1]}.get(address, address))
    page.wait_for_load_state("networkidle")
    page.screenshot(path=pictures / f"{name}.png", caret="initial", animations="disabled")
    assert (pictures / f"{name}.png").stat().st_size > 10_000
