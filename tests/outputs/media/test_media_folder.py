"""Without the media folder of this database nothing is stored or captured."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sora_portal.installation import media
from sora_portal.installation.models import MediaFolder
from sora_portal.ledger.models import Journal
from sora_portal.operations.health import readiness
from sora_portal.outputs.media import storage
from sora_portal.outputs.models import Download
from sora_portal.outputs.tasks import fetch
from sora_portal.references.models import ReferenceImage
from tests import factories
from tests.outputs import clips
from tests.outputs.fetching.media_server import MediaServer
from tests.references import files

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["", "another"])
def elsewhere(request: pytest.FixtureRequest) -> None:
    """The media folder is an empty one, or that of another installation."""
    media.require()
    (storage.root() / media.MARKER).unlink()
    if request.param:
        (storage.root() / media.MARKER).write_text(request.param)


def test_first_use_ties_folder_and_database() -> None:
    assert media.is_here()
    assert (storage.root() / media.MARKER).read_text() == MediaFolder.objects.get().uid


@pytest.mark.usefixtures("elsewhere")
def test_nothing_is_fetched_or_captured_until_the_folder_is_back(media_host: MediaServer) -> None:
    row = clips.fetching(media_host.serve("/a.mp4", clips.clip()))

    fetch(row.pk)

    row.refresh_from_db()
    assert (row.state, row.tries, media_host.asked) == ("fetching", 0, [])
    assert not Journal.objects.filter(kind="capture").exists()
    (storage.root() / media.MARKER).write_text(MediaFolder.objects.get().uid)
    Download.objects.update(until=row.created_at)
    fetch(row.pk)
    row.refresh_from_db()
    assert row.state == "succeeded"


@pytest.mark.usefixtures("elsewhere")
def test_no_picture_is_stored(client: Client) -> None:
    client.force_login(factories.ada())
    answer = client.post("/pictures/add/", {"picture": SimpleUploadedFile("a.png", files.png(), "image/png")})

    assert answer.status_code == 503
    assert "cannot store pictures" in answer.json()["error"]
    assert not ReferenceImage.objects.exists()


@pytest.mark.usefixtures("elsewhere")
def test_portal_is_not_ready() -> None:
    with pytest.raises(readiness.NotReady, match="is not the media folder of this database"):
        readiness.media()
