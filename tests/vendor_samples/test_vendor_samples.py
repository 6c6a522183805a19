"""The vendors' sample clients run against the sandbox, unchanged but for the origin: it speaks their language."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.sandbox_server import ROOT, Sandbox

HERE = Path(__file__).parent
ORIGINS = {
    "https://api.ruxa.ai": "ruxa",
    "https://api.apixo.ai": "apixo",
    "https://api.sora2api.ai": "sora2api",
}
REPAIRED = sorted(path.name for path in (HERE / "repaired").iterdir())
BODIES = sorted(path.name for path in (HERE / "as_read").glob("*.json"))
CREATE_PATHS = {"ruxa": "/ruxa/api/v1/tasks/create", "sora2api": "/sora2api/api/v1/sora2/generate"}
SPEED = "100"


@pytest.fixture
def vendors(sandbox: Sandbox) -> Sandbox:
    """The sandbox with videos that take a while, so that a client has to wait for them."""
    sandbox.settings(seconds_per_video=0.6)
    return sandbox


def pointed(name: str, sandbox: Sandbox, folder: str = "as_read", **placeholders: str) -> str:
    """Return a sample whose origin is the sandbox and whose placeholders are filled in; nothing else is changed."""
    text = (HERE / folder / name).read_text(encoding="utf-8")
    for origin, vendor in ORIGINS.items():
        text = text.replace(origin, f"{sandbox.url}/{vendor}")
    for placeholder, value in placeholders.items():
        assert placeholder in text
        text = text.replace(placeholder, value)
    return text


def in_shell(script: str) -> dict[str, object]:
    """Run a curl sample in bash and return the JSON that it prints."""
    if shutil.which("curl") is None:
        pytest.fail("the vendors' shell samples need curl: run scripts/curl.sh, or apt-get install curl")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def in_browser(sample: str, sandbox: Sandbox, folder: Path) -> str:
    """Run a JavaScript sample in Chromium and return what it says on the console."""
    file = folder / "sample.js"
    file.write_text(sample, encoding="utf-8")
    command = [sys.executable, "-m", "tests.vendor_samples.in_chromium", str(file), sandbox.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_python(sample: str, folder: Path) -> str:
    """Run a Python sample with the stand-ins on its path and return what it prints."""
    file = folder / "sample.py"
    file.write_text(sample, encoding="utf-8")
    variables = {**os.environ, "PYTHONPATH": str(HERE / "stand_in"), "SAMPLE_SPEED": SPEED}
    done = subprocess.run(
        [sys.executable, str(file)], env=variables, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def task_of(answer: dict[str, object]) -> str:
    """Return the task id in a create answer."""
    data = answer["data"]
    assert isinstance(data, dict)
    assert answer["code"] == 200
    return str(data["taskId"])


@pytest.mark.parametrize("name", REPAIRED)
def test_repaired_sample_differs_from_the_page_in_white_space_only(name: str) -> None:
    read, repaired = ((HERE / folder / name).read_text(encoding="utf-8") for folder in ("as_read", "repaired"))
    assert "".join(read.split()) == "".join(repaired.split())


@pytest.mark.parametrize(
    ("sample", "status", "placeholder"),
    [
        ("ruxa-text-to-video.sh.txt", "ruxa-status.sh.txt", "{taskId}"),
        ("ruxa-image-to-video.sh.txt", "ruxa-status.sh.txt", "{taskId}"),
        ("ruxa-character.sh.txt", "ruxa-status.sh.txt", "{taskId}"),
        ("apixo-text-to-video.sh.txt", "apixo-status.sh.txt", "task_12345678"),
    ],
)
def test_shell_samples_make_a_video_and_find_it(vendors: Sandbox, sample: str, status: str, placeholder: str) -> None:
    task_id = task_of(in_shell(pointed(sample, vendors)))
    vendors.wait_until(lambda memory: memory["tasks"][0]["state"] == "succeeded")
    data = in_shell(pointed(status, vendors, **{placeholder: task_id}))["data"]
    assert isinstance(data, dict)
    assert (data["taskId"], data["state"]) == (task_id, "success")
    assert httpx.get(json.loads(data["resultJson"])["resultUrls"][0], trust_env=False).content[4:8] == b"ftyp"


def test_shell_sample_with_callback_is_accepted_and_asks_for_one(vendors: Sandbox) -> None:
    # Its callback would go out into the world when the video is done; it is not done before the test is over.
    vendors.settings(seconds_per_video=600)
    task_of(in_shell(pointed("apixo-image-to-video.sh.txt", vendors)))
    (task,) = vendors.memory()["tasks"]
    assert task["callback_url"] == "https://your-server.com/callback"


def test_javascript_quickstart_submits_and_the_shell_sample_asks(vendors: Sandbox, tmp_path: Path) -> None:
    said = in_browser(pointed("sora2api-generate.js.txt", vendors), vendors, tmp_path)
    (task,) = vendors.wait_until(lambda memory: memory["tasks"][0]["state"] == "succeeded")["tasks"]
    assert f"Task ID: {task['task_id']}" in said
    status = pointed("sora2api-status.sh.txt", vendors, YOUR_TASK_ID=task["task_id"])
    data = in_shell(status)["data"]
    assert isinstance(data, dict)
    assert (data["successFlag"], data["response"]["imageUrl"]) == (1, task["media_url"])


@pytest.mark.parametrize("language", ["js", "py"])
def test_workflow_sample_waits_for_its_video(vendors: Sandbox, tmp_path: Path, language: str) -> None:
    sample = pointed(f"sora2api-workflow.{language}.txt", vendors, "repaired")
    said = in_browser(sample, vendors, tmp_path) if language == "js" else in_python(sample, tmp_path)
    (task,) = vendors.memory()["tasks"]
    assert "Task generating, waiting..." in said
    assert f"Video URL: {task['media_url']}" in said
    assert task["polls"] >= 2


@pytest.mark.parametrize("language", ["js", "py"])
@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ("fail", "Error: Generation failed, please try again later."),
        ("fail-start", "Error: Task creation failed."),
        ("no-balance", "Error: Generation failed: The current credits are insufficient. Please top up."),
    ],
)
def test_workflow_sample_reports_the_vendors_refusals(
    vendors: Sandbox, tmp_path: Path, language: str, scenario: str, says: str
) -> None:
    vendors.settings(rates={scenario: 1})
    sample = pointed(f"sora2api-workflow.{language}.txt", vendors, "repaired")
    said = in_browser(sample, vendors, tmp_path) if language == "js" else in_python(sample, tmp_path)
    assert says in said


@pytest.mark.parametrize("name", BODIES)
def test_body_that_a_page_shows_is_accepted(vendors: Sandbox, name: str) -> None:
    vendors.settings(seconds_per_video=600)
    body = json.loads((HERE / "as_read" / name).read_text(encoding="utf-8"))
    path = CREATE_PATHS[name.partition("-")[0]]
    answer = httpx.post(vendors.url + path, json=body, headers={"Authorization": "Bearer k"}, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (200, 200), answer.text
    assert vendors.memory()["creates"][0]["body"] == body
