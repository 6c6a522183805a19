"""Sora2API as its quickstart and callback pages describe it (docs.sora2api.ai, read 2026-11-20).

Served under both paths: `/api/v1/sora2/…` (the pages) and `/api/v1/sora2api/…` (every public client found).
Errors are HTTP 200 with an error `code`, the norm of the platform it runs on.
"""

from datetime import UTC, datetime, timedelta, timezone

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
    moved,
)

_BASES = ("/api/v1/sora2", "/api/v1/sora2api")
_SIZES = {
    ("landscape", "standard"): (1280, 720),
    ("portrait", "standard"): (720, 1280),
    ("landscape", "hd"): (1792, 1024),
    ("portrait", "hd"): (1024, 1792),
}
_SECONDS = 10.0  # the vendor documents no length
_FAILURES = {
    Failure.POLICY: (3, 400, "The generated content was flagged as violating content policies."),
    Failure.GENERATION: (3, 501, "Generation failed, please try again later."),
    Failure.START: (2, 500, "Task creation failed."),
    Failure.IMAGE: (2, 400, "Cannot access provided image URL."),
}
_CODES = {
    400: "Invalid request parameters or malformed JSON",
    401: "You do not have access permissions",
    402: "Account doesn't have enough credits for the operation",
    404: "Not found",
    422: "Validation error",
    429: "Too many requests",
    455: "Service maintenance",
    500: "Internal server error",
    501: "Generation failed",
    505: "Feature disabled",
}
_ZONE = timezone(timedelta(hours=8))  # no page states one


def _error(code: int, message: str, *, status: int = 200, retry_after: str = "") -> Answer:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return Answer(status, {"code": code, "msg": message, "data": None}, headers)


def _clock(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S")


class Sora2Api(Dialect):
    """`…/generate` and `…/record-info?taskId=`."""

    name = "sora2api"

    def route(self, ask: Ask) -> Route | None:
        """Match both path prefixes."""
        base, _, last = ask.path.rpartition("/")
        if base not in _BASES:
            return None
        if ask.method == "POST" and last == "generate":
            return Create()
        if ask.method == "GET" and last == "record-info":
            return Status(ask.query.get("taskId", ""))
        return None

    def prompt_of(self, body: JsonObject) -> str:
        """Read the flat body's prompt."""
        prompt = body.get("prompt")
        return prompt if isinstance(prompt, str) else ""

    def read_create(self, route: Create, body: JsonObject, knobs: Config) -> Order:
        """Check the quickstart's fields; shape and quality fall back to landscape and standard."""
        trouble = _trouble(body)
        if trouble:
            raise Refusal(_error(422, trouble))
        width, height = _SIZES[body.get("aspectRatio", "landscape"), body.get("quality", "standard")]
        return Order(
            model="sora2",
            prompt=str(body["prompt"]),
            seconds=_SECONDS,
            width=width,
            height=height,
            callback_url=body.get("callBackUrl"),
            params=json_text(body),
            images=addresses(body, "imageUrls"),
        )

    def new_task_id(self, model: str, serial: int) -> str:
        """`sora2_task_` and hex, as in the quickstart."""
        return f"sora2_task_{serial:012x}"

    def accepted(self, task_id: str) -> Answer:
        """The quickstart's sample."""
        return Answer(200, {"code": 200, "msg": "success", "data": {"taskId": task_id}})

    def unauthorised(self) -> Answer:
        """HTTP 200 with code 401, as the platform answers a bad key."""
        return _error(401, "You do not have access permissions")

    def malformed(self) -> Answer:
        """Code 400 for malformed JSON."""
        return _error(400, "Invalid request parameters or malformed JSON")

    def no_such_address(self, ask: Ask) -> Answer:
        """A real HTTP 404: the path itself is unknown."""
        return _error(404, f"Not Found: {ask.path}", status=404)

    def no_such_task(self) -> Answer:
        """Code 404 for an unknown id."""
        return _error(404, "Task not found")

    def coded(self, code: int, text: str = "", *, in_body: bool = True) -> Answer:
        """HTTP 200 with the code in the body, the norm of the platform."""
        return _error(code, text or _CODES.get(code, "error"))

    def turned_down(self, scenario: str, model: str) -> Answer:
        """The platform's codes; 429 and 500 also as HTTP status."""
        return {
            "refuse": _error(400, "Your prompt was flagged by the website as violating content policies."),
            "429": _error(429, "Too many requests", status=429, retry_after="2"),
            "error-200": _error(422, "Validation error: parameters rejected by upstream"),
            "500": _error(500, "Internal server error", status=500),
            "no-balance": _error(402, "The current credits are insufficient. Please top up."),
            "paused": _error(455, "Service maintenance: this interface is temporarily paused"),
        }[scenario]

    def status(self, view: View) -> Answer:
        """The record-info shape; as a variant `data` is null at first and the flag a string at the end."""
        if view.variant and view.phase is Phase.WAITING:
            return Answer(200, {"code": 200, "msg": "success", "data": None})
        return Answer(200, {"code": 200, "msg": "success", "data": _record(view)})

    def callback(self, view: View) -> JsonObject:
        """The English page's shape (`resultUrls`), as a variant the Chinese page's record; code 500 on failure."""
        if view.failure:
            # The page's failure sample was not readable: code, reason and id are what its prose promises.
            data = _record(view) if view.variant else {"taskId": view.task_id}
            return {"code": 500, "msg": _reason(view)[2], "data": data}
        if view.variant or view.phase is not Phase.SUCCEEDED:
            return {"code": 200, "msg": "success", "data": _record(view)}
        urls = [] if view.result in (Result.NO_URL, Result.MOVED) else [view.url]
        data = {"taskId": view.task_id, "promptJson": view.params, "resultUrls": urls}
        return {"code": 200, "msg": "success", "data": data}


def _reason(view: View) -> tuple[int, int, str]:
    flag, code, text = _FAILURES[view.failure or Failure.GENERATION]
    return flag, int(view.fail_word) if view.fail_word.isdigit() else code, view.fail_text or text


def _record(view: View) -> JsonObject:
    flag: int | str = 9 if view.phase is Phase.ODD else 0
    response: object = None
    code, message = 0, None
    if view.failure:
        flag, code, message = _reason(view)
    elif view.phase is Phase.SUCCEEDED:
        flag = "1" if view.variant else 1
        if view.result is Result.BROKEN:
            response = json_text({"imageUrl": view.url})[:-12]
        elif view.result is Result.MOVED:
            response = moved(view)
        else:
            response = {"imageUrl": None if view.result is Result.NO_URL else view.url}
    return {
        "taskId": view.task_id,
        "paramJson": view.params,
        "completeTime": _clock(view.finished_at),
        "response": response,
        "successFlag": flag,
        "errorCode": code,
        "errorMessage": message,
        "createTime": _clock(view.created_at),
    }


def _trouble(body: JsonObject) -> str:
    """Return what is wrong with the fields, or ""."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        return "prompt cannot be empty"
    shape = (body.get("aspectRatio", "landscape"), body.get("quality", "standard"))
    if not all(isinstance(part, str) for part in shape) or shape not in _SIZES:
        return "aspectRatio must be landscape or portrait, quality standard or hd"
    images = body.get("imageUrls", [])
    if not isinstance(images, list) or not all(is_web_address(image) for image in images):
        return "imageUrls must be an array of public URLs"
    if not isinstance(body.get("watermark", ""), str):
        return "watermark must be a string"
    callback = body.get("callBackUrl")
    return "" if callback is None or is_web_address(callback) else "callBackUrl must be a URL"
