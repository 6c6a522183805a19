#!/bin/sh
# Make sure that a Chromium exists for the browser tests: the distribution's, else Playwright's own.
# Without one the run fails: a suite that skips its browser journey says "passed" about a page nobody opened.
set -eu
cd "$(dirname "$0")/.."

system_browser() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}
playwrights_browser() {
    .venv/bin/python - <<'PYTHON' 2>/dev/null
import os, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not os.path.exists(playwright.chromium.executable_path))
PYTHON
}

if system_browser || playwrights_browser; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "The browser tests need a Chromium; installing the distribution's"
    # Ubuntu's package of that name only points to snap, hence the second look.
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && system_browser; then
        exit 0
    fi
fi
echo "The browser tests need a Chromium; asking Playwright for its own"
if .venv/bin/playwright install chromium && playwrights_browser; then
    exit 0
fi
echo "No Chromium could be had, so the browser tests cannot run. Install one and try again:" >&2
echo "    apt-get install chromium        (or: .venv/bin/playwright install --with-deps chromium)" >&2
exit 1
