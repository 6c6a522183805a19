"""What django-q2 calls: ids in, one action, nothing else. Every task may run twice, late, or never."""

from sora_portal.heartbeat import beat
from sora_portal.outputs.fetching import fetch_step


def fetch(generation_id: int) -> None:
    """Fetch the finished video of a generation from its vendor."""
    beat()
    fetch_step(generation_id)
    beat()
