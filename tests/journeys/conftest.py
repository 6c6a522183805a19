"""The whole portal as `make run` starts it, and a real browser in front of it. Nothing is mocked."""

import contextlib
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState, expect

from tests.migrated import copy_migrated
from tests.operations.installation import Installation
from tests.sandbox_server import Sandbox

PEOPLE = ("ada", "rae", "mo")
# What the browser itself logs when an answer is 409 or 422: those are answers, not faults.
EXPECTED = ("status of 409", "status of 422")
expect.set_options(timeout=20_000)


class Portal:
    """A running portal: where it is, its sandbox vendors, and how to sign in."""

    def __init__(self, origin: str, database: Path, sandbox: Sandbox, passwords: dict[str, str]) -> None:
        self.origin = origin
        self.database = database
        self.sandbox = sandbox
        self.passwords = passwords
        # Who has signed in once need not do so again in every test.
        self.cookies: dict[str, StorageState] = {}

    def forget_drafts(self) -> None:
        """Let every form begin empty: what an earlier test typed and did not send is kept on the server."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as database, database:
            database.execute("DELETE FROM drafts_draft")


class Visitor:
    """One person in a browser of their own; `complaints` is what the console said."""

    def __init__(self, context: BrowserContext, portal: Portal) -> None:
        self.portal = portal
        self.context = context
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(text in message.text for text in EXPECTED):
            self.complaints.append(message.text)

    def forget(self, *texts: str) -> None:
        """Take back complaints that a test provoked."""
        self.complaints = [line for line in self.complaints if not any(text in line for text in texts)]

    def go(self, path: str) -> Page:
        """Open a page of the portal."""
        self.page.goto(self.portal.origin + path)
        return self.page

    def sign_in(self, name: str) -> "Visitor":
        """Sign in through the form, as a person does."""
        page = self.go("/")
        page.fill("input[name=login]", name)
        page.fill("input[name=password]", self.portal.passwords[name])
        page.click("button[type=submit]")
        expect(page.locator("#composer")).to_be_visible()
        # Not before the scripts run: what is chosen earlier, htmx does not hear of.
        page.wait_for_load_state()
        return self


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    """Use the distribution's Chromium where there is one; Playwright's own otherwise."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    # Root may not use the sandbox of Chromium; the other switches keep it from calling home.
    switches = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        switches.append("--no-sandbox")
    return {**browser_type_launch_args, "args": switches, **({"executable_path": found} if found else {})}


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One portal for all journeys: web, workers, sweep and sandbox vendors, with the demo team."""
    house = Installation(tmp_path_factory.mktemp("portal"))
    database = house.folder / "portal.sqlite3"
    copy_migrated(database)
    up = house.start("up")
    end = time.monotonic() + 150
    while "\nmo  " not in house.log and up.poll() is None and time.monotonic() < end:
        time.sleep(0.2)
    lines = [line.split("  ") for line in house.log.splitlines()]
    passwords = {line[0]: line[1] for line in lines if len(line) == 3 and line[0] in PEOPLE}
    assert set(passwords) == set(PEOPLE), house.log
    yield Portal(f"http://127.0.0.1:{house.port}", database, Sandbox(f"http://127.0.0.1:{house.port + 1}"), passwords)
    up.send_signal(signal.SIGINT)
    assert up.wait(timeout=40) == 0, house.log[-3000:]


@pytest.fixture
def prompt_vendors(portal: Portal) -> Iterator[None]:
    """Let a video be short, small and ready after two seconds, where nobody looks at the waiting or at the video."""
    portal.sandbox.settings(seconds_per_video=2, clips="quick")
    yield
    portal.sandbox.settings(seconds_per_video=None, clips="full")


@pytest.fixture
def visit(browser: Browser, portal: Portal) -> Iterator[Callable[..., Visitor]]:
    """Make visitors; at the end none of their consoles may have complained (a blocked style, a broken script)."""
    visitors: list[Visitor] = []
    portal.forget_drafts()

    def make(
        width: int = 1440, height: int = 1000, scheme: str = "light", name: str = "", **options: object
    ) -> Visitor:
        """Open a browser of its own; with `name`, already signed in as that person."""
        cookies = portal.cookies.get(name)
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            **({"storage_state": cookies} if cookies else {}),  # type: ignore[arg-type]
            **options,  # type: ignore[arg-type]
        )
        visitors.append(Visitor(context, portal))
        if name and not cookies:
            visitors[-1].sign_in(name)
            portal.cookies[name] = context.storage_state()
        elif name:
            visitors[-1].go("/")
        return visitors[-1]

    yield make
    complaints = [text for visitor in visitors for text in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go: the documentation's folder when asked to renew it, a scratch folder otherwise."""
    wanted = os.environ.get("SORA_PORTAL_WRITE_IMAGES")
    root = Path(__file__).resolve().parents[2]
    folder = root / "docs" / "images" if wanted else root / "test-results" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
