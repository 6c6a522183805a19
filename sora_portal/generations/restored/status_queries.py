"""Asking vendors after the tasks that only the journal knows. It costs nothing and changes nothing."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from sora_portal.catalog.models import Connection
from sora_portal.installation.journal import Entry
from sora_portal.providers import http
from sora_portal.providers.base import Call, Endpoint, JobState
from sora_portal.providers.registry import provider

AT_ONCE = 8
ASKED = 200
TIMEOUT = 8.0
WORDS = {JobState.SUCCEEDED: "finished", JobState.FAILED: "failed"}


def ask(entries: Sequence[Entry]) -> dict[str, str]:
    """Return what vendors say of the tasks of `entries`, by name: finished, failed, working, unknown or no answer.

    Of the first ASKED that have a task. Never call it inside a transaction.
    """
    connections = {row.slug: row for row in Connection.objects.all()}
    calls: list[tuple[str, str, Call]] = []
    for entry in [entry for entry in entries if entry.task_id][:ASKED]:
        said, row = entry.request, connections.get(str(entry.request.get("connection")))
        if row is not None:
            endpoint = Endpoint(str(said["base_url"]), row.key or "sandbox", str(said.get("path_prefix", "")), "")
            call = provider(row.vendor).status_call(endpoint, str(said.get("wire_model", "")), entry.task_id)
            calls.append((entry.name, row.vendor, call))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(pool.map(lambda one: (one[0], _ask(one[1], one[2])), calls))


def _ask(vendor: str, call: Call) -> str:
    job = provider(vendor).read_status(http.send(call, timeout=TIMEOUT))
    if not job.usable:
        return "no answer"
    if not job.found:
        return "unknown"
    return WORDS.get(job.state, "working") if job.state else "working"
