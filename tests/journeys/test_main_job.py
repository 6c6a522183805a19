"""The main job, end to end, on real parts: prompt in, approved video out, credits right to the last one."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.journeys.conftest import Visitor

# One process runs all journeys, in this order, so that one portal serves them all and the sums are known.
pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

VIDEOS = {
    "Sora 2 · Ruxa AI": ("Golden retriever running through a sunlit meadow", 40),
    "Sora 2 · APIXO": ("Ocean waves crashing against rocky cliffs at sunset", 50),
    "Sora 2 Standard · Sora2API": ("Snow falling on a quiet mountain cabin at night", 30),
}
REFUSED = "Neon city street after rain [policy-late]"
DONE = 120_000


def _submit(page: Page, model: str, prompt: str) -> Locator:
    """Fill the composer, press Generate, and return the new row."""
    composer = page.locator("#composer")
    composer.locator("select[name=model]").select_option(label=model)
    expect(page.locator("#quote")).to_contain_text("credits")
    composer.locator("textarea[name=prompt]").fill(prompt)
    composer.get_by_role("button", name="Generate").click()
    row = page.locator("#rows > li", has_text=prompt)
    expect(row).to_have_count(1)
    return row


def _play(page: Page) -> None:
    """Play for a moment and see that frames are shown, then seek and see that the picture follows."""
    video = page.locator("[data-player] video")
    video.evaluate("video => { video.muted = true; return video.play() }")
    page.wait_for_timeout(1500)
    shown = video.evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames")
    assert shown > 5, "frames advance"
    video.evaluate("video => { video.pause(); video.currentTime = 7 }")
    page.wait_for_timeout(800)
    where, ready = video.evaluate("video => [video.currentTime, video.readyState]")
    assert abs(where - 7) < 0.1
    assert ready >= 2, "there is a picture at the new place"


def test_prompt_in_approved_video_out(visit: Callable[..., Visitor]) -> None:
    ada = visit().sign_in("ada")
    studio = ada.page
    studio.evaluate("window.stillTheSamePage = true")
    rows = {model: _submit(studio, model, prompt) for model, (prompt, _) in VIDEOS.items()}
    refused = _submit(studio, "Sora 2 · APIXO", REFUSED)
    for row in rows.values():
        expect(row).to_have_attribute("data-state", "succeeded", timeout=DONE)
        expect(row).to_contain_text("To review")
        expect(row.locator("img")).to_be_visible()
    expect(refused).to_have_attribute("data-state", "failed", timeout=DONE)
    expect(refused).to_contain_text("The vendor refused this prompt for its content. Change the prompt and try again.")
    expect(refused).to_contain_text("returned")
    assert studio.evaluate("window.stillTheSamePage"), "all of it happened in place"
    expect(studio.locator("#nav-credits")).to_have_text("1,880")

    _watch(ada)
    rae = visit(name="rae")
    _approve(rae)
    ada.go("/")
    approved = studio.locator("#rows > li", has_text="Approved")
    expect(approved).to_have_count(1)
    _check_the_books(visit(name="mo"))


def _watch(ada: Visitor) -> None:
    """Open a finished video, play it, seek in it; the file comes in ranges."""
    page = ada.page
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer) if answer.url.endswith("/file.mp4") else None)
    page.locator("#rows > li", has_text="Ocean waves").locator("a.title").click()
    expect(page.locator("[data-player]")).to_be_visible()
    _play(page)
    assert {answer.status for answer in answers} == {206}
    expect(page.locator("main")).to_contain_text("Ocean waves crashing against rocky cliffs at sunset")


def _approve(rae: Visitor) -> None:
    """Open the queue, watch the first video, approve it; the next one opens."""
    page = rae.page
    page.get_by_role("link", name=re.compile("^Review")).first.click()
    expect(page.locator("#review-queue li")).to_have_count(3)
    page.locator("#review-queue li").first.locator("a.go").click()
    _play(page)
    first = page.url
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#toasts")).to_contain_text("Approved")
    expect(page).not_to_have_url(first)


def _check_the_books(mo: Visitor) -> None:
    """The ledger shows what was spent and what came back, to the credit."""
    page = mo.go("/team/credits/")
    spent = sum(price for _, price in VIDEOS.values())
    quotas = {"Organisation": 10_000, "Project Autumn launch": 6_000, "Ada Moreau": 2_000}
    for label, quota in quotas.items():
        cells = page.locator("table.budgets tr", has_text=label).locator("td")
        expect(cells).to_have_text([f"{quota:,}a month", f"{spent}", "0", f"{quota - spent:,}"])
    page.goto(f"{mo.portal.origin}/team/credits/?scope=organisation&kind=release")
    expect(page.locator("table.ledger tbody tr")).to_have_count(1)
    expect(page.locator("table.ledger tbody tr")).to_contain_text("50")


def test_a_double_click_makes_one_video_and_reserves_once(visit: Callable[..., Visitor]) -> None:
    page = visit(name="ada").page
    before = int(page.locator("#nav-credits").inner_text().replace(",", ""))
    page.locator("#id_prompt").fill("A paper boat on a canal at dusk")
    page.get_by_role("button", name="Generate").dblclick()
    row = page.locator("#rows > li", has_text="A paper boat")
    expect(row).to_have_count(1)
    page.wait_for_timeout(1500)
    expect(row).to_have_count(1)
    expect(page.locator("#nav-credits")).to_have_text(f"{before - 40:,}")


def test_an_empty_prompt_says_so_beside_the_field_and_keeps_the_focus_there(visit: Callable[..., Visitor]) -> None:
    page = visit(name="ada").page
    page.locator("#composer select[name=model]").select_option(label="Kling 2.6 · APIXO")
    expect(page.locator("#quote")).to_contain_text("70")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#id_prompt_error")).to_have_text("Describe the video first.")
    expect(page.locator("#id_prompt")).to_be_focused()


def test_polls_stop_while_the_tab_is_hidden_and_resume_at_once(visit: Callable[..., Visitor]) -> None:
    visitor = visit(name="ada")
    page = visitor.page
    polls: list[str] = []
    page.on("request", lambda request: polls.append(request.url) if "/feed/" in request.url else None)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {configurable: true, get: () => true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    polls.clear()
    page.wait_for_timeout(7000)
    assert polls == []
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {configurable: true, get: () => false});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(1000)
    assert len(polls) >= 1


def test_a_lost_connection_is_announced_and_the_list_resumes(visit: Callable[..., Visitor]) -> None:
    visitor = visit(name="ada")
    visitor.context.set_offline(True)
    expect(visitor.page.locator("#offline")).to_contain_text("You are offline")
    visitor.context.set_offline(False)
    expect(visitor.page.locator("#offline")).to_be_empty()
    # A poll that was under way when the cable was pulled.
    visitor.forget("ERR_INTERNET_DISCONNECTED")


def test_an_ended_session_leads_to_the_sign_in_page_and_back(visit: Callable[..., Visitor]) -> None:
    visitor = visit(name="ada")
    visitor.context.clear_cookies()
    visitor.page.locator("#id_prompt").fill("A horse")
    visitor.page.get_by_role("button", name="Generate").click()
    expect(visitor.page.locator("input[name=password]")).to_be_visible()
    visitor.complaints.clear()
