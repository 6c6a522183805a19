"""A budget that is too small, as people meet it: refused, asked for, granted from a phone, and the video goes out."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

PROMPT = "A lighthouse in a storm, waves over the rocks"
REASON = "The client wants one more cut before the launch."


@pytest.fixture
def mo(visit: Callable[..., Visitor]) -> Iterator[Visitor]:
    """The admin at a desk, who has left ada ten credits; in the end she has her budget back."""
    admin = visit(name="mo")
    cells = admin.go("/team/credits/").locator("table.budgets tr", has_text="Ada Moreau").locator("td")
    spent, reserved = (int(re.sub(r"\D", "", cells.nth(place).inner_text())) for place in (1, 2))
    _set_budget(admin, spent + reserved + 10)
    yield admin
    _set_budget(admin, 2_000)


def _set_budget(admin: Visitor, amount: int) -> None:
    page = admin.go("/team/credits/")
    page.locator("table.budgets").get_by_role("link", name="Ada Moreau").click()
    form = page.locator("form[action$='/budget/']")
    form.locator("input[name=quota]").fill(str(amount))
    form.get_by_role("button", name="Set budget").click()
    expect(page.locator("#board")).to_contain_text(f"{amount:,}")


@pytest.mark.usefixtures("prompt_vendors")
def test_refused_video_is_asked_for_granted_from_a_phone_and_goes_out_by_itself(
    visit: Callable[..., Visitor], mo: Visitor, pictures: Path
) -> None:
    studio = visit(name="ada").page
    composer = studio.locator("#composer")
    composer.locator("select[name=model]").select_option(label="Sora 2 · Ruxa AI")
    expect(studio.locator("#quote")).to_contain_text("only 10 left for you")
    composer.locator("textarea[name=prompt]").fill(PROMPT)
    composer.locator("button[type=submit]").first.click()
    asking = composer.get_by_role("group", name="Ask for budget")
    expect(asking.get_by_label("Credits")).to_have_value("30")
    asking.get_by_label("Reason").fill(REASON)
    studio.screenshot(path=pictures / "ask-for-budget.png", caret="initial", animations="disabled")
    asking.get_by_role("button", name="Ask an admin").click()
    expect(studio.locator("#asks")).to_contain_text(PROMPT)

    phone = visit(390, 844, name="mo", has_touch=True, is_mobile=True).page
    phone.locator(".banner").get_by_role("link", name="Answer").tap()
    request = phone.locator("#requests section", has_text=PROMPT)
    expect(request).to_contain_text(REASON)
    phone.screenshot(path=pictures / "answer-on-a-phone.png", caret="initial", animations="disabled")
    request.get_by_role("button", name="Grant once").tap()
    expect(phone.locator("#requests")).to_contain_text("granted")

    row = studio.locator("#rows > li", has_text=PROMPT)
    expect(row).to_have_count(1, timeout=30_000)
    expect(studio.locator("#asks")).not_to_contain_text(PROMPT, timeout=30_000)
    expect(row).to_have_attribute("data-state", "succeeded", timeout=120_000)
