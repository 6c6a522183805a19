"""APIXO as its pages describe it (apixo.ai/docs, read 2026-11-20): sora-2 in version C, and living models.

Two layers: a request turned down at once has an HTTP error status mirrored by `code`; a task that failed later is
HTTP 200, `code` 200, with `failCode` and `failMsg`.
"""

import json

from sora_portal.sandbox.config import Config
from sora_portal.sandbox.dialects.apixo_models import MODELS, VEO_TYPES, Model
from sora_portal.sandbox.dialects.base import (
    Answer,
    Ask,
    Balance,
    Create,
    Dialect,
    Failure,
    JsonObject,
    Order,
    Phase,
    Refusal,
    Result,
    Route,
    Status,
    View,
    addresses,
    is_web_address,
    json_text,
    result_text,
)

_TYPICAL_SECONDS = 8.0  # veo-3-1 documents no length
_HEIGHTS = {"360p": 360, "480p": 480, "540p": 540, "720p": 720, "1080p": 1080}

_WORDS = {
    Phase.WAITING: "pending",
    Phase.QUEUED: "pending",
    Phase.RUNNING: "processing",
    Phase.ODD: "post_processing",
    Phase.SUCCEEDED: "success",
    Phase.FAILED: "failed",
}
_FAILURES = {
    Failure.POLICY: ("CONTENT_VIOLATION", "Content does not meet safety guidelines"),
    Failure.GENERATION: ("GENERATION_FAILED", "Generation failed, please try again"),
    Failure.START: ("MODEL_UNAVAILABLE", "The task could not be started"),
    Failure.IMAGE: ("INVALID_IMAGE_URL", "Cannot access provided image URL"),
}
_CODES = {
    400: "Invalid parameters or request error",
    401: "Invalid or missing API Key",
    402: "Insufficient balance",
    403: "API key lacks permission",
    404: "Not found",
    429: "Rate limit exceeded",
    500: "Internal server error",
    503: "Model unavailable",
}
_CREATE, _STATUS, _BALANCE = "/api/v1/generateTask/", "/api/v1/statusTask/", "/api/v1/apikeys/current-balance"


def _error(code: int, message: str, *, status: int | None = None, data: object = None, retry_after: str = "") -> Answer:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Answer(code if status is None else status, {"code": code, "message": message, "data": data}, headers)


class Apixo(Dialect):
    """`generateTask/{model}`, `statusTask/{model}?taskId=` and the balance."""

    name = "apixo"
    # "up to 3 retries with growing delays, the first 30 s later"; the two after it are cut off on the page.
    callback_retries = (30.0, 60.0, 120.0)
    callback_timeout = 30.0

    def route(self, ask: Ask) -> Route | None:
        """Match the documented addresses; the model is part of the path, case and all."""
        if ask.method == "GET" and ask.path == _BALANCE:
            return Balance()
        if ask.method == "POST" and ask.path.startswith(_CREATE) and ask.path != _CREATE:
            return Create(ask.path[len(_CREATE) :])
        if ask.method == "GET" and ask.path.startswith(_STATUS) and ask.path != _STATUS:
            return Status(ask.query.get("taskId", ""), ask.path[len(_STATUS) :])
        return None

    def prompt_of(self, body: JsonObject) -> str:
        """Read `input.prompt`."""
        fields = body.get("input")
        prompt = fields.get("prompt") if isinstance(fields, dict) else None
        return prompt if isinstance(prompt, str) else ""

    def read_create(self, route: Create, body: JsonObject, knobs: Config) -> Order:
        """Check the model's own parameters and the envelope around them."""
        model = MODELS.get(route.model)
        if model is None:
            raise Refusal(_error(404, f"Model not found: {route.model}"))
        fields = body.get("input")
        trouble = _top_trouble(body) or (
            _trouble(route.model, model, fields) if isinstance(fields, dict) else "input is required"
        )
        if trouble or not isinstance(fields, dict):
            raise Refusal(_error(400, f"Invalid parameters: {trouble}"))
        width, height = _frame(model, fields)
        asks_back = body.get("request_type", "async") == "callback"
        return Order(
            model=route.model,
            prompt=str(fields["prompt"]),
            seconds=float(fields.get("duration", model.durations[0] if model.durations else _TYPICAL_SECONDS)),
            width=width,
            height=height,
            callback_url=str(body["callback_url"]) if asks_back else None,
            params=json_text(body),
            seed=_whole(fields.get("seed")),
            images=addresses(fields, "image_urls"),
            clips=addresses(fields, "video_urls"),
        )

    def new_task_id(self, model: str, serial: int) -> str:
        """`task_` and digits, as in the docs."""
        return f"task_{serial}"

    def accepted(self, task_id: str) -> Answer:
        """The docs' sample."""
        return Answer(200, {"code": 200, "message": "success", "data": {"taskId": task_id}})

    def unauthorised(self) -> Answer:
        """HTTP 401."""
        return _error(401, "Invalid or missing API Key")

    def malformed(self) -> Answer:
        """HTTP 400."""
        return _error(400, "Invalid parameters: body must be a JSON object")

    def no_such_address(self, ask: Ask) -> Answer:
        """HTTP 404."""
        return _error(404, f"Not found: {ask.path}")

    def no_such_task(self) -> Answer:
        """HTTP 404; also for a task asked under another model's path."""
        return _error(404, "Task not found")

    def coded(self, code: int, text: str = "", *, in_body: bool = False) -> Answer:
        """HTTP status and `code` alike, in the error pages' words."""
        return _error(code, text or _CODES.get(code, "error"), status=200 if in_body else None)

    def turned_down(self, scenario: str, model: str) -> Answer:
        """Each error as APIXO's pages show it; the balance one is their own sample, a 400."""
        policy = "Content violates policy"
        return {
            "refuse": _error(403, policy, data={"error": policy}),
            "429": _error(429, "Rate limit exceeded", retry_after="2"),
            "error-200": _error(400, "Invalid parameters: rejected by the provider", status=200),
            "500": _error(500, "Internal server error"),
            "no-balance": _error(400, "Insufficient credits"),
            "paused": _error(503, f"Model {model} is temporarily paused"),
        }[scenario]

    def status(self, view: View) -> Answer:
        """The status fields; times and cost only at the end."""
        data: JsonObject = {"taskId": view.task_id, "state": _WORDS[view.phase], "createTime": _ms(view.created_at)}
        if view.phase is Phase.SUCCEEDED:
            text = result_text(view)
            # As a variant the object itself instead of its text, which a tolerant reader must take too.
            data["resultJson"] = json.loads(text) if view.variant and view.result is not Result.BROKEN else text
        if view.failure:
            word, text = _FAILURES[view.failure]
            if view.variant and view.failure is Failure.POLICY:
                word = "SensitiveContentDetected"
            data["failCode"], data["failMsg"] = view.fail_word or word, view.fail_text or text
        if view.finished_at is not None:
            data["completeTime"] = _ms(view.finished_at)
            data["costTime"] = _ms(view.finished_at - view.created_at)
        return Answer(200, {"code": 200, "message": "success", "data": data})

    def callback(self, view: View) -> JsonObject:
        """Identical to the status answer."""
        return self.status(view).body

    def callback_taken(self, status: int) -> bool:
        """Exactly HTTP 200, as the webhook page demands."""
        return status == 200

    def balance(self, amount: float) -> Answer:
        """US dollars as a bare number."""
        return Answer(200, {"code": 200, "message": "success", "data": amount})


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _top_trouble(body: JsonObject) -> str:
    kind = body.get("request_type", "async")
    if kind not in ("async", "callback"):
        return "request_type must be async or callback"
    if kind == "callback" and not is_web_address(body.get("callback_url")):
        return "callback_url is required when request_type is callback"
    if body.get("provider", "auto") not in ("auto", "value", "official"):
        return "provider must be auto, value or official"
    return ""


def _trouble(name: str, model: Model, fields: JsonObject) -> str:
    """Return what is wrong with `input` for this model, or ""."""
    mode, prompt = fields.get("mode"), fields.get("prompt")
    if mode not in model.modes:
        return f"mode must be one of {', '.join(model.modes)}"
    if not isinstance(prompt, str) or not prompt.strip():
        return "prompt is required"
    if len(prompt) > model.prompt_limit:
        return f"PROMPT_TOO_LONG: prompt must not exceed {model.prompt_limit} characters"
    duration = fields.get("duration", model.durations[0] if model.durations else None)
    if model.durations and (isinstance(duration, bool | str) or duration not in model.durations):
        return f"duration must be a number, one of {', '.join(map(str, model.durations))}"
    for field, allowed in (
        (model.shape_field, model.shapes),
        ("size", model.sizes),
        ("resolution", model.resolutions),
    ):
        if allowed and field in fields and fields[field] not in allowed:
            return f"{field} must be one of {', '.join(allowed)}"
    return _type_trouble(model, fields) or _image_trouble(name, model, fields)


def _type_trouble(model: Model, fields: JsonObject) -> str:
    for field in model.flags:
        if not isinstance(fields.get(field, False), bool):
            return f"{field} must be a boolean"
    for field in model.texts:
        if not isinstance(fields.get(field, ""), str):
            return f"{field} must be a string"
    for field, (least, most) in model.numbers.items():
        value = fields.get(field, least)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            return f"{field} must be a number between {least} and {most}"
    return ""


def _image_trouble(name: str, model: Model, fields: JsonObject) -> str:
    for field in ("image_urls", "video_urls", "audio_urls"):
        given = fields.get(field, [])
        if not isinstance(given, list) or not all(is_web_address(url) for url in given):
            return f"INVALID_IMAGE_URL: {field} must be an array of public URLs"
    mode = str(fields["mode"])
    fewest, most = model.images.get(mode, (1, model.most_images) if "image" in mode else (0, 0))
    if name == "veo-3-1":
        kind = fields.get("generationType", "TEXT_2_VIDEO")
        if not isinstance(kind, str) or kind not in VEO_TYPES:
            return f"generationType must be one of {', '.join(VEO_TYPES)}"
        fewest, most = VEO_TYPES[kind]
        if kind == "REFERENCE_2_VIDEO" and (fields["mode"] != "fast" or fields.get("aspect_ratio", "16:9") != "16:9"):
            return "REFERENCE_2_VIDEO needs mode fast and aspect_ratio 16:9"
    counts = (("image_urls", (fewest, most)), ("video_urls", model.videos.get(mode, (0, 0))))
    for field, (low, high) in counts:
        if not low <= len(fields.get(field, [])) <= high:
            return f"{field} needs {low} to {high} entries in mode {mode}"
    return ""


def _frame(model: Model, fields: JsonObject) -> tuple[int, int]:
    """Return width and height in pixels for the shape, size or resolution asked."""
    if model.sizes and "size" in fields:
        width, height = str(fields["size"]).split("*")
        return int(width), int(height)
    short = _HEIGHTS[str(fields.get("resolution", "720p"))] if model.resolutions else 720
    shape = fields.get(model.shape_field, model.shapes[0])
    long = short * 16 // 9 // 2 * 2
    if shape == "1:1":
        return short, short
    return (short, long) if shape in ("portrait", "9:16") else (long, short)
