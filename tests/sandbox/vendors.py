"""How the tests speak to each vendor of the sandbox, and what they expect to hear, side by side."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

KEY = {"Authorization": "Bearer sk-test"}
VENDORS = ("ruxa", "apixo", "sora2api")
Json = dict[str, Any]


def create_call(vendor: str, prompt: str, callback_url: str | None = None, **fields: Any) -> tuple[str, Json]:
    """Return path and body of a plain text-to-video create call with `fields` among the generation fields."""
    if vendor == "ruxa":
        body: Json = {"model": "sora-2", "input": {"prompt": prompt, "seconds": "10", "size": "1280x720", **fields}}
        return "/ruxa/api/v1/tasks/create", body | ({"callBackUrl": callback_url} if callback_url else {})
    if vendor == "apixo":
        body = {"input": {"mode": "text-to-video", "prompt": prompt, "duration": 10, **fields}}
        extra = {"request_type": "callback", "callback_url": callback_url} if callback_url else {}
        return "/apixo/api/v1/generateTask/sora-2", body | extra
    body = {"prompt": prompt, "aspectRatio": "landscape", "quality": "standard", **fields}
    return "/sora2api/api/v1/sora2/generate", body | ({"callBackUrl": callback_url} if callback_url else {})


def status_path(vendor: str, task_id: str) -> str:
    """Return the path of a status call."""
    return {
        "ruxa": f"/ruxa/api/v1/tasks/query/{task_id}",
        "apixo": f"/apixo/api/v1/statusTask/sora-2?taskId={task_id}",
        "sora2api": f"/sora2api/api/v1/sora2/record-info?taskId={task_id}",
    }[vendor]


class Client:
    """A client of one sandbox that keeps its connection."""

    def __init__(self, url: str) -> None:
        # No certificates are needed for http, and reading them costs more than a whole test.
        self.http = httpx.Client(base_url=url, headers=KEY, timeout=20, trust_env=False, verify=False)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *trouble: object) -> None:
        self.http.close()

    def create(self, vendor: str, prompt: str, callback_url: str | None = None, **fields: Any) -> httpx.Response:
        """Send a create call."""
        path, body = create_call(vendor, prompt, callback_url, **fields)
        return self.http.post(path, json=body)

    def accepted(self, vendor: str, prompt: str, callback_url: str | None = None, **fields: Any) -> str:
        """Send a create call that must be accepted and return the task id."""
        answer = self.create(vendor, prompt, callback_url, **fields)
        assert (answer.status_code, answer.json()["code"]) == (200, 200), answer.text
        return str(answer.json()["data"]["taskId"])

    def status(self, vendor: str, task_id: str) -> Json:
        """Return the `data` of a status answer."""
        answer = self.http.get(status_path(vendor, task_id))
        assert (answer.status_code, answer.json()["code"]) == (200, 200), answer.text
        data: Json = answer.json()["data"]
        return data

    def ended(self, vendor: str, task_id: str, *, seconds: float = 20) -> Json:
        """Poll until the task has ended and return the last `data`."""
        words = self.words(vendor, task_id, seconds=seconds)
        return words[-1]

    def words(self, vendor: str, task_id: str, *, seconds: float = 20) -> list[Json]:
        """Poll until the task has ended and return every `data` seen, one for each change of state."""
        seen: list[Json] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            data = self.status(vendor, task_id)
            if not seen or word(vendor, seen[-1]) != word(vendor, data):
                seen.append(data)
            if word(vendor, data) in END_WORDS[vendor]:
                return seen
            time.sleep(0.02)
        raise AssertionError(f"{vendor} {task_id} did not end: {seen}")


END_WORDS: Mapping[str, tuple[object, ...]] = {
    "ruxa": ("success", "completed", "fail"),
    "apixo": ("success", "failed"),
    "sora2api": (1, "1", 2, 3),
}


def word(vendor: str, data: Json | None) -> object:
    """Return the state word (or flag) of a status `data`."""
    if data is None:
        return None
    return data["successFlag"] if vendor == "sora2api" else data["state"]
