"""Run one JavaScript sample in Chromium and print its console: `in_chromium.py FILE ORIGIN`, run as a module.

A process of its own, because Playwright keeps an event loop that other tests would trip over. The page is one of the
sandbox's own, so that `fetch` may call it; timers run a hundred times faster, for the sample waits 30 s between looks.
"""

import os
import shutil
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
STEP_MS, PAUSE_S = 1_000, 0.01
LAST_WORDS = ("Video URL:", "Error:", "Task ID: sora2", "Request failed:")


def run(sample: str, origin: str, *, seconds: float = 40) -> list[str]:
    """Return the console lines of a sample, up to one of its last words."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    switches = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    lines: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=switches)
        page = browser.new_page()
        page.on("console", lambda message: lines.append(message.text))
        page.on("pageerror", lambda error: lines.append(f"Error: {error}"))
        page.clock.install()
        page.goto(f"{origin}/_health")
        page.add_script_tag(content=sample)
        end = time.monotonic() + seconds
        while time.monotonic() < end and not _is_over(lines):
            page.clock.run_for(STEP_MS)
            page.wait_for_timeout(PAUSE_S * 1000)
        browser.close()
    return lines


def _is_over(lines: list[str]) -> bool:
    return any(line.startswith(LAST_WORDS) and "Waiting for completion" not in line for line in lines)


if __name__ == "__main__":
    sys.stdout.write("\n".join(run(Path(sys.argv[1]).read_text(encoding="utf-8"), sys.argv[2])) + "\n")
