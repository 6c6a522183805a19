"""Who may use what in a video, and what the vendor is given for it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from sora_portal.catalog.models import Connection, VideoModel
from sora_portal.references import actions, links, using
from sora_portal.references.actions import Unusable
from sora_portal.references.domain import GONE_PICTURE
from tests import factories
from tests.references import files, rows

pytestmark = pytest.mark.django_db
GIVEN = "https://pictures.example.com/a.jpg"


@pytest.fixture(autouse=True)
def public(settings: Settings) -> None:
    """A portal that vendors can reach."""
    settings.SORA_PORTAL_PUBLIC_URL = "https://portal.example"


def _problems(model: VideoModel, **choices: str) -> dict[str, str]:
    return using.problems(by=factories.ada(), rules=model.rules, connection=model.connection, choices=choices)


def _resolved(model: VideoModel, **choices: str) -> dict[str, str]:
    return using.resolved(rules=model.rules, connection=model.connection, choices=choices, now=timezone.now())


def _live(model: VideoModel) -> VideoModel:
    """Give the model's connection a key, so that calls would go to the real vendor."""
    Connection.objects.filter(pk=model.connection_id).update(secret_key="sk-test-key-0001")
    return factories.offered_model(model.slug)


def test_own_picture_may_be_used_and_a_strangers_not() -> None:
    model = factories.offered_model()
    assert _problems(model, image=rows.picture().choice) == {}
    assert _problems(model, image=rows.picture(factories.eve(), files.png()).choice) == {"image": GONE_PICTURE}
    assert _problems(model, image="ref:nothing") == {"image": GONE_PICTURE}


def test_picture_of_a_colleague_may_be_used_once_it_is_in_a_video_of_the_project() -> None:
    model, project = factories.offered_model(), factories.project()
    row = rows.picture(factories.rae())
    assert "image" in _problems(model, image=row.choice)
    actions.mark_used(images=[row], project=project, now=timezone.now())
    assert _problems(model, image=row.choice) == {}


def test_one_bad_picture_among_good_ones_is_found() -> None:
    model = factories.offered_model("apixo-kling-2-6")
    good, bad = rows.picture(), rows.picture(factories.eve(), files.png())
    assert _problems(model, image=f"{good.choice}\n{GIVEN}") == {}
    assert _problems(model, image=f"{good.choice}\n{bad.choice}") == {"image": GONE_PICTURE}


@pytest.mark.parametrize(
    "origin",
    ["", "http://127.0.0.1:8000", "http://portal.example", "https://127.0.0.1", "https://10.0.0.7", "https://portal"],
)
def test_uploaded_picture_needs_an_origin_that_the_vendor_can_reach(settings: Settings, origin: str) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = origin
    model, row = _live(factories.offered_model()), rows.picture()
    problem = _problems(model, image=row.choice)["image"]
    assert "Ruxa AI cannot fetch uploaded pictures" in problem
    assert "https address" in problem
    assert "SORA_PORTAL_PUBLIC_URL" in problem
    assert _problems(model, image=GIVEN) == {}
    with pytest.raises(Unusable, match="cannot fetch"):
        _resolved(model, image=row.choice)


def test_sandbox_on_this_machine_needs_no_public_origin(settings: Settings) -> None:
    settings.SORA_PORTAL_PUBLIC_URL = "http://127.0.0.1:8000"
    model, row = factories.offered_model(), rows.picture()
    assert _problems(model, image=row.choice) == {}
    assert _resolved(model, image=row.choice)["image"].startswith("http://127.0.0.1:8000/r/")


def test_picture_becomes_an_address_that_ends_and_a_given_one_stays() -> None:
    model, row = _live(factories.offered_model("apixo-kling-2-6")), rows.picture()
    first, second = _resolved(model, image=f"{row.choice}\n{GIVEN}", seconds="5")["image"].split("\n")
    assert second == GIVEN
    assert first.startswith("https://portal.example/r/")
    token = first.split("/")[4]
    assert links.read(token, timezone.now() + timedelta(hours=47)) == row.public_id
    assert links.read(token, timezone.now() + timedelta(hours=49)) == ""


def test_each_request_gets_an_address_of_its_own_time() -> None:
    model, row = factories.offered_model(), rows.picture()
    now = timezone.now()
    made = {
        using.resolved(rules=model.rules, connection=model.connection, choices={"image": row.choice}, now=moment)[
            "image"
        ]
        for moment in (now, now + timedelta(minutes=5))
    }
    assert len(made) == 2


def test_clip_goes_as_address_and_span_and_a_task_as_itself() -> None:
    model = factories.offered_model()
    clip = rows.from_clip(start=2, end=4)
    task = rows.from_task(vendor_task_id="task_sora-2_1")
    assert _resolved(model, character=clip.choice)["character"] == f"clip {rows.CLIP} 2,4"
    assert _resolved(model, character=task.choice)["character"] == "task task_sora-2_1"
    ready = {**model.rules.defaults(), **_resolved(model, character=clip.choice)}
    sent = model.rules.encode(ready, prompt="x", attempt="a-1").fields
    assert (sent["character_url"], sent["character_timestamps"]) == (rows.CLIP, "2,4")
    ready = {**model.rules.defaults(), **_resolved(model, character=task.choice)}
    sent = model.rules.encode(ready, prompt="x", attempt="a-1").fields
    assert sent["character_from_task"] == "task_sora-2_1"
    assert "character_url" not in sent


def test_character_must_be_ones_own_or_shared_and_in_use() -> None:
    model, project = factories.offered_model(), factories.project()
    strange, shared, mine = rows.from_clip(factories.eve()), rows.from_clip(factories.rae(), project), rows.from_clip()
    assert _problems(model, character=strange.choice) == {"character": using.GONE_CHARACTER}
    assert _problems(model, character="chr:nobody") == {"character": using.GONE_CHARACTER}
    assert _problems(model, character=shared.choice) == {}
    actions.set_retired(by=factories.ada(), character=mine, retired=True, now=timezone.now())
    assert "is retired" in _problems(model, character=mine.choice)["character"]
    with pytest.raises(Unusable, match="is retired"):
        _resolved(model, character=mine.choice)


def test_character_of_a_task_is_good_at_its_own_connection_only() -> None:
    ruxa, other = factories.offered_model(), factories.offered_model("apixo-sora-2").connection
    row = rows.from_task(connection=other)
    assert "another vendor" in _problems(ruxa, character=row.choice)["character"]
    with pytest.raises(Unusable, match="does not know it"):
        _resolved(ruxa, character=row.choice)
    field = ruxa.rules.field("character")
    assert field is not None
    offered = using.usable_characters(by=factories.ada(), field=field, connection=ruxa.connection)
    assert offered == []
    clip = rows.from_clip()
    assert using.usable_characters(by=factories.ada(), field=field, connection=ruxa.connection) == [clip]


def test_only_connections_whose_models_take_tasks_make_characters_of_them() -> None:
    assert using.takes_tasks(factories.offered_model().connection)
    assert not using.takes_tasks(factories.offered_model("sora2api-hd").connection)
