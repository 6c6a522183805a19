"""The three dialects: what each documented call is answered with."""

import json

import pytest

from tests.sandbox.vendors import VENDORS, Client, create_call, status_path, word
from tests.sandbox_server import Sandbox


@pytest.mark.parametrize(
    ("vendor", "progress"),
    [
        ("ruxa", ["waiting", "queuing", "generating", "success"]),
        ("apixo", ["pending", "processing", "success"]),
        ("sora2api", [0, 1]),
    ],
)
def test_task_passes_through_the_vendors_words(
    sandbox: Sandbox, client: Client, vendor: str, progress: list[object]
) -> None:
    sandbox.settings(seconds_per_video=1.5)
    task_id = client.accepted(vendor, "a horse taking flight")
    seen = client.words(vendor, task_id)
    assert [word(vendor, data) for data in seen] == progress
    assert all(data["taskId"] == task_id for data in seen)


def test_ruxa_success_has_addresses_inside_a_string(client: Client) -> None:
    data = client.ended("ruxa", client.accepted("ruxa", "a horse"))
    (url,) = json.loads(data["resultJson"])["resultUrls"]
    assert url.startswith("http://127.0.0.1:")
    assert url.endswith(".mp4")


def test_apixo_success_has_times_in_milliseconds(client: Client) -> None:
    data = client.ended("apixo", client.accepted("apixo", "a horse"))
    assert json.loads(data["resultJson"])["resultUrls"][0].endswith(".mp4")
    assert data["completeTime"] - data["createTime"] == pytest.approx(data["costTime"], abs=2)
    assert data["createTime"] > 10**12


def test_sora2api_success_calls_its_video_image_url(client: Client) -> None:
    task_id = client.accepted("sora2api", "a horse", "http://127.0.0.1:9/cb")
    data = client.ended("sora2api", task_id)
    assert data["response"]["imageUrl"].endswith(".mp4")
    assert json.loads(data["paramJson"])["callBackUrl"] == "http://127.0.0.1:9/cb"
    assert (data["errorCode"], data["errorMessage"]) == (0, None)
    assert len(data["createTime"]) == len("2024-03-20 10:25:00")


def test_sora2api_answers_under_the_path_of_its_clients_too(client: Client) -> None:
    _, body = create_call("sora2api", "a horse")
    answer = client.http.post("/sora2api/api/v1/sora2api/generate", json=body).json()
    record = client.http.get(f"/sora2api/api/v1/sora2api/record-info?taskId={answer['data']['taskId']}").json()
    assert (record["code"], record["data"]["successFlag"]) == (200, 0)


def test_ruxa_create_takes_nested_and_flat_bodies(client: Client) -> None:
    flat = {"model": "sora-2-hd", "prompt": "a horse", "seconds": "25", "size": "1024x1792", "watermark": False}
    answer = client.http.post("/ruxa/api/v1/tasks/create", json=flat).json()
    assert (answer["code"], answer["msg"]) == (200, "success")
    assert answer["data"]["taskId"].startswith("task_sora-2-hd_")
    assert client.accepted("ruxa", "a horse").startswith("task_sora-2_")


def test_ruxa_with_one_body_style_answers_422_to_the_other(sandbox: Sandbox, client: Client) -> None:
    sandbox.settings(ruxa_body_style="flat")
    assert client.create("ruxa", "a horse").status_code == 422
    flat = client.http.post("/ruxa/api/v1/tasks/create", json={"model": "sora-2", "prompt": "a horse"})
    assert flat.status_code == 200


def test_apixo_balance_is_a_bare_number(client: Client) -> None:
    answer = client.http.get("/apixo/api/v1/apikeys/current-balance").json()
    assert answer == {"code": 200, "message": "success", "data": 74.87}


def test_apixo_task_is_unknown_under_another_model(client: Client) -> None:
    task_id = client.accepted("apixo", "a horse")
    answer = client.http.get(f"/apixo/api/v1/statusTask/veo-3-1?taskId={task_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer bad", "Basic c2s6"])
@pytest.mark.parametrize(
    ("vendor", "status", "field"), [("ruxa", 401, "message"), ("apixo", 401, "message"), ("sora2api", 200, "msg")]
)
def test_wrong_key_gets_the_vendors_401(client: Client, vendor: str, status: int, field: str, key: str) -> None:
    path, body = create_call(vendor, "a horse")
    headers = {"Authorization": key}
    for answer in (
        client.http.post(path, json=body, headers=headers),
        client.http.get(status_path(vendor, "x"), headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, 401)
        assert answer.json()[field]


@pytest.mark.parametrize("vendor", VENDORS)
def test_unknown_task_is_code_404(client: Client, vendor: str) -> None:
    assert client.http.get(status_path(vendor, "nobody")).json()["code"] == 404


@pytest.mark.parametrize("vendor", VENDORS)
def test_unknown_address_is_http_404(client: Client, vendor: str) -> None:
    assert client.http.post(f"/{vendor}/api/v1/nothing", json={}).status_code == 404


@pytest.mark.parametrize(
    ("vendor", "fields"),
    [
        ("ruxa", {"seconds": 10}),
        ("ruxa", {"seconds": "25"}),
        ("ruxa", {"size": "1792x1024"}),
        ("ruxa", {"watermark": "no"}),
        ("ruxa", {"input_reference": "cat.jpg"}),
        ("ruxa", {"style": "baroque"}),
        ("ruxa", {"prompt": " "}),
        ("apixo", {"duration": "10"}),
        ("apixo", {"duration": 12}),
        ("apixo", {"aspect_ratio": "16:9"}),
        ("apixo", {"mode": "image-to-video"}),
        ("apixo", {"mode": "image-to-video", "image_urls": ["data:image/png;base64,AA"]}),
        ("apixo", {"remove_watermark": "true"}),
        ("apixo", {"prompt": "x" * 10_001}),
        ("sora2api", {"aspectRatio": "16:9"}),
        ("sora2api", {"quality": ["hd"]}),
        ("sora2api", {"imageUrls": "https://example.org/a.jpg"}),
        ("sora2api", {"watermark": True}),
        ("sora2api", {"prompt": ""}),
    ],
)
def test_wrong_parameter_is_refused_and_accepts_nothing(
    sandbox: Sandbox, client: Client, vendor: str, fields: dict[str, object]
) -> None:
    fields = {"prompt": "a horse"} | fields
    answer = client.create(vendor, **fields)  # type: ignore[arg-type]
    assert answer.json()["code"] in (400, 422)
    assert answer.json()["data"] is None
    memory = sandbox.memory()
    assert (len(memory["creates"]), memory["tasks"]) == (1, [])


@pytest.mark.parametrize(
    ("model", "fields", "size"),
    [
        ("veo-3-1", {"mode": "fast", "aspect_ratio": "9:16", "generationType": "TEXT_2_VIDEO"}, (720, 1280)),
        ("veo-3-1", {"mode": "quality", "aspect_ratio": "auto", "seed": 7, "watermark": "ours"}, (1280, 720)),
        ("kling-2-6", {"mode": "text-to-video", "duration": 5, "sound": True, "aspect_ratio": "1:1"}, (720, 720)),
        (
            "kling-2-6",
            {"mode": "image-to-video", "duration": 10, "image_urls": ["https://example.org/a.png"]},
            (1280, 720),
        ),
        ("sora-2-pro", {"mode": "text-to-video", "duration": 12, "size": "1024*1792"}, (1024, 1792)),
    ],
)
def test_apixo_living_models_are_accepted_in_their_shape(
    sandbox: Sandbox, client: Client, model: str, fields: dict[str, object], size: tuple[int, int]
) -> None:
    answer = client.http.post(f"/apixo/api/v1/generateTask/{model}", json={"input": {"prompt": "a horse", **fields}})
    assert answer.json()["code"] == 200, answer.text
    (task,) = sandbox.memory()["tasks"]
    assert (task["model"], (task["width"], task["height"])) == (model, size)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("veo-3-1", {"mode": "text-to-video"}),
        ("veo-3-1", {"mode": "quality", "generationType": "REFERENCE_2_VIDEO", "image_urls": ["https://a.org/b.png"]}),
        ("veo-3-1", {"mode": "fast", "watermark": True}),
        ("kling-2-6", {"mode": "text-to-video", "duration": 7}),
        ("kling-2-6", {"mode": "text-to-video", "sound": "yes"}),
    ],
)
def test_apixo_living_models_refuse_what_their_pages_do(client: Client, model: str, fields: dict[str, object]) -> None:
    answer = client.http.post(f"/apixo/api/v1/generateTask/{model}", json={"input": {"prompt": "a horse", **fields}})
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


@pytest.mark.parametrize(("vendor", "path"), [(v, create_call(v, "")[0]) for v in VENDORS])
@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff\xfe"])
def test_malformed_body_is_a_well_formed_refusal(client: Client, vendor: str, path: str, body: bytes) -> None:
    answer = client.http.post(path, content=body)
    assert answer.json()["code"] in (400, 422)


def test_apixo_model_name_is_case_sensitive(client: Client) -> None:
    _, body = create_call("apixo", "a horse")
    assert client.http.post("/apixo/api/v1/generateTask/Sora-2", json=body).status_code == 404
