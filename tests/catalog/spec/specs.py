"""Specs for tests: the shipped ones by slug, and a small one to spoil."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from sora_portal.catalog.spec.domain import Spec
from sora_portal.providers.base import Call, CreateRequest, Endpoint
from sora_portal.providers.registry import provider

_SHIPPED = Path(__file__).resolve().parents[3] / "sora_portal" / "catalog" / "shipped.json"
DOCUMENT: dict[str, Any] = json.loads(_SHIPPED.read_text())
CONNECTIONS: dict[str, dict[str, Any]] = {row["slug"]: row for row in DOCUMENT["connections"]}
MODELS: dict[str, dict[str, Any]] = {row["slug"]: row for row in DOCUMENT["models"]}


@cache
def shipped(slug: str) -> Spec:
    """Return the spec of a shipped model."""
    return Spec.read(MODELS[slug]["spec"])


def create_call(
    slug: str, callback: str | None = None, *, body_style: str = "", path_prefix: str = "", **wanted: str
) -> Call:
    """Return the create call for a shipped model on its shipped connection, in its first attempt, "gen-1"."""
    row = MODELS[slug]
    connection = CONNECTIONS[row["connection"]]
    spec = shipped(slug)
    encoded = spec.encode(spec.resolve(wanted, prompt="a fox"), prompt="a fox", attempt="gen-1")
    endpoint = Endpoint(
        base_url=connection["base_url"],
        key="key",
        path_prefix=path_prefix or connection.get("path_prefix", ""),
        body_style=body_style or connection.get("body_style", ""),
    )
    request = CreateRequest(model=row["wire_id"], fields=encoded.fields, top=encoded.top, callback_url=callback)
    return provider(connection["vendor"]).create_call(endpoint, request)


def small(**changes: Any) -> dict[str, Any]:
    """Return a good document in which 25 s need the HD quality, with some of its keys replaced."""
    return {
        "prompt": {"wire": "prompt", "max": 20},
        "fields": [
            {
                "key": "quality",
                "label": "Quality",
                "wire": "quality",
                "default": "sd",
                "required": True,
                "choices": [{"value": "sd", "label": "SD"}, {"value": "hd", "label": "HD"}],
            },
            {
                "key": "seconds",
                "label": "Length",
                "wire": "seconds",
                "json": "number",
                "default": "10",
                "required": True,
                "choices": [
                    {"value": "10", "label": "10 s"},
                    {"value": "25", "label": "25 s", "needs": {"quality": ["hd"]}, "reason": "25 s needs HD."},
                ],
            },
            {"key": "loop", "label": "Loop", "wire": "loop", "kind": "flag", "json": "boolean"},
            {"key": "mark", "label": "Mark", "wire": "mark", "kind": "line", "max_length": 5},
            {"key": "image", "label": "Image", "wire": "image", "kind": "url"},
        ],
        "prices": [{"when": {"seconds": "25"}, "credits": 2.5}, {"credits": 1}],
        **changes,
    }


def with_field(key: str, /, **changes: Any) -> dict[str, Any]:
    """Return the small document with some keys of one field replaced."""
    document = small()
    document["fields"] = [{**entry, **changes} if entry["key"] == key else entry for entry in document["fields"]]
    return document
