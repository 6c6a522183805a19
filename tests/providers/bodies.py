"""Generated vendor bodies, and what no adapter may do with any of them.

Half of them are arbitrary (bytes, JSON of any shape, envelopes with anything inside); the other half are bodies from
the vendors' pages in which some places were replaced, dropped, repeated as text, or given another vendor's word.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from sora_portal.providers.base import JobState, Reply, Verdict
from sora_portal.providers.reading import STATE_WORDS, is_web_url
from tests.providers.vendors import VENDORS, Vendor

NAMES = st.sampled_from(
    sorted(
        {"code", "message", "msg", "error", "data", "taskId", "state", "successFlag", "resultJson", "resultUrls"}
        | {"response", "imageUrl", "url", "video_url", "failCode", "failMsg", "errorCode", "errorMessage", "paramJson"}
    )
)
WORDS = sorted({*STATE_WORDS, "SUCCESS", "done", "ok", "archived", "cancelled", "成功", "失败"})
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(st.characters(), max_size=20)
    | st.sampled_from([200, "200", 404, 429, 455, 500, 501, 505, 0, 1, 2, 3, "1", "https://a.example/v.mp4"])
    | st.sampled_from(WORDS)
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)
RECORDS = st.fixed_dictionaries({"code": LEAVES, "data": st.dictionaries(NAMES, JSON, max_size=6) | JSON})
STATUSES = st.just(200) | st.sampled_from([201, 204, 301, 400, 401, 404, 429, 500, 503]) | st.integers(0, 999)


@dataclass(frozen=True)
class Case:
    """One answer; `said` is the JSON that its bytes hold, None when they hold none."""

    status: int
    raw: bytes
    said: Any = None
    truncated: bool = False


def documented(vendor: Vendor) -> list[Any]:
    """Return every body that the vendor's pages show."""
    return [vendor.created, vendor.succeeded, vendor.failed, *(body for body, _, _ in vendor.callbacks)]


@st.composite
def bent(draw: st.DrawFn) -> Any:
    """A documented body of some vendor with one to four places bent."""
    body = copy.deepcopy(draw(st.sampled_from([body for vendor in VENDORS for body in documented(vendor)])))
    for _ in range(draw(st.integers(1, 4))):
        places = list(_places(body))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        match draw(st.sampled_from(["drop", "replace", "text", "twist", "list", "add"])):
            case "drop":
                del holder[key]
            case "replace":
                holder[key] = draw(JSON)
            case "text":
                holder[key] = json.dumps(holder[key])
            case "twist":
                holder[key] = draw(st.sampled_from(WORDS) | st.integers(-1, 9))
            case "list":
                holder[key] = [holder[key]]
            case _:
                holder[draw(NAMES)] = draw(LEAVES)
    return body


def _places(value: Any) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _places(inner)


def cases() -> st.SearchStrategy[Case]:
    """Answers of every kind, the documented ones bent among them."""
    as_json = st.builds(_as_json, STATUSES, JSON | RECORDS | RECORDS.map(lambda record: {**record, "code": 200}))
    bent_json = st.builds(_as_json, STATUSES, bent())
    raw = st.builds(Case, STATUSES, st.binary(max_size=300), st.none(), st.booleans())
    return st.one_of(raw, as_json, bent_json, bent_json)


def _as_json(status: int, value: Any) -> Case:
    return Case(status, json.dumps(value).encode(), value)


def said_words(value: Any) -> Iterator[object]:
    """Every state word in a body, wherever it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in {"state", "successFlag"}:
                yield inner
            yield from said_words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from said_words(inner)


def means(word: object, state: JobState, vendor: Vendor) -> bool:
    """Tell whether the vendor's pages (and the clients of its platform) give this word this meaning."""
    if vendor.name != "sora2api":
        return isinstance(word, str) and STATE_WORDS.get(word.strip().lower()) is state
    flags = {"1", "true", "1.0"} if state is JobState.SUCCEEDED else {"2", "3", "2.0", "3.0"}
    return str(word).strip().lower() in flags


def check(vendor: Vendor, case: Case) -> None:
    """Read one answer in all three ways; raises where an adapter raises, or ends a task by a word that is no end."""
    answer = Reply(case.status, {}, case.raw, case.truncated)
    created = vendor.adapter.read_create(answer)
    assert bool(created.task_id) is (created.verdict is Verdict.ACCEPTED)
    assert (created.kind is None) is (created.verdict is Verdict.ACCEPTED)
    job = vendor.adapter.read_status(answer)
    texts = (created.task_id, created.message, created.code, job.message, job.code, job.vendor_state, job.task_id)
    for text in (*texts, *job.urls):
        text.encode("utf-8")  # a lone surrogate would break the database
        assert "\x00" not in text
        assert len(text) <= 4096
    if job.state is not None and job.state.is_terminal:
        assert 200 <= case.status < 300
        assert not case.truncated
        assert any(means(word, job.state, vendor) for word in said_words(case.said)), case.said
    assert (job.kind is not None) is (job.state is JobState.FAILED or not job.usable)
    assert all(is_web_url(url) for url in job.urls)
    assert not job.urls or job.state is JobState.SUCCEEDED
    news = vendor.adapter.read_callback(case.raw)
    news.task_id.encode("utf-8")
    if news.state is JobState.FAILED:
        assert any(means(word, JobState.FAILED, vendor) for word in said_words(case.said)), case.said
