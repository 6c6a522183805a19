"""Videos that are shown otherwise than they are coded, in a real browser: what we say of them is what it shows."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from sora_portal.generations.models import Generation
from tests import factories
from tests.outputs import clips
from tests.outputs.media import odd_clips

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]

UNEVEN = (*range(0, 1200, 50), *range(1200, 2400, 200))
ODD = [
    pytest.param(odd_clips.turned((0, 1, -1, 0)), id="turned"),
    pytest.param(odd_clips.turned((-1, 0, 0, 1)), id="mirrored"),
    pytest.param(odd_clips.edited((1000, 500)), id="trimmed"),
    pytest.param(odd_clips.edited((500, -1), (2000, 0)), id="late"),
    pytest.param(odd_clips.made(sar=2), id="wide pixels"),
    pytest.param(odd_clips.switched(odd_clips.made(tracks=2), False, True), id="second track"),
    pytest.param(odd_clips.made(times=UNEVEN), id="variable frame rate"),
    pytest.param(odd_clips.made(times=UNEVEN, options=(("bf", "2"),)), id="variable frame rate, out of order"),
    pytest.param(odd_clips.turned((0, -1, 1, 0), odd_clips.made(codec="libx265", options=())), id="preview"),
]
# Press the button `count` times; return when, in seconds, the picture on the screen began after each.
STEPS = """async ([step, count]) => {
  const video = document.querySelector("[data-player] video");
  let shown = null;
  const follow = () => video.requestVideoFrameCallback((_now, picture) => { shown = picture.mediaTime; follow(); });
  follow();
  const seen = [];
  for (let number = 0; number < count; number += 1) {
    const before = shown;
    document.querySelector(`[data-step="${step}"]`).click();
    for (let tries = 0; shown === before && tries < 100; tries += 1) await new Promise((done) => setTimeout(done, 20));
    seen.push(shown);
  }
  return seen;
}"""


@pytest.fixture
def look(browser: Browser, live_server: Any) -> Iterator[Callable[[str, str], Page]]:
    """Open a page as somebody who has signed in."""
    pages: list[Page] = []

    def open_page(name: str, path: str) -> Page:
        client = Client()
        client.force_login(getattr(factories, name)())
        context = browser.new_context()
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        pages.append(context.new_page())
        pages[-1].goto(live_server.url + path)
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()


def _shown(page: Page) -> Any:
    expect(page.locator("[data-player][data-picture=shown]")).to_be_visible()
    return page.evaluate(
        "(({ videoWidth, videoHeight, duration }) => [videoWidth, videoHeight, duration])"
        "(document.querySelector('[data-player] video'))"
    )


@pytest.mark.parametrize("content", ODD)
def test_browser_shows_what_we_say_and_steps_frame_by_frame(content: bytes, look: Callable[[str, str], Page]) -> None:
    row = clips.kept(content)
    page = look("ada", f"/videos/{row.public_id}/")
    width, height, seconds = _shown(page)
    output = row.output  # type: ignore[attr-defined]
    assert (width, height) == (output.width, output.height)
    assert abs(seconds * 1000 - output.duration_ms) < 2 * 1000 / output.fps

    times = [time / 1e6 for time in output.frame_times] or [number / output.fps for number in range(output.frames)]
    forward = page.evaluate(STEPS, [1, output.frames - 1])
    back = page.evaluate(STEPS, [-1, output.frames - 1])

    assert forward == pytest.approx(times[1:], abs=0.002)
    assert back == pytest.approx(times[:-1][::-1], abs=0.002)


def _reviewed(row: Generation) -> str:
    row.refresh_from_db()
    return row.review


def test_decision_waits_for_a_picture_or_for_the_word_of_who_watched_elsewhere(
    look: Callable[[str, str], Page],
) -> None:
    row = clips.kept(odd_clips.made(codec="libx265", options=(), sound="aac"), preview=False)
    page = look("rae", f"/review/{row.public_id}/")

    expect(page.locator("[data-picture-missing]")).to_contain_text("This browser cannot show this video")
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_disabled()
    page.keyboard.press("a")
    assert _reviewed(row) == "to_review"
    page.get_by_label("I have watched this video").check()
    approve.click()
    expect(page).to_have_url(re.compile("/review/$"))
    assert _reviewed(row) == "approved"


def test_file_that_this_browser_alone_cannot_show_is_not_approved_blindly(look: Callable[[str, str], Page]) -> None:
    """The portal takes it for one that every browser plays, and is wrong."""
    row = clips.kept(odd_clips.made(codec="libx265", options=(), sound="aac"), preview=False)
    row.output.plays_everywhere = True  # type: ignore[attr-defined]
    row.output.save()  # type: ignore[attr-defined]

    page = look("rae", f"/review/{row.public_id}/")

    expect(page.get_by_label("I have watched this video")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()


def test_preview_stands_in_and_the_original_is_approved(look: Callable[[str, str], Page]) -> None:
    row = clips.kept(odd_clips.made(codec="libx265", options=()))
    page = look("rae", f"/review/{row.public_id}/")

    _shown(page)
    expect(page.locator(".stands-in")).to_contain_text("The file itself is HEVC in MP4")
    page.get_by_role("button", name="Approve").click()
    expect(page).to_have_url(re.compile("/review/$"))
    assert row.decisions.get().sha256 == row.sha256  # type: ignore[attr-defined]
