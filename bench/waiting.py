"""The vendors' own sample loop, as a task for each video: ask, sleep, ask again. What the poller is compared with."""

import json
import time
import urllib.request


def wait_for_completion(base_url: str, task_id: str, interval: float, seconds: float) -> str:
    """Poll one task every `interval` seconds until it ends or `seconds` are over; return its last state."""
    end = time.monotonic() + seconds
    state = ""
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{base_url}/api/v1/statusTask/sora-2?taskId={task_id}", timeout=10) as answer:
            state = json.load(answer)["data"]["state"]
        if state in ("success", "failed"):
            break
        time.sleep(interval)
    return state
