"""Every parameter of every shipped model goes through the portal to the sandbox, as its page has it, and is taken."""

import json
from typing import Any

import pytest

from sora_portal.generations.dispatch import send
from sora_portal.generations.models import Generation
from sora_portal.providers import http, registry
from sora_portal.providers.base import CreateRequest, Endpoint, Verdict
from tests import factories
from tests.catalog.spec.bodies import APIXO, FLAT
from tests.sandbox.vendors import Client
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.django_db

ENVELOPE = {"model", "callBackUrl", "request_type", "callback_url", "provider"}


def _sent(sandbox: Sandbox) -> dict[str, Any]:
    """Return the generation fields of the one request that reached a vendor."""
    (call,) = sandbox.memory()["creates"]
    assert (call["http_status"], call["code"]) == (200, 200), call
    fields: dict[str, Any] = call["body"].get("input", call["body"])
    return {name: value for name, value in fields.items() if name not in ENVELOPE}


@pytest.mark.parametrize(
    ("slug", "choices", "body"), FLAT + APIXO, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_documented_parameter_reaches_the_vendor_and_is_taken(
    sandboxed: Sandbox, slug: str, choices: dict[str, str], body: dict[str, object]
) -> None:
    model = factories.offered_model(slug)
    row = factories.generation(model=model, prompt="a fox", **model.rules.settle(choices))
    send.submit_step(row.pk)
    assert Generation.objects.get(pk=row.pk).state == "running"
    attempt = {"metadata": f"{row.public_id}-1"} if "metadata" in body else {}
    assert _sent(sandboxed) == {"prompt": "a fox", **body, **attempt}


@pytest.mark.parametrize("style", ["nested", "flat"])
@pytest.mark.parametrize("value", ["clip http://127.0.0.1:9/clip.mp4 0.5,3", "task {done}"])
def test_a_character_reaches_ruxa_as_clip_and_span_or_as_a_finished_task(
    sandboxed: Sandbox, style: str, value: str
) -> None:
    with Client(sandboxed.url) as client:
        done = client.accepted("ruxa", "the first")
        client.ended("ruxa", done)
    rules = factories.offered_model("ruxa-sora-2").rules
    chosen = {**rules.defaults(), "character": value.format(done=done)}
    encoded = rules.encode(chosen, prompt="a fox", attempt="gen-1")
    adapter = registry.provider("ruxa")
    endpoint = Endpoint(f"{sandboxed.url}/ruxa", "sk-test", body_style=style)
    request = CreateRequest("sora-2", encoded.fields, encoded.top)
    assert adapter.read_create(http.send(adapter.create_call(endpoint, request))).verdict is Verdict.ACCEPTED
    body = sandboxed.memory()["creates"][-1]["body"]
    assert ("input" in body) is (style == "nested")
    fields = body.get("input", body)
    if value.startswith("clip"):
        assert (fields["character_url"], fields["character_timestamps"]) == ("http://127.0.0.1:9/clip.mp4", "0.5,3")
    else:
        assert fields["character_from_task"] == done


def test_a_character_made_from_the_result_is_named_in_it(sandboxed: Sandbox) -> None:
    with Client(sandboxed.url) as client:
        task_id = client.accepted("ruxa", "a fox", character_create=True)
        result = json.loads(client.ended("ruxa", task_id)["resultJson"])
    assert result["character_id_list"] == [f"char_{task_id}"]
