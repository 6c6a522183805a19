"""A worker that dies while it fetches: one file, one capture, and no part of a file that anybody could reach."""

from pathlib import Path

import pytest

from sora_portal.generations.models import Generation
from sora_portal.ledger.models import Journal
from sora_portal.outputs.models import Output
from tests.crashes.conftest import Crew, state, video


def files(data_dir: Path) -> list[str]:
    """Return the kinds of files in the media folder that have their lasting names."""
    media = data_dir / "media"
    return sorted(path.suffix for path in media.rglob("*.*") if path.parent.name != "parts")


@pytest.mark.parametrize(
    ("point", "left"),
    [("mid-download", []), ("file-stored", [".mp4", ".webp"]), ("capture-uncommitted", [".mp4", ".webp"])],
)
def test_worker_killed_while_it_fetches_leaves_one_file_and_one_capture(
    crew: Crew, data_dir: Path, point: str, left: list[str]
) -> None:
    row = video()
    crew.dies_at(point)
    assert (state(row), files(data_dir), Output.objects.count()) == ("fetching", left, 0)
    crew.lease_ends(row)
    crew.until(lambda: state(row) == "succeeded")
    assert files(data_dir) == [".mp4", ".webp"]
    assert Journal.objects.filter(kind="capture").count() == 1


def test_download_that_kills_three_workers_needs_a_decision(crew: Crew) -> None:
    row = video()
    for _ in range(3):
        crew.dies_at("mid-download")
        crew.lease_ends(row)
    crew.until(lambda: state(row) == "needs_decision")
    assert not Generation.objects.get().hold.is_settled
