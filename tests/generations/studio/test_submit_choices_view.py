"""`/submit/`: a post that the composer would never send is refused with 422, by the rules that built the composer."""

import pytest
from django.test import Client

from sora_portal.generations.models import Generation
from tests import factories

pytestmark = pytest.mark.django_db
IMAGE = "https://images.example/a.png"


@pytest.fixture
def ada(client: Client) -> Client:
    """A browser in which ada is signed in, in a project with money."""
    factories.money()
    client.force_login(factories.ada())
    return client


def _post(client: Client, slug: str, **settings: str) -> tuple[int, str]:
    form = {
        "prompt": "a fox",
        "project": factories.project().pk,
        "model": factories.offered_model(slug).pk,
        "submit_key": "key",
        **settings,
    }
    answer = client.post("/submit/", form, headers={"HX-Request": "true"})
    return answer.status_code, answer.content.decode()


REFUSED = [
    ("ruxa-sora-2", {"seconds": "25"}, "25 s needs Sora 2 HD."),
    ("ruxa-sora-2", {"shape": "1792x1024"}, "HD sizes need Sora 2 HD."),
    ("ruxa-sora-2", {"style": "noir"}, "Style can be Winter, Comic or News with this model."),
    ("ruxa-sora-2", {"image": "file:///etc/passwd"}, "Give an https:// address"),
    ("ruxa-sora-2", {"image": f"{IMAGE}\n{IMAGE}"}, "Give 1, not 2."),
    ("ruxa-sora-2", {"character": "task 1"}, "Choose a character from the list."),
    ("apixo-sora-2", {"provider": "cheapest"}, "Route can be Automatic, By price or Official with this model."),
    ("apixo-veo-3-1", {"generation": "REFERENCE_2_VIDEO"}, "This model needs it."),
    (
        "apixo-veo-3-1",
        {"generation": "REFERENCE_2_VIDEO", "references": IMAGE, "quality": "quality"},
        "Reference images work with Fast only.",
    ),
    ("apixo-veo-3-1", {"image": IMAGE}, "First and last image does not go with the other settings."),
    ("apixo-kling-2-1", {"mode": "standard-image-to-video"}, "This model needs it."),
    ("apixo-kling-2-1", {"cfg_scale": "2"}, "Give a number of at least 0 and at most 1."),
    ("apixo-kling-2-1", {"negative_prompt": "x" * 501}, "At most 500 characters."),
    ("apixo-sora-2-pro", {"image": IMAGE, "shape": "1280*720"}, "Shape does not go with the other settings."),
    ("apixo-happyhorse", {"seed": "-1"}, "Give a whole number of at least 0"),
]


@pytest.mark.parametrize(("slug", "wish", "said"), REFUSED)
def test_forged_settings_are_refused_with_their_reason(ada: Client, slug: str, wish: dict[str, str], said: str) -> None:
    status, page = _post(ada, slug, **wish)
    assert status == 422
    assert said in page
    assert not Generation.objects.exists()


GOOD = [
    ("ruxa-sora-2-hd", {"seconds": "25", "shape": "1024x1792"}),
    ("apixo-veo-3-1", {"generation": "REFERENCE_2_VIDEO", "references": f"{IMAGE}\n{IMAGE}\n{IMAGE}"}),
    ("apixo-sora-2-pro", {"image": IMAGE, "quality": "1080p"}),
    ("apixo-kling-2-1", {"mode": "pro-image-to-video", "images": IMAGE, "cfg_scale": "0.25"}),
    ("apixo-seedance-2-0", {"mode": "omni_reference", "videos": "https://videos.example/a.mp4"}),
]


@pytest.mark.parametrize(("slug", "wish"), GOOD)
def test_good_settings_are_taken_as_they_are(ada: Client, slug: str, wish: dict[str, str]) -> None:
    assert _post(ada, slug, **wish)[0] == 200
    row = Generation.objects.get()
    assert row.choices.items() >= wish.items()
    assert row.price_milli == row.model.rules.price(row.choices)


def test_model_that_was_changed_without_scripts_takes_the_shape_along(ada: Client) -> None:
    before = factories.offered_model("ruxa-sora-2")
    status, _ = _post(ada, "apixo-sora-2", options_of=str(before.pk), shape="720x1280", seconds="15", style="comic")
    assert status == 200
    row = Generation.objects.get()
    assert (row.choices["shape"], row.choices["seconds"]) == ("portrait", "15")


def test_two_models_of_one_name_are_told_apart_on_their_rows(ada: Client) -> None:
    for slug in ("ruxa-sora-2", "apixo-veo-3-1"):
        factories.generation(model=factories.offered_model(slug))
    page = ada.get("/").content.decode()
    assert '<span class="model">Sora 2 (Ruxa AI)</span>' in page
    assert '<span class="model">Veo 3.1</span>' in page
