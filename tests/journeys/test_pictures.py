"""Pictures in the composer, by mouse, keyboard, drop and paste, and what the sandbox vendor was given in the end."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.journeys.conftest import Visitor
from tests.journeys.test_pages import _faults
from tests.references import files

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

# A DataTransfer cannot be made outside the page.
TRANSFER = """files => {
  const transfer = new DataTransfer();
  for (const [name, type, data] of files) {
    const bytes = Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0));
    transfer.items.add(new File([bytes], name, { type }));
  }
  return transfer;
}"""
PASTE = """(target, transfer) => target.dispatchEvent(
  new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
)"""


def _transfer(page: Page, *given: tuple[str, str, bytes]) -> object:
    return page.evaluate_handle(TRANSFER, [[name, kind, base64.b64encode(data).decode()] for name, kind, data in given])


def _composer(page: Page, model: str) -> Page:
    with page.expect_response(re.compile("/compose/\\?")):
        page.locator("#composer select[name=model]").select_option(label=model)
    # Before the new settings are in their place, a file would go into a field that is about to leave.
    expect(page.locator("#composer-options .field-model.htmx-request")).to_have_count(0)
    page.evaluate("for (const more of document.querySelectorAll('#composer details.more')) more.open = true")
    return page


def test_pictures_come_in_by_every_way_and_go_out_again(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    visitor = visit(name="ada")
    page = _composer(visitor.page, "Kling 2.6 · APIXO")
    thumbs = page.locator("[data-pictures] li[data-line^='ref:'] img")
    transfer = _transfer(page, ("a.png", "image/png", files.png(300, 200)))
    page.dispatch_event("#composer", "dragover", {"dataTransfer": transfer})
    page.dispatch_event("#composer", "drop", {"dataTransfer": transfer})
    expect(thumbs).to_have_count(1)
    prompt = page.locator("#composer textarea[name=prompt]")
    prompt.evaluate(PASTE, _transfer(page, ("b.webp", "image/webp", files.webp(301, 200))))
    expect(thumbs).to_have_count(2)
    expect(page.locator("[data-pictures] input[type=file]")).to_be_hidden()
    # One too many is said, not swallowed.
    prompt.evaluate(PASTE, _transfer(page, ("c.png", "image/png", files.png(302, 200))))
    expect(page.locator("[data-pictures-error]")).to_contain_text("2 pictures at most")
    # Other settings of this model depend on the pictures: all are rendered anew, and the keyboard goes on where it was.
    with page.expect_response(re.compile("/compose/\\?")):
        page.locator("[data-pictures-remove]").first.focus()
        page.keyboard.press("Enter")
    expect(thumbs).to_have_count(1)
    expect(page.locator("[data-pictures-remove]")).to_be_focused()
    # A file that is put into a field without a click goes with it when that field leaves.
    expect(page.locator("#composer-options.htmx-request")).to_have_count(0)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(files.SVG)
    page.locator("[data-pictures] input[type=file]").set_input_files(broken)
    expect(page.locator("[data-pictures-error]")).to_contain_text("This is an SVG drawing.")
    # Of two, the good one comes in and the other is still complained about.
    page.locator("[data-pictures-remove]").click()
    expect(thumbs).to_have_count(0)
    two = _transfer(page, ("x.jpg", "image/jpeg", files.HTML), ("d.png", "image/png", files.png(303, 200)))
    prompt.evaluate(PASTE, two)
    expect(thumbs).to_have_count(1)
    expect(page.locator("[data-pictures-error]")).to_contain_text("not a JPG, PNG or WebP")
    expect(page.locator("#composer-options .htmx-request")).to_have_count(0)
    # The box for an address opened when the last picture went, and a rendering of the settings leaves it open.
    page.get_by_label("Address of a picture").fill("https://pictures.example.com/last.jpg")
    page.keyboard.press("Enter")
    expect(page.locator("[data-pictures] li")).to_have_count(2)
    lines = page.locator("[data-pictures] textarea").input_value().split("\n")
    assert re.fullmatch(r"ref:[0-9a-f]{32}", lines[0])
    assert lines[1] == "https://pictures.example.com/last.jpg"


def test_address_typed_while_the_settings_are_rendered_anew_is_kept(visit: Callable[..., Visitor]) -> None:
    page, held = _with_a_picture_and_slow_settings(visit(name="ada").page)
    box = page.get_by_label("Address of a picture")
    box.evaluate("box => { box.closest('details').open = true }")
    box.fill("https://pictures.example.com/half")
    page.wait_for_function("document.querySelector('#composer-options.htmx-request')")
    _let_go(page, held)
    expect(page.locator("#composer-options.htmx-request")).to_have_count(0)
    expect(box).to_have_value("https://pictures.example.com/half")
    expect(box).to_be_focused()
    box.fill("https://pictures.example.com/whole.jpg")
    # A second answer is on its way when the address is added.
    page.get_by_label("Address of a picture").evaluate(
        "() => window.htmx.trigger('#composer-options', 'options-changed')"
    )
    page.keyboard.press("Enter")
    expect(page.locator("[data-pictures] li")).to_have_count(1)
    _let_go(page, held)
    expect(page.locator("[data-pictures] li")).to_have_count(2)


def test_file_chosen_while_the_settings_are_rendered_anew_comes_in(
    visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    page, held = _with_a_picture_and_slow_settings(visit(name="ada").page)
    photo = tmp_path / "photo.png"
    photo.write_bytes(files.png(303, 200))
    box = page.locator("[data-pictures] input[type=file]")
    old = box.element_handle()
    with page.expect_file_chooser() as opened:
        box.click()
    # The person looks for a file; meanwhile the field that was pressed leaves the page.
    _let_go(page, held)
    page.wait_for_function("old => !old.isConnected", arg=old)
    opened.value.set_files(photo)
    expect(page.locator("[data-pictures] li img")).to_have_count(2)


def test_file_chosen_for_settings_that_are_gone_is_not_swallowed(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    page = _composer(visit(name="ada").page, "Kling 2.6 · APIXO")
    photo = tmp_path / "photo.png"
    photo.write_bytes(files.png(304, 200))
    with page.expect_file_chooser() as opened:
        page.locator("[data-pictures] input[type=file]").click()
    _composer(page, "Kling 3.0 Standard · APIXO")
    opened.value.set_files(photo)
    expect(page.locator("#toasts")).to_contain_text("no place for the picture")


def test_keyboard_stays_on_a_picture_while_the_settings_are_rendered_anew(visit: Callable[..., Visitor]) -> None:
    page, held = _with_a_picture_and_slow_settings(visit(name="ada").page)
    remove = page.locator("[data-pictures-remove]")
    remove.focus()
    old = remove.element_handle()
    _let_go(page, held)
    page.wait_for_function("old => !old.isConnected", arg=old)
    # At once, before the new settings live.
    page.keyboard.press("Enter")
    expect(remove).to_have_count(0)


def _with_a_picture_and_slow_settings(page: Page) -> tuple[Page, list[Route]]:
    """Paste a picture; return the page and its requests for new settings, which are held."""
    _composer(page, "Kling 2.6 · APIXO")
    held: list[Route] = []
    page.route("**/compose/?*", lambda route: held.append(route))
    # htmx rests between putting new settings in and bringing them to life: a moment, here one that nobody can miss.
    page.evaluate("() => { window.htmx.config.defaultSettleDelay = 400 }")
    page.locator("#composer textarea[name=prompt]").evaluate(
        PASTE, _transfer(page, ("a.png", "image/png", files.png(300, 200)))
    )
    expect(page.locator("[data-pictures] li img")).to_have_count(1)
    return page, held


def _let_go(page: Page, held: list[Route]) -> None:
    """Let the newest request go on as soon as it is here; those before it were called off by it."""
    for _ in range(1000):
        if held:
            break
        page.wait_for_timeout(20)
    held[-1].continue_()
    held.clear()


@pytest.mark.usefixtures("prompt_vendors")
def test_video_is_made_from_a_chosen_picture(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    visitor = visit(name="ada")
    page = _composer(visitor.page, "Sora 2 · Ruxa AI")
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(files.telling_jpeg())
    page.locator("#composer textarea[name=prompt]").fill("The picture begins to move")
    page.locator("[data-pictures] input[type=file]").set_input_files(photo)
    expect(page.locator("[data-pictures] img")).to_have_count(1)
    expect(page.locator("#quote")).to_contain_text("40 credits")
    page.get_by_role("button", name="Generate").click()
    row = page.locator("#rows > li", has_text="The picture begins to move")
    expect(row).to_have_attribute("data-state", "succeeded", timeout=120_000)
    # Left for the next video, and in sight.
    expect(page.locator("[data-pictures] img")).to_be_visible()
    row.locator("a.title").click()
    expect(page.get_by_role("img", name="Uploaded picture, 200 × 320")).to_be_visible()


def test_register_and_composer_have_no_accessibility_violation(visit: Callable[..., Visitor], tmp_path: Path) -> None:
    visitor = visit(name="ada", bypass_csp=True, reduced_motion="reduce")
    page = visitor.go("/characters/")
    faults = _faults(page)
    page.get_by_label("Name").fill("Fenna the fox")
    page.get_by_label("Address of the clip").fill("https://clips.example.com/fox.mp4")
    page.get_by_label("No real person can be recognised").check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Fenna the fox", level=1)).to_be_visible()
    faults += _faults(page)
    page = _composer(visitor.go("/"), "Kling 2.6 · APIXO")
    picture = tmp_path / "picture.png"
    picture.write_bytes(files.png())
    page.locator("[data-pictures] input[type=file]").set_input_files(picture)
    expect(page.locator("[data-pictures] img")).to_have_count(1)
    faults += _faults(page)
    assert faults == []
