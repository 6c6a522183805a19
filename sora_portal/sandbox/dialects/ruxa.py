"""Ruxa AI as its pages describe it (docs.ruxa.ai and ruxa.ai/blog, read 2026-11-20).

Where the pages contradict each other the sandbox takes both: nested and flat bodies; `msg` on a create success and
`message` elsewhere; errors as HTTP status, except those that clients met as HTTP 200 with a Chinese `message`.
"""

from sora_portal.sandbox.config import Config
from sora_portal.sandbox.dialects.base import (
    Answer,
    Ask,
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

_SD = ("1280x720", "720x1280")
_HD = (*_SD, "1792x1024", "1024x1792")
# model: lengths (strings on the wire), sizes. The veo names are those that public clients use; no page lists them.
_MODELS = {
    "sora-2": (("10", "15"), _SD),
    "sora-2-hd": (("10", "15", "25"), _HD),
    "veo3": (("8",), _SD),
    "veo3.1": (("8",), _SD),
    "veo-3-1": (("8",), _SD),
}
_STYLES = ("winter", "comic", "news")
_FLAGS = ("watermark", "private", "character_create")
_WORDS = {
    Phase.WAITING: "waiting",
    Phase.QUEUED: "queuing",
    Phase.RUNNING: "generating",
    Phase.ODD: "upscaling_v2",
    Phase.SUCCEEDED: "success",
    Phase.FAILED: "fail",
}
_FAILURES = {
    Failure.POLICY: ("400", "提示词或生成内容违反内容政策 (content policy violation)"),
    Failure.GENERATION: ("501", "Generation failed, please try again later"),
    Failure.START: ("501", "Task could not be started"),
    Failure.IMAGE: ("422", "Cannot access the reference image or clip"),
}
_CODES = {
    401: "Unauthorized - Missing or invalid authentication credentials",
    402: "Insufficient credits",
    404: "Not found",
    422: "Validation error - Request parameters failed validation",
    429: "Rate limited",
    500: "Server error",
    501: "Generation failed",
}
_CREATE, _QUERY = "/api/v1/tasks/create", "/api/v1/tasks/query/"


def _error(code: int, message: str, *, status: int | None = None, **headers: str) -> Answer:
    body = {"code": code, "message": message, "data": None}
    return Answer(code if status is None else status, body, {k.replace("_", "-"): v for k, v in headers.items()})


class Ruxa(Dialect):
    """`/api/v1/tasks/create` and `/api/v1/tasks/query/{taskId}`."""

    name = "ruxa"

    def route(self, ask: Ask) -> Route | None:
        """Match the two documented addresses."""
        if ask.method == "POST" and ask.path == _CREATE:
            return Create()
        if ask.method == "GET" and ask.path.startswith(_QUERY) and "/" not in ask.path[len(_QUERY) :]:
            return Status(ask.path[len(_QUERY) :])
        return None

    def prompt_of(self, body: JsonObject) -> str:
        """Read the prompt of either body style."""
        prompt = _fields(body).get("prompt")
        return prompt if isinstance(prompt, str) else ""

    def read_create(self, route: Create, body: JsonObject, knobs: Config) -> Order:
        """Check the guide's matrix of model, `seconds` and `size`, and each field's JSON type."""
        nested = isinstance(body.get("input"), dict)
        if knobs.ruxa_body_style not in ("both", "nested" if nested else "flat"):
            raise Refusal(_error(422, "Validation error: input is required" if not nested else "prompt is required"))
        model = body.get("model")
        if not isinstance(model, str) or not model:
            raise Refusal(_error(422, "Validation error: model is required"))
        if model not in _MODELS:
            raise Refusal(_error(404, f"未找到支持模型 {model} 的可用渠道"))
        fields = _fields(body)
        callback = body.get("callBackUrl")
        trouble = _trouble(model, fields)
        if not trouble and callback is not None and not is_web_address(callback):
            trouble = "callBackUrl must be a URL"
        if trouble:
            raise Refusal(_error(422, f"Validation error: {trouble}"))
        lengths, sizes = _MODELS[model]
        width, height = str(fields.get("size", sizes[0])).split("x")
        return Order(
            model=model,
            prompt=str(fields["prompt"]),
            seconds=float(fields.get("seconds", lengths[0])),
            width=int(width),
            height=int(height),
            callback_url=callback,
            params=json_text(body),
            images=addresses(fields, "input_reference"),
            clips=addresses(fields, "character_url"),
            character=fields.get("character_create") is True,
            from_task=str(fields.get("character_from_task", "")),
        )

    def new_task_id(self, model: str, serial: int) -> str:
        """`task_sora-2_1765184045509`: the model's name and 13 digits."""
        return f"task_{model}_{serial}"

    def accepted(self, task_id: str) -> Answer:
        """The reference's sample, with `msg`."""
        return Answer(200, {"code": 200, "msg": "success", "data": {"taskId": task_id}})

    def unauthorised(self) -> Answer:
        """HTTP 401, the reference's words."""
        return _error(401, "Unauthorized - Missing or invalid authentication credentials")

    def malformed(self) -> Answer:
        """HTTP 422 for a body that is no JSON object."""
        return _error(422, "Validation error: body must be a JSON object")

    def no_such_address(self, ask: Ask) -> Answer:
        """HTTP 404 with the envelope."""
        return _error(404, f"Not found: {ask.method} {ask.path}")

    def no_such_task(self) -> Answer:
        """HTTP 404 with the envelope."""
        return _error(404, "Task not found")

    def coded(self, code: int, text: str = "", *, in_body: bool = False) -> Answer:
        """HTTP status and `code` alike, in the reference's words."""
        return _error(code, text or _CODES.get(code, "error"), status=200 if in_body else None)

    def turned_down(self, scenario: str, model: str) -> Answer:
        """Errors as integrators met them: some as HTTP status, some as HTTP 200 with a Chinese message."""
        return {
            "refuse": _error(422, "提示词违反内容政策 (prompt violates content policy)"),
            "429": _error(429, "Rate limited", Retry_After="2"),
            "error-200": _error(422, "Validation error: parameters rejected by upstream", status=200),
            "500": _error(500, "Server error"),
            "no-balance": _error(402, "积分不足，需要 10.00 积分，当前 0.50 积分", status=200),
            "paused": _error(500, f"未找到支持模型 {model} 的可用渠道", status=200),
        }[scenario]

    def status(self, view: View) -> Answer:
        """The query page's envelope; `failCode` and times are the sibling platform's, beside `failMsg` of the blog."""
        word = "completed" if view.variant and view.phase is Phase.SUCCEEDED else _WORDS[view.phase]
        data: JsonObject = {"taskId": view.task_id, "model": view.model, "state": word, "resultJson": ""}
        if view.phase is Phase.SUCCEEDED:
            data["resultJson"] = result_text(view)
        if view.failure:
            data["failCode"], data["failMsg"] = _reason(view)
        return Answer(200, {"code": 200, "message": "success", "data": data})

    def callback(self, view: View) -> JsonObject:
        """The blog's flat body; as a variant the query answer itself, as on the sibling platform."""
        if view.variant:
            return self.status(view).body
        if view.failure:
            return {"state": "fail", "failMsg": _reason(view)[1]}
        if view.phase is not Phase.SUCCEEDED:
            return {"state": _WORDS[view.phase]}
        return {"state": "completed", "resultUrls": [] if view.result in (Result.NO_URL, Result.MOVED) else [view.url]}


def _reason(view: View) -> tuple[str, str]:
    word, text = _FAILURES[view.failure or Failure.GENERATION]
    return view.fail_word or word, view.fail_text or text


def _fields(body: JsonObject) -> JsonObject:
    nested = body.get("input")
    return nested if isinstance(nested, dict) else body


def _trouble(model: str, fields: JsonObject) -> str:
    """Return what is wrong with the generation fields, or ""."""
    lengths, sizes = _MODELS[model]
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        return "prompt is required"
    if fields.get("seconds", lengths[0]) not in lengths:
        return f"seconds must be one of {', '.join(map(repr, lengths))} for {model}"
    if fields.get("size", sizes[0]) not in sizes:
        return f"size must be one of {', '.join(sizes)} for {model}"
    if fields.get("style", "comic") not in _STYLES:
        return f"style must be one of {', '.join(_STYLES)}"
    for name in _FLAGS:
        if not isinstance(fields.get(name, False), bool):
            return f"{name} must be a boolean"
    for name in ("metadata", "character_from_task"):
        if not isinstance(fields.get(name, ""), str):
            return f"{name} must be a string"
    for name in ("input_reference", "character_url"):
        if name in fields and not is_web_address(fields[name]):
            return f"{name} must be a public URL"
    return _span_trouble(fields.get("character_timestamps"))


def _span_trouble(value: object) -> str:
    """Check `"start,end"`: seconds, one to three apart."""
    if value is None:
        return ""
    try:
        start, end = (float(part) for part in str(value).split(","))
    except ValueError:
        return 'character_timestamps must be "start,end"'
    return "" if 1 <= end - start <= 3 else "character_timestamps must span 1 to 3 seconds"
