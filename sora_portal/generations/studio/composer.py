"""What stands in the composer when it is shown: what was being typed, an earlier video used again, or what is usual."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from sora_portal.accounts.models import User
from sora_portal.drafts import queries as drafts
from sora_portal.drafts.form_fields import sent_from
from sora_portal.generations.models import Generation
from sora_portal.generations.studio.forms import STUDIO, ComposeForm, new_submit_key
from sora_portal.web.text import is_blank

# An earlier video that is used again has a draft of its own: it never takes the place of what is being typed.
AGAIN = "again:"
OFFERED = 3


@dataclass(frozen=True)
class Other:
    """Another text that was begun and is kept."""

    text: str
    url: str


def composer(user: User, now: datetime, *, again: str = "") -> tuple[ComposeForm, list[Other]]:
    """Return the composer with what `user` was typing, and the other texts that were begun lately.

    With `again`, the public id of a video that they may see, it holds that video's prompt and settings, or what has
    been made of them since.
    """
    earlier = Generation.objects.visible_to(user).filter(public_id=again).first() if again else None
    place = f"{AGAIN}{earlier.public_id}" if earlier else STUDIO
    typed = drafts.begun(user, (STUDIO, AGAIN), now)
    values: Mapping[str, object] = typed.pop(place, {})
    if not values and earlier is not None:
        values = {"prompt": earlier.prompt, **_settings(earlier)}
    form = ComposeForm(initial={**values, "submit_key": new_submit_key()}, user=user, place=place)
    return form, list(islice(_others(typed), OFFERED))


def _others(typed: Mapping[str, Mapping[str, str]]) -> Iterator[Other]:
    for place, values in typed.items():
        text = values.get("prompt", "")
        if not is_blank(text):
            query = "" if place == STUDIO else f"?from={place.removeprefix(AGAIN)}"
            yield Other(Truncator(text).chars(80), f"{reverse('generations:studio')}{query}")


def next_composer(user: User, sent: Generation) -> ComposeForm:
    """Return the composer after a video was sent: with the text that had to wait, or else with the same settings."""
    values = drafts.of(user, STUDIO)
    if is_blank(values.get("prompt", "")):
        return ComposeForm(initial={**_settings(sent), "submit_key": new_submit_key()}, user=user)
    return ComposeForm(initial={**values, "submit_key": new_submit_key()}, user=user)


def _settings(video: Generation) -> dict[str, object]:
    return {**video.choices, "model": video.model_id, "project": video.project_id}


def place_of(request: HttpRequest) -> str:
    """Return where the draft of a sent composer is kept."""
    shown = sent_from(request)
    return shown.place if shown is not None else STUDIO
