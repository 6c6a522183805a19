"""Small things that only a browser can show."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Visitor

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


def test_n_leads_from_any_page_to_the_prompt(visit: Callable[..., Visitor]) -> None:
    visitor = visit(name="ada")
    visitor.go("/library/")
    visitor.page.keyboard.press("n")
    expect(visitor.page.locator("#id_prompt")).to_be_focused()


def test_signing_in_puts_nothing_over_the_page(visit: Callable[..., Visitor]) -> None:
    page = visit(width=390, height=844).sign_in("ada").page
    expect(page.get_by_role("button", name="Generate")).to_be_visible()
    expect(page.locator("#toasts")).to_be_empty()


def test_a_row_admits_that_it_takes_longer_than_usual(visit: Callable[..., Visitor]) -> None:
    page = visit(name="ada").page
    page.locator("#id_prompt").fill("A glacier calving into the sea [slow]")
    page.get_by_role("button", name="Generate").click()
    usual = page.locator("#rows > li").first.locator("[data-late]")
    expect(usual).to_contain_text("usually")
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=2))
    page.reload()
    page.clock.run_for(2000)
    expect(usual).to_have_text(re.compile("longer than usual"))
